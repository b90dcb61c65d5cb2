"""The configuration that Trino is started with, for both kinds of catalog."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adlake.devstack.install.installation import Installation
from adlake.devstack.install.java import Jdk
from adlake.devstack.secret_files import ensure_secret
from adlake.devstack.services.trino import Trino
from adlake.settings import Settings


@pytest.fixture(params=["jdbc", "rest"])
def etc(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder after a start where an older version had left a catalog one could write to."""
    none = tmp_path / "none"
    jdk = Jdk(none, 21, has_spark_module=True)
    installation = Installation(none, jdk, none, none, none, none, none)
    settings = Settings({
        "ADLAKE_HOME": str(tmp_path), "ADLAKE_CATALOG_TYPE": request.param,
        "ADLAKE_CATALOG_URI": "http://127.0.0.1:1" if request.param == "rest" else "",
    })  # fmt: skip
    folder = tmp_path / "trino" / "etc"
    (folder / "catalog").mkdir(parents=True)
    (folder / "catalog" / "memory.properties").write_text("connector.name=memory\n")
    trino = Trino(settings, installation)
    trino.prepare()
    ensure_secret(settings.paths.secrets_dir / "postgres_password")
    assert trino.environment()["TRINO_INTERNAL_SECRET"]
    return folder


def test_both_catalogs_are_read_only_and_no_other_is_there(etc: Path) -> None:
    catalogs = list((etc / "catalog").iterdir())
    assert [one.name for one in catalogs] == ["lakehouse.properties"]
    assert "iceberg.security=READ_ONLY" in catalogs[0].read_text().splitlines()


def test_the_rules_are_in_force_and_none_allows_a_write(etc: Path) -> None:
    config = (etc / "config.properties").read_text().splitlines()
    assert f"access-control.config-files={etc / 'access-control.properties'}" in config
    named = (etc / "access-control.properties").read_text().splitlines()
    assert f"security.config-file={etc / 'access-rules.json'}" in named
    rules = json.loads((etc / "access-rules.json").read_text())
    assert [rule["allow"] for rule in rules["catalogs"]] == ["read-only"]


def test_internal_requests_have_a_secret_that_is_in_no_file(etc: Path) -> None:
    config = (etc / "config.properties").read_text().splitlines()
    assert "internal-communication.shared-secret=${ENV:TRINO_INTERNAL_SECRET}" in config
