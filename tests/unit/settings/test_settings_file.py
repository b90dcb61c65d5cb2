"""`.env` of the checkout: what it promises, and what it refuses by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from adlake import settings as module
from adlake.settings import Settings, SettingsError


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty `.env` that `Settings()` reads; no ADLAKE_ variable of this process is left."""
    path = tmp_path / "checkout" / ".env"
    path.parent.mkdir()
    monkeypatch.setattr(module, "SETTINGS_FILE", path)
    for name in module.known_names():
        monkeypatch.delenv(name, raising=False)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "ADLAKE_TRINO_PORT=1234",
        "\ufeffADLAKE_TRINO_PORT=1234\r\nADLAKE_TOPIC=t\r\n",
        "# a comment\n\nexport ADLAKE_TRINO_PORT = '1234'  # another\n",
        'ADLAKE_TRINO_PORT=1\nADLAKE_TRINO_PORT="1234"\n',
    ],
)
def test_lines_are_read_as_usual(env_file: Path, text: str) -> None:
    env_file.write_bytes(text.encode())
    assert Settings().ports.trino_port == 1234


def test_a_variable_wins_over_the_file(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file.write_text("ADLAKE_TRINO_PORT=1234\n")
    monkeypatch.setenv("ADLAKE_TRINO_PORT", "4321")
    assert Settings().ports.trino_port == 4321


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("\nADLAKE_TRINO_PROT=1\n", "line 2: ADLAKE_TRINO_PROT is not a .*mean ADLAKE_TRINO_PORT"),
        ("ADLAK_TRINO_PORT=1\n", "line 1: ADLAK_TRINO_PORT is not a .*mean ADLAKE_TRINO_PORT"),
        ("adlake_trino_port=1\n", "line 1: adlake_trino_port is not a .*mean ADLAKE_TRINO_PORT"),
        ("A=1\n\nADLAKE_TRINO_PORT=x\n", "line 3: ADLAKE_TRINO_PORT='x' is refused"),
        ("ADLAKE_TRINO_PORT\n", "line 1: 'ADLAKE_TRINO_PORT' is not NAME=value"),
        ("A=1\nADLAKE_TOPIC='never closed\n", "line 2: .*is not NAME=value"),
    ],
)
def test_a_wrong_line_is_refused_by_number(env_file: Path, text: str, problem: str) -> None:
    env_file.write_text(text)
    with pytest.raises(SettingsError, match=problem):
        Settings()


def test_bytes_that_are_no_text_are_refused(env_file: Path) -> None:
    env_file.write_bytes(b"ADLAKE_TOPIC=\xff\xfe\n")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        Settings()


def test_names_of_other_tools_are_left_alone(env_file: Path) -> None:
    env_file.write_text("DATABASE_URL=x\nPGHOST=${NOSUCH}\n")
    assert "x" not in Settings().as_environment().values()


def test_home_signs_and_relative_paths_mean_the_same_everywhere(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    env_file.write_text("ADLAKE_HOME=~/lake\nADLAKE_CACHE=cache\n")
    paths = Settings().paths
    assert (paths.home, paths.cache) == (Path("/home/somebody/lake"), env_file.parent / "cache")
    monkeypatch.setenv("ADLAKE_HOME", "~")
    assert Settings().paths.home == Path("/home/somebody")
    monkeypatch.setenv("ADLAKE_HOME", "~no-such-user-here/x")
    with pytest.raises(SettingsError, match=r"ADLAKE_HOME=.* is refused: there is no such user"):
        Settings()


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_path_is_one_that_is_not_set(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    default = Settings().paths
    env_file.write_text(f"ADLAKE_HOME='{value}'\n")
    monkeypatch.setenv("ADLAKE_CACHE", value)
    assert Settings().paths == default
