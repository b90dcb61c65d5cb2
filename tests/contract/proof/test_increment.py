"""A proof that stands on the last one reads what changed, and misses nothing that a hand did."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import In
from pyspark.sql import SparkSession

from adlake.attribution.gold_format import FORMAT_PROPERTIES
from adlake.contracts import stamps
from adlake.contracts.tables import BRONZE_EVENTS, CATALOG, GOLD_STATE
from adlake.io.iceberg.file_changes import FileChanges, file_changes
from adlake.io.trino.client import QueryResult, TrinoClient, connect
from adlake.proof.baseline import Baseline, read_baseline, write_baseline
from adlake.proof.verdict import Proof
from adlake.proof.verify import Verification
from adlake.settings import Settings
from tests.fixtures.law_sets import law_sets
from tests.fixtures.tiers import in_tiers
from tests.fixtures.trino.oracle_lake import (
    BRONZE_SCHEMA,
    GOLD_SCHEMA,
    TOPIC,
    TOPIC_ID,
    OracleLake,
    lake_of,
    publish,
)
from tests.golden import law_cases

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

GOLD = f"{CATALOG}.{GOLD_STATE}"
BRONZE = f"{CATALOG}.{BRONZE_EVENTS}"
OLD = next(case.impression_id for case in law_cases() if case.number == 3)
"""An impression with revenue, of the first batch, which the second one does not touch."""


@dataclass
class Seen:
    """A client that writes down what it is asked."""

    client: TrinoClient
    asked: list[str]

    def query(self, sql: str, params: Any = ()) -> QueryResult:  # noqa: ANN401
        self.asked.append(sql)
        return self.client.query(sql, params)

    def rows(self, sql: str, params: Any = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
        return self.query(sql, params).rows

    def records(self, sql: str, params: Any = ()) -> list[dict[str, Any]]:  # noqa: ANN401
        return list(self.query(sql, params).records())

    def one(self, sql: str) -> dict[str, Any]:
        [row] = self.records(sql)
        return row

    def scans(self) -> list[str]:
        """Queries that read rows of Bronze or Gold."""
        return [sql for sql in self.asked if "FOR VERSION AS OF" in sql]


@dataclass
class Prover:
    """Proves the lake on the ground of the last proof that was kept, or all of it."""

    client: TrinoClient
    catalog: SqlCatalog
    file: Path

    def prove(self, **how: Any) -> tuple[Proof, Seen]:  # noqa: ANN401
        seen = Seen(self.client, [])
        told: dict[str, Any] = {
            "proven": read_baseline(self.file),
            "file_changes": self.changes,
        }
        return Verification(seen, **told | how).prove(), seen  # type: ignore[arg-type]

    def full(self) -> Proof:
        return self.prove(file_changes=None)[0]

    def keep(self, proof: Proof) -> Baseline:
        assert proof.is_good, "\n".join(proof.lines())
        assert proof.baseline is not None
        write_baseline(self.file, proof.baseline)
        kept = read_baseline(self.file)
        assert kept == proof.baseline, "what is read is what was written"
        return kept

    def changes(self, name: str, earlier: int, later: int) -> FileChanges:
        return file_changes(self.catalog.load_table(name), earlier, later)


def batches() -> tuple[list[tuple[bytes, int]], list[tuple[bytes, int]]]:
    """A first batch, and a second one with late, repeated, conflicting and rejected deliveries."""
    first = [(d.payload, d.ingest_ms) for case in law_cases() for d in case.deliveries]
    second = []
    for number, law_set in enumerate(law_sets(seed=23, count=200, with_future=True)):
        drawn = [(d.payload, d.ingest_ms) for d in law_set.deliveries]
        middle = (0, len(drawn) // 2, len(drawn))[number % 3]
        first += drawn[:middle]
        second += [*drawn[middle:], *drawn[: number % 2]]
    return first, second


@pytest.fixture(scope="module")
def prover(
    private_lake: Settings,
    spark: SparkSession,
    catalog: SqlCatalog,
    tmp_path_factory: Any,  # noqa: ANN401
) -> Iterator[Prover]:
    """A lake of two batches; the proof of the first one is kept, then one of both."""
    publish(catalog, lake_of(batches()[0]))
    with connect(private_lake.ports.trino_port) as client:
        yield Prover(client, catalog, tmp_path_factory.mktemp("proof") / "baseline.json")


def next_batch(catalog: SqlCatalog, earlier: OracleLake, both: OracleLake) -> None:
    """What the stream commits when further deliveries came: new rows, and changed ones anew."""
    stamp = {
        **FORMAT_PROPERTIES,
        stamps.TOPIC: TOPIC,
        stamps.TOPIC_ID: TOPIC_ID,
        stamps.NEXT_OFFSETS: json.dumps({str(p): n for p, n in both.next_offsets().items()}),
    }
    bronze = catalog.load_table(BRONZE_EVENTS)
    new = both.bronze[len(earlier.bronze) :]
    bronze.append(pa.Table.from_pylist(new, schema=BRONZE_SCHEMA), snapshot_properties=stamp)
    snapshot = bronze.refresh().current_snapshot()
    assert snapshot is not None
    before = {row["impression_id"]: row for row in earlier.gold}
    changed = [row for row in both.gold if before.get(row["impression_id"]) != row]
    gold = catalog.load_table(GOLD_STATE)
    gold.delete(In("impression_id", [row["impression_id"] for row in changed]))
    gold.append(
        pa.Table.from_pylist(changed, schema=GOLD_SCHEMA),
        snapshot_properties={**stamp, stamps.BRONZE_SNAPSHOT: str(snapshot.snapshot_id)},
    )


def test_what_did_not_change_is_not_read_and_what_came_is_added(
    prover: Prover, catalog: SqlCatalog
) -> None:
    first, second = batches()
    proof, seen = prover.prove()
    assert "no good proof of this lake is kept" in proof.scope
    assert seen.scans()
    prover.keep(proof)

    again, seen = prover.prove()
    assert again.is_good, "\n".join(again.lines())
    assert (again.facts, again.slices) == (proof.facts, 0)
    assert seen.scans() == [], "nothing changed, nothing is read"
    assert "no file of Bronze or Gold differs" in "\n".join(again.lines())

    next_batch(catalog, lake_of(first), lake_of([*first, *second]))
    since, seen = prover.prove(rows_per_slice=500)
    assert since.is_good, "\n".join(since.lines())
    assert f"{len(second):,} new deliveries" in since.scope
    assert since.slices > 1
    whole = prover.full()
    assert whole.is_good, "\n".join(whole.lines())
    assert whole.scope == "everything was compared"
    assert since.facts == whole.facts, "it says what reading everything says"
    assert since.facts.totals.conversions > proof.facts.totals.conversions
    assert since.baseline is not None
    assert whole.baseline is not None
    assert since.baseline == replace(whole.baseline, at=since.baseline.at)
    prover.keep(since)
    assert prover.prove()[0].facts == whole.facts


Plant = Callable[[SparkSession, SqlCatalog], None]


def statement(sql: str) -> Plant:
    return lambda spark, _catalog: spark.sql(sql).collect()  # type: ignore[func-returns-value]


def bronze_again(_spark: SparkSession, catalog: SqlCatalog) -> None:
    """A delivery that was proven, once more behind the others."""
    row = lake_of(batches()[0]).bronze[5]
    table = catalog.load_table(BRONZE_EVENTS)
    table.append(pa.Table.from_pylist([row], schema=BRONZE_SCHEMA))
    pair_gold(catalog)


def bronze_less(_spark: SparkSession, catalog: SqlCatalog) -> None:
    """A delivery that was proven, taken out."""
    table = catalog.load_table(BRONZE_EVENTS)
    table.delete("kafka_partition = 1 AND kafka_offset = 3")
    pair_gold(catalog)


def bronze_other(spark: SparkSession, catalog: SqlCatalog) -> None:
    """A delivery that was proven, in a file of its own with another channel."""
    spark.sql(
        f"UPDATE {BRONZE} SET channel = 'other' WHERE kafka_partition = 1 AND kafka_offset = 3"
    )
    pair_gold(catalog)


def pair_gold(catalog: SqlCatalog) -> None:
    """A stamped commit of Gold that is made of the newest Bronze."""
    bronze = catalog.load_table(BRONZE_EVENTS).current_snapshot()
    assert bronze is not None
    both = lake_of([*batches()[0], *batches()[1]])
    catalog.load_table(GOLD_STATE).append(
        pa.Table.from_pylist([], schema=GOLD_SCHEMA),
        snapshot_properties={
            **FORMAT_PROPERTIES, stamps.TOPIC: TOPIC, stamps.TOPIC_ID: TOPIC_ID,
            stamps.NEXT_OFFSETS: json.dumps({str(p): n for p, n in both.next_offsets().items()}),
            stamps.BRONZE_SNAPSHOT: str(bronze.snapshot_id),
        },
    )  # fmt: skip


PLANTED: dict[str, tuple[Plant, str]] = {
    "a cent of an old row is moved": (
        statement(f"UPDATE {GOLD} SET revenue = revenue + 0.01 WHERE impression_id = '{OLD}'"),
        "revenue is 20.010000, expected 20.000000",
    ),
    "an old row is lost": (
        statement(f"DELETE FROM {GOLD} WHERE impression_id = '{OLD}'"),
        "missing from Gold",
    ),
    "an old row is there twice": (
        statement(f"INSERT INTO {GOLD} SELECT * FROM {GOLD} WHERE impression_id = '{OLD}'"),
        "in Gold 2 times, expected 1",
    ),
    "a row comes from nowhere": (
        statement(
            f"INSERT INTO {GOLD} SELECT 'imp-ghost', * EXCEPT (impression_id) FROM {GOLD} "
            f"WHERE impression_id = '{OLD}'"
        ),
        "imp-ghost: in Gold 1 times, expected 0",
    ),
    "a row without an impression comes": (
        statement(
            f"INSERT INTO {GOLD} SELECT NULL, * EXCEPT (impression_id) FROM {GOLD} "
            f"WHERE impression_id = '{OLD}'"
        ),
        "in Gold 1 times, expected 0",
    ),
    "an old event's amount is changed in the state": (
        statement(
            f"UPDATE {GOLD} SET events_state = replace(events_state, '\"m\":20000000', "
            f"'\"m\":20000001') WHERE impression_id = '{OLD}'"
        ),
        "micros is 20000001, expected 20000000",
    ),
    "an old row loses its mark": (
        statement(f"UPDATE {GOLD} SET engaged = false WHERE impression_id = '{OLD}'"),
        "engaged is not",
    ),
    "an old row is of another law": (
        statement(f"UPDATE {GOLD} SET law_version = 2 WHERE impression_id = '{OLD}'"),
        "another law version",
    ),
    "an old row lies under a wrong slot": (
        statement(f"UPDATE {GOLD} SET slot = 7 WHERE impression_id = '{OLD}'"),
        "wrong slot",
    ),
    "an old delivery is there twice": (bronze_again, "more than once"),
    "an old delivery is lost": (bronze_less, "Bronze misses 1 offsets"),
    "an old delivery is changed": (bronze_other, "payload"),
}


IN_EACH_RUN = ("an old delivery is lost",)
"""The others take minutes, and are of `make chaos`."""


@pytest.mark.parametrize("fault", in_tiers(PLANTED, IN_EACH_RUN))
def test_what_a_hand_did_after_a_proof_is_named(
    fault: str, prover: Prover, spark: SparkSession, catalog: SqlCatalog
) -> None:
    tables = (BRONZE_EVENTS, GOLD_STATE)
    before = {name: catalog.load_table(name).current_snapshot() for name in tables}
    spark.sql(
        f"ALTER TABLE {GOLD} SET TBLPROPERTIES ('write.update.mode' = 'merge-on-read', "
        "'write.delete.mode' = 'merge-on-read', 'write.delete.granularity' = 'file')"
    )
    kept = prover.keep(prover.prove()[0])
    plant, message = PLANTED[fault]
    plant(spark, catalog)
    spark.catalog.refreshTable(GOLD)
    try:
        proof, _ = prover.prove()
        assert message in "\n".join(proof.lines())
        assert not proof.is_good
        assert proof.scope.startswith("everything was compared: "), "the rows are named by all"
    finally:
        for name, snapshot in before.items():
            assert snapshot is not None
            spark.sql(
                f"CALL {CATALOG}.system.rollback_to_snapshot('{name}', {snapshot.snapshot_id})"
            )
    assert read_baseline(prover.file) == kept
    assert prover.prove()[0].is_good, "the tables are again what was proven"


@pytest.mark.chaos
def test_rows_moved_to_other_files_are_compared_from_their_states(
    prover: Prover, spark: SparkSession
) -> None:
    """Compaction changes no row; and Bronze, which it does not touch, is not read again."""
    prover.keep(prover.prove()[0])
    spark.sql(
        f"CALL {CATALOG}.system.rewrite_data_files(table => '{GOLD_STATE}', "
        "options => map('rewrite-all', 'true'))"
    ).collect()
    proof, seen = prover.prove()
    assert proof.is_good, "\n".join(proof.lines())
    assert proof.scope.startswith("since the proof of")
    assert " 0 new deliveries" in proof.scope
    assert proof.facts.totals == prover.full().facts.totals
    bronze = [sql for sql in seen.scans() if f"{BRONZE} FOR VERSION" in sql]
    assert all("kafka_offset >= CASE kafka_partition" in sql for sql in bronze)


@pytest.mark.chaos
def test_merged_files_of_records_are_held_against_those_they_replace(
    prover: Prover, spark: SparkSession, catalog: SqlCatalog
) -> None:
    prover.keep(prover.prove()[0])
    merged = spark.sql(
        f"CALL {CATALOG}.system.rewrite_data_files(table => '{BRONZE_EVENTS}', "
        "options => map('rewrite-all', 'true'))"
    ).collect()[0]
    assert merged.rewritten_data_files_count > 0
    pair_gold(catalog)
    proof, seen = prover.prove()
    assert proof.is_good, "\n".join(proof.lines())
    assert proof.scope.startswith("since the proof of")
    assert " 0 new deliveries" in proof.scope
    assert any("content_before" in sql for sql in seen.asked)
    assert proof.facts == prover.full().facts


@pytest.mark.chaos
def test_a_row_that_agrees_with_nothing_but_its_money_is_found(
    prover: Prover, spark: SparkSession, catalog: SqlCatalog
) -> None:
    """Two cents that change places: every sum over Gold stays what it was."""
    before = catalog.load_table(GOLD_STATE).current_snapshot()
    assert before is not None
    prover.keep(prover.prove()[0])
    sold = spark.sql(
        f"SELECT impression_id FROM {GOLD} WHERE revenue > {Decimal(1)} ORDER BY 1 LIMIT 2"
    ).collect()
    [one], [other] = sold
    spark.sql(
        f"UPDATE {GOLD} SET revenue = revenue + IF(impression_id = '{one}', 0.01, -0.01) "
        f"WHERE impression_id IN ('{one}', '{other}')"
    )
    proof, _ = prover.prove()
    spark.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{GOLD_STATE}', {before.snapshot_id})")
    assert not proof.is_good
    assert "2 touched rows" in proof.scope or "4 touched rows" in proof.scope
    assert one in "\n".join(proof.lines())
    assert other in "\n".join(proof.lines())
