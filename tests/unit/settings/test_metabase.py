"""Addresses of Metabase and of its Trino that cannot be are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from adlake.settings import Settings, SettingsError
from adlake.wiring.metabase import TRINO_USER, login, trino_access


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("URL", "127.0.0.1:3030", "not of the form http"),
        ("URL", "http://a:b@host", "takes no user or password"),
        ("URL", "http://host/?x=1", "not of one of its pages"),
        ("USER", "admin", "by an e-mail address"),
        ("TRINO", "trino", "ADLAKE_METABASE_TRINO"),
        ("TRINO", "a:1,b:2", "one host:port"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Settings({f"ADLAKE_METABASE_{name}": value})


def test_metabase_finds_trino_where_we_do_or_where_it_is_told() -> None:
    here = trino_access(Settings({"ADLAKE_TRINO_PORT": "1234"}))
    assert (str(here.address), here.user) == ("127.0.0.1:1234", TRINO_USER)
    assert (
        str(trino_access(Settings({"ADLAKE_METABASE_TRINO": "trino:8080"})).address) == "trino:8080"
    )


def test_a_password_that_is_set_is_used_and_none_is_made(tmp_path: Path) -> None:
    file = tmp_path / "given"
    file.write_text("mine\n")
    settings = {"ADLAKE_HOME": str(tmp_path), "ADLAKE_METABASE_PASSWORD_FILE": str(file)}
    assert login(Settings(settings)).password.get_secret_value() == "mine"
    assert not (tmp_path / "secrets").exists()


def test_a_password_that_is_made_has_a_digit_and_stays(tmp_path: Path) -> None:
    settings = Settings({"ADLAKE_HOME": str(tmp_path)})
    made = login(settings).password.get_secret_value()
    assert made.endswith("-1")
    assert login(settings).password.get_secret_value() == made
