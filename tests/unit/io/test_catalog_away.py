"""Every command that needs the catalog database says so when it is away, in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from adlake.devstack.services.ports import private_environment
from adlake.io.postgres.errors import catalog_trouble
from adlake.settings import REPO_ROOT, Settings

COMMANDS = (
    ("wait", "--timeout", "1"), ("source", "show"), ("explain", "i1"), ("quarantine", "resubmit"),
    ("quarantine", "resubmit", "--dry-run"), ("replay", "--undo"), ("replay", "--lookback", "14d"),
)  # fmt: skip


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A lake that was set up and stopped: its secret is there, nothing listens."""
    values = private_environment(tmp_path_factory.mktemp("stopped") / "home")
    secrets: Path = Settings(values).paths.secrets_dir
    secrets.mkdir(parents=True)
    (secrets / "postgres_password").write_text("not-a-real-one")
    return {**os.environ, **values}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_stopped_lake_is_named(environment: dict[str, str], command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "adlake.cli", *command],
        env=environment, cwd=REPO_ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "`make up`" in done.stderr


def test_each_trouble_has_its_advice() -> None:
    away = psycopg.OperationalError("connection refused\nIs the server running?")
    assert "(connection refused): `make up`" in str(catalog_trouble(away))
    assert catalog_trouble(OperationalError("SELECT 1", {}, away)) == catalog_trouble(away)
    old = psycopg.errors.UndefinedTable('relation "adlake.leases" does not exist')
    assert "`make provision`" in str(catalog_trouble(old))
    wrong = psycopg.OperationalError('FATAL: password authentication failed for user "adlake"')
    assert "refuses this password" in str(catalog_trouble(wrong))
    assert catalog_trouble(ValueError("x")) is None
