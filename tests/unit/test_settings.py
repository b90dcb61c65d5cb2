"""Settings: one reader of the environment, misspelt names refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from adlake.settings import Settings, SettingsError


def test_a_mapping_is_read_alone_when_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADLAKE_TRINO_PORT", "1111")
    assert Settings().ports.trino_port == 1111
    assert Settings({}).ports.trino_port == 8080
    assert Settings({"ADLAKE_TRINO_PORT": "2222"}).ports.trino_port == 2222


def test_a_child_reads_the_same_settings_from_as_environment(tmp_path: Path) -> None:
    settings = Settings({"ADLAKE_HOME": str(tmp_path), "ADLAKE_TRIGGER_SECONDS": "2.5"})
    copy = Settings(settings.as_environment())
    assert copy.as_environment() == settings.as_environment()
    assert copy.stream.trigger_seconds == 2.5


def test_a_relative_home_is_absolute_for_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = Settings({"ADLAKE_HOME": "lake"}).as_environment()
    assert environment["ADLAKE_HOME"] == str(tmp_path / "lake")


def test_an_unknown_name_is_refused_with_a_suggestion() -> None:
    with pytest.raises(SettingsError, match="did you mean ADLAKE_TRINO_PORT"):
        Settings({"ADLAKE_TRINO_PROT": "8080"})


@pytest.mark.parametrize("value", ["0", "65536", "eighty", ""])
def test_a_wrong_port_is_refused_by_name(value: str) -> None:
    with pytest.raises(SettingsError, match="ADLAKE_KAFKA_PORT"):
        Settings({"ADLAKE_KAFKA_PORT": value})


def test_a_missing_password_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="run `make up` first"):
        Settings({"ADLAKE_HOME": str(tmp_path)}).catalog_password()
