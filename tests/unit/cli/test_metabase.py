"""`adlake metabase` from its start to its last line, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adlake.environment import SOURCES
from tests.fixtures.metabase.double import MetabaseDouble, running


@pytest.fixture
def double() -> MetabaseDouble:
    return MetabaseDouble(is_set_up=False)


@pytest.fixture
def url(double: MetabaseDouble) -> Iterator[str]:
    with running(double) as address:
        yield address


def ended(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    script = SOURCES / "adlake" / "cli" / "__main__.py"
    given = {**os.environ, "ADLAKE_HOME": str(home), **more}
    return subprocess.run(
        [sys.executable, str(script), "metabase", *arguments],
        env=given, text=True, timeout=120, check=False, capture_output=True,
    )  # fmt: skip


def test_a_first_sync_makes_a_password_and_a_second_one_has_nothing_to_do(
    tmp_path: Path, double: MetabaseDouble, url: str
) -> None:
    done = ended(tmp_path, "sync", ADLAKE_METABASE_URL=url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(" changes\n")
    assert "made dashboard executive_roas: Executive ROAS" in done.stderr
    file = tmp_path / "secrets" / "metabase_password"
    assert double.password == file.read_text().strip()
    assert file.stat().st_mode & 0o777 == 0o600
    assert double.password not in done.stdout + done.stderr + "".join(double.seen)
    again = ended(tmp_path, "sync", ADLAKE_METABASE_URL=url)
    assert again.stdout == f"{url} is as the files say\n"


def test_a_server_that_is_away_is_a_sentence(tmp_path: Path) -> None:
    away = ended(tmp_path, "sync", "--wait", "0", ADLAKE_METABASE_URL="http://127.0.0.1:1")
    assert away.returncode == 1
    assert away.stderr.startswith("adlake: Metabase at http://127.0.0.1:1 was not healthy after 0")


def test_the_files_are_judged_without_a_server(tmp_path: Path) -> None:
    done = ended(tmp_path, "check")
    assert (done.returncode, done.stdout.split(" ")[:2]) == (0, ["10", "dashboards"])
