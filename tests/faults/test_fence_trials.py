"""The fence, fifty times: whenever another driver took over, the old one cannot commit.

Two writers with their own lease generations commit to the real table through the real catalog, at
random moments around the take-over. What is in the table afterwards must be exactly what its
writers were told is committed, and nothing of the old generation may come after the new one's first
commit.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from adlake.contracts import stamps
from adlake.contracts.tables import BRONZE_EVENTS
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.iceberg.stamp import offsets_text
from adlake.io.iceberg.table import IcebergTable, stamped
from adlake.io.postgres.lease import Connect, Lease, LeaseHeldError, acquire
from adlake.io.postgres.sqlstate import is_fenced
from adlake.io.spark.session import CatalogAccess, build_session, connect_catalog
from adlake.provision.catalog import catalog_database
from adlake.wiring.spark import catalog_access
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.lake import Lake
from tests.fixtures.sessions import resources_of

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

TRIALS = 50
LEASE = "attribution"
COMMITS_TRIED = 3


@dataclass
class Bench:
    """A session without a catalog of its own, and the catalog database."""

    session: SparkSession
    access: CatalogAccess
    connect: Connect

    def writer(self, lease: Lease | None) -> SparkSession:
        """A session whose commits state this lease."""
        one = self.session.newSession()
        connect_catalog(one, replace(self.access, lease=lease))
        return one


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    lake = Lake(Path(tmp_path_factory.mktemp("fence") / "home"))
    try:
        lake.stack().up(only=["postgres"])
        settings = lake.settings()
        session = build_session("adlake fence", resources_of("1g"))
        connect = catalog_database(settings).connect
        first = acquire(connect, LEASE, 5.0)
        access = catalog_access(settings)
        one = Bench(session, access, connect)
        provision_tables(one.writer(first))
        first.release()
        yield one
        session.stop()
    finally:
        lake.stack().nuke()


class Writer(threading.Thread):
    """Commits single rows at random moments until it is refused."""

    def __init__(self, bench: Bench, lease: Lease, seed: int) -> None:
        super().__init__(daemon=True)
        self.lease = lease
        self.committed: list[int] = []
        self.refusals: list[Exception] = []
        self._session = bench.writer(lease)
        self._rng = random.Random(seed)

    def run(self) -> None:
        for number in range(COMMITS_TRIED):
            time.sleep(self._rng.uniform(0.0, 0.15))
            offset = self.lease.generation * 100 + number
            try:
                self._commit(offset)
            except Exception as error:
                self.refusals.append(error)
                return
            self.committed.append(offset)

    def _commit(self, offset: int) -> None:
        row = self._session.sql(
            "SELECT 'ads' AS kafka_topic, 0 AS kafka_partition, "
            f"{offset}L AS kafka_offset, timestamp_millis(0) AS ingest_ts, "
            "timestamp_millis(0) AS partition_ts"
        )
        properties = {
            stamps.LEASE_GENERATION: str(self.lease.generation),
            stamps.NEXT_OFFSETS: offsets_text({0: offset + 1}),
        }
        columns = "kafka_topic, kafka_partition, kafka_offset, ingest_ts, partition_ts"
        row.createOrReplaceTempView("one_row")
        with stamped(self._session, properties):
            self._session.sql(
                f"INSERT INTO lakehouse.{BRONZE_EVENTS} ({columns}) SELECT {columns} FROM one_row"
            )


def test_f04_fifty_take_overs_without_a_double_write(bench: Bench, chronicle: Chronicle) -> None:
    told: list[int] = []
    refused = 0
    for trial in range(TRIALS):
        old = acquire(bench.connect, LEASE, 0.0)  # expires at once: it may be taken over any time
        zombie = Writer(bench, old, seed=trial)
        zombie.start()
        time.sleep(random.Random(trial).uniform(0.0, 0.6))
        successor = Writer(bench, acquire(bench.connect, LEASE, 30.0), seed=-trial)
        successor.start()
        zombie.join(timeout=60)
        successor.join(timeout=60)
        assert not successor.refusals
        assert all(is_fenced(error) for error in zombie.refusals)
        refused += len(zombie.refusals)
        told += [*zombie.committed, *successor.committed]
        successor.lease.release()
    assert_table_holds(bench, told)
    assert refused > TRIALS // 3, "the take-over must meet the old writer at work"
    chronicle.add(
        "F4", f"{TRIALS} take-overs at random moments, old and new driver committing",
        fired=True, old_drivers_refused=refused, double_writes=0,
    )  # fmt: skip


def assert_table_holds(bench: Bench, told: list[int]) -> None:
    reader = bench.writer(None)  # reading needs no lease
    rows = reader.table(f"lakehouse.{BRONZE_EVENTS}").select("kafka_offset").collect()
    assert sorted(row.kafka_offset for row in rows) == sorted(told)
    table = IcebergTable(reader, BRONZE_EVENTS).java_table()
    snapshot, generations = table.currentSnapshot(), []
    while snapshot is not None:
        generations.append(int(snapshot.summary().get(stamps.LEASE_GENERATION)))
        parent = snapshot.parentId()
        snapshot = None if parent is None else table.snapshot(parent)
    assert generations == sorted(generations, reverse=True), (
        "an old generation committed after a newer one"
    )


BY_SPARK = {
    "create": "CREATE TABLE {made} (id BIGINT) USING iceberg",
    "create from a query": "CREATE TABLE {made} USING iceberg AS SELECT 1 AS id",
    "replace": "CREATE OR REPLACE TABLE {known} USING iceberg AS SELECT 2 AS id",
    "alter": "ALTER TABLE {known} ADD COLUMN more STRING",
    "rename": "ALTER TABLE {known} RENAME TO scratch.made",
    "drop": "DROP TABLE {known}",
    "purge": "DROP TABLE {known} PURGE",
    "make a namespace": "CREATE NAMESPACE lakehouse.made",
}


def test_f04_a_replaced_driver_neither_creates_nor_drops_nor_replaces_a_table(
    bench: Bench, chronicle: Chronicle
) -> None:
    names = {"known": "lakehouse.scratch.known", "made": "lakehouse.scratch.made"}
    old = acquire(bench.connect, LEASE, 0.0)
    stale = bench.writer(old)
    stale.sql("CREATE NAMESPACE lakehouse.scratch")
    stale.sql("CREATE TABLE lakehouse.scratch.known USING iceberg AS SELECT 1 AS id")
    new = acquire(bench.connect, LEASE, 30.0)
    for what, statement in BY_SPARK.items():
        with pytest.raises(Exception, match="fenced: ") as caught:
            stale.sql(statement.format(**names))
        assert is_fenced(caught.value), what
    holder = bench.writer(new)
    assert [row.id for row in holder.table(names["known"]).collect()] == [1]
    assert holder.sql("SHOW TABLES IN lakehouse.scratch").count() == 1
    for what in ("create", "replace", "purge"):
        holder.sql(BY_SPARK[what].format(**names))
    new.release()
    chronicle.add(
        "F4", "a replaced driver creates, replaces, renames and drops tables", outcome="refused"
    )


def test_f05_a_held_lease_is_refused_with_its_holder(bench: Bench, chronicle: Chronicle) -> None:
    held = acquire(bench.connect, LEASE, 30.0)
    with pytest.raises(LeaseHeldError, match=r"pid \d+.* holds lease attribution"):
        acquire(bench.connect, LEASE, 30.0)
    held.release()
    acquire(bench.connect, LEASE, 30.0).release()
    chronicle.add("F5", "a second driver asks for a held lease", outcome="refused with its holder")
