"""Real tables whose last commit lies ahead of the clock: batches wait, then are applied once."""

from __future__ import annotations

import json
import logging
import threading
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.io.iceberg.table import IcebergTable
from adlake.streaming import attempts
from adlake.streaming.attempts import Attempts
from adlake.streaming.clock_wait import ClockWait, behind_tables
from tests.fixtures.clock_set_back import shifted
from tests.spark.streaming.test_batch import (
    FIRST,
    SECOND,
    assert_lawful,
    lakehouse,
    processor,
    records,
)

pytestmark = pytest.mark.spark
__all__ = ["lakehouse"]

TABLES = (BRONZE_EVENTS, GOLD_STATE)


def set_clock_back(warehouse: Path, seconds: float) -> None:
    """What a clock that was set back looks like: every time in the tables lies so much ahead."""
    for name in TABLES:
        folder = warehouse.joinpath(*name.split("."), "metadata")
        version = (folder / "version-hint.text").read_text().strip()
        file = folder / f"v{version}.metadata.json"
        file.write_text(json.dumps(shifted(json.loads(file.read_text()), int(seconds * 1000))))
        (folder / f".{file.name}.crc").unlink(missing_ok=True)


def attempts_of(session: SparkSession, stopping: threading.Event) -> Attempts:
    clock = ClockWait(behind_tables(session, TABLES), stopping.is_set)
    return Attempts(stopping, lambda: False, clock)


@pytest.mark.chaos
def test_a_batch_waits_for_the_clock_and_counts_no_attempt(
    lakehouse: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(attempts, "MAX_ATTEMPTS", 1)
    one = processor(lakehouse)
    one.process(records(lakehouse, FIRST), 0)
    set_clock_back(tmp_path, 75)
    began_ms = time.time() * 1000
    ahead_ms = IcebergTable(lakehouse, BRONZE_EVENTS).last_commit_ms() - began_ms
    assert ahead_ms > 60_000, "else Iceberg forgives it"
    with caplog.at_level(logging.WARNING):
        attempts_of(lakehouse, threading.Event()).process(one, records(lakehouse, SECOND), 1)
    assert "behind the last commit of" in caplog.text
    assert "attempt 1" not in caplog.text
    assert_lawful(lakehouse, [*FIRST, *SECOND])


@pytest.mark.chaos
def test_a_stop_ends_the_wait_and_leaves_the_batch_to_the_next_run(
    lakehouse: SparkSession, tmp_path: Path
) -> None:
    one = processor(lakehouse)
    one.process(records(lakehouse, FIRST), 0)
    set_clock_back(tmp_path, 4 * 3_600)
    stopping = threading.Event()
    threading.Timer(8, stopping.set).start()
    began = time.monotonic()
    attempts_of(lakehouse, stopping).process(one, records(lakehouse, SECOND), 1)
    assert time.monotonic() - began < 12
    set_clock_back(tmp_path, -4 * 3_600)  # the clock was set right
    assert_lawful(lakehouse, FIRST)
    one.refresh()
    one.process(records(lakehouse, SECOND), 1)
    assert_lawful(lakehouse, [*FIRST, *SECOND])
