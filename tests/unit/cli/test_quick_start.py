"""Commands that people type all the time load nothing heavy."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from adlake.settings import REPO_ROOT

HEAVY = (
    "kafka", "psycopg", "pyspark", "trino", "pyiceberg", "pyarrow", "pandas", "duckdb", "faker",
    "streamlit", "sqlalchemy", "requests", "numpy",
)  # fmt: skip
CPU_SECONDS = 0.5
TRIES = 3
PROBE = f"""
import sys
sys.path.insert(0, {str(REPO_ROOT / "src")!r})
sys.argv = ["adlake", *sys.argv[1:]]
from adlake.cli import main
try:
    main()
except SystemExit:
    pass
print("LOADED", *({{name.partition(".")[0] for name in sys.modules}} & {{*{HEAVY!r}}}))
"""


def run(home: Path, command: str) -> tuple[str, float]:
    """Output of a command in a home that never started, and the CPU seconds it took."""
    environment = {"ADLAKE_HOME": str(home), "PATH": os.environ["PATH"], "HOME": str(home)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", PROBE, command],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, spent


@pytest.mark.parametrize("command", ["status", "logs", "settings", "flow", "--help"])
def test_a_command_starts_in_half_a_second_of_cpu_and_loads_no_client(
    tmp_path: Path, command: str
) -> None:
    runs = [run(tmp_path / "home", command) for _ in range(TRIES)]
    assert runs[0][0].splitlines()[-1].strip() == "LOADED"
    assert min(seconds for _, seconds in runs) < CPU_SECONDS
