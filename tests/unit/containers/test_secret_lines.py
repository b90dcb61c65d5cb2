"""The passwords of the container form: made once, kept, nobody else's business."""

from __future__ import annotations

from pathlib import Path

import pytest

from adlake.devstack.containers.secret_lines import PROJECT, SECRETS, add_missing, read_lines
from adlake.settings import Settings as AllSettings
from adlake.settings import SettingsError, known_names


def test_every_password_is_made_once_and_differs(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    assert set(add_missing(file)) == set(SECRETS) | set(PROJECT)
    first = dict(read_lines(file))
    assert len({first[name] for name in SECRETS}) == len(SECRETS)
    assert all(len(first[name]) > 32 for name in SECRETS)
    assert file.stat().st_mode & 0o777 == 0o600
    assert add_missing(file) == []
    assert read_lines(file) == first


def test_what_a_user_wrote_stays(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("ADLAKE_GENERATOR_RATE=50\nLAKEHOUSE_GRAFANA_PASSWORD='mine'")
    added = add_missing(file)
    assert "LAKEHOUSE_GRAFANA_PASSWORD" not in added
    assert read_lines(file)["LAKEHOUSE_GRAFANA_PASSWORD"] == "mine"  # noqa: S105
    assert file.read_text().startswith("ADLAKE_GENERATOR_RATE=50\n")


def test_an_empty_password_is_none(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LAKEHOUSE_GRAFANA_PASSWORD=\n")
    assert "LAKEHOUSE_GRAFANA_PASSWORD" in add_missing(file)


def test_the_native_form_reads_the_same_file_and_takes_nothing_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in known_names():
        monkeypatch.delenv(name, raising=False)
    before = AllSettings({}).as_environment()
    file = tmp_path / ".env"
    add_missing(file)
    monkeypatch.setattr("adlake.settings.SETTINGS_FILE", file)
    assert AllSettings().as_environment() == before
    with file.open("a") as lines:
        lines.write("ADLAKE_GENERATOR_RAT=5\n")
    with pytest.raises(SettingsError, match="ADLAKE_GENERATOR_RATE"):
        AllSettings()
