"""What Spark logs of batches and compactions: no stack trace, no warning twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from adlake.settings import REPO_ROOT
from tests.fixtures.log_noise import noise_of

pytestmark = pytest.mark.spark

HOUR = """
import sys
from pathlib import Path
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.spark.session import CatalogAccess, SparkResources, build_session, connect_catalog
from tests.fixtures.engine import compact_gold
from tests.spark.streaming.test_batch import FIRST, SECOND, THIRD, processor, records

folder = Path(sys.argv[1])
resources = SparkResources(driver_memory="1500m", output_file=folder / "spark.log")
session = build_session("a quiet hour", resources)
connect_catalog(session, CatalogAccess("hadoop", "", "", "", f"file://{folder}/lake"))
provision_tables(session)
one = processor(session)
for number, deliveries in enumerate((FIRST, SECOND, THIRD)):
    one.process(records(session, deliveries), number)
for _ in range(2):
    compact_gold(session)
session.stop()
print("done")
"""


@pytest.mark.chaos
def test_batches_and_compactions_log_no_trace_and_no_warning_twice(tmp_path: Path) -> None:
    """In a process of its own: a session takes its logging from the settings it is started with."""
    done = subprocess.run(
        [sys.executable, "-c", HOUR, str(tmp_path)],
        cwd=REPO_ROOT, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    log = (tmp_path / "spark.log").read_text()
    assert done.returncode == 0, done.stderr + log
    assert (done.stdout, done.stderr) == ("done\n", ""), "Spark's lines reached the terminal"
    assert noise_of(log) == []
    for line in ("Using Spark's default log4j profile", "Setting default log level", "NativeCode"):
        assert line not in log


FAILING_TASKS = """
import sys
from contextlib import suppress
from pathlib import Path
from adlake.io.spark.session import SparkResources, build_session

resources = SparkResources(driver_memory="800m", output_file=Path(sys.argv[1]))
session = build_session("tasks that fail", resources)
numbers = session.range(2, 1_000, 1, 6).selectExpr("id AS `sql.kafka010.n`")
for column in ("`sql.kafka010.n` * 9223372036854775807", "raise_error('another trouble')"):
    with suppress(Exception):
        numbers.selectExpr(column).persist().groupBy().count().collect()
        print("no failure")
session.stop()
"""


def test_only_tasks_that_fail_by_record_times_leave_no_trace(tmp_path: Path) -> None:
    """An overflow of Spark SQL stands for that of its Kafka source: it has the same words.

    The source itself is in tests/integration/test_odd_records.py.
    """
    log_file = tmp_path / "spark.log"
    done = subprocess.run(
        [sys.executable, "-c", FAILING_TASKS, str(log_file)],
        cwd=REPO_ROOT, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    log = log_file.read_text()
    before, trouble, after = log.partition("ERROR Executor Exception in task")
    assert "overflow" not in log
    for logger in ("TaskSetManager", "BlockManager"):
        assert logger not in before
    assert trouble
    assert "another trouble" in after
    assert "\tat org.apache.spark.scheduler.Task" in after, "the trace of any other failure stays"
    assert "aborting job" not in log
