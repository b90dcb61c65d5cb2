"""The audit views on real Trino and real Spark, held equal to the plain Python law."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyspark.sql import SparkSession

from adlake.attribution.pipeline import provision_audit_views
from adlake.contracts.law import LAW_V1
from adlake.contracts.registry import ATTRIBUTION, VIEWS
from adlake.contracts.tables import BRONZE_EVENTS, CATALOG
from adlake.io.iceberg import views
from adlake.io.sql.files import SqlValue, bind, sql_text
from adlake.io.trino.client import connect
from adlake.metrics.query import run_metric
from adlake.proof.records_sql import completeness_sql
from adlake.settings import Settings
from adlake.wiring.metabase import TRINO_USER
from tests.fixtures.trino.audit_rows import (
    CONTENT_COLUMNS,
    EVENT_COLUMNS,
    assert_same,
    expected_contents,
    expected_events,
    expected_findings,
    expected_orphans,
    expected_rejections,
    outcome_in,
)
from tests.fixtures.trino.audited_lake import (
    HOUR_MS,
    Engines,
    audited_engines,
    audited_lake,
    by_position,
    expected_outcomes,
    expected_reuse,
    reuse_in,
)
from tests.fixtures.trino.awaited_conversions import (
    bridge_of,
    bucketed,
    conversion_value,
    shown_bridge,
)
from tests.fixtures.trino.batch_counts import (
    COUNT_FAULTS,
    counted_batches,
    expected_applied,
    with_fault,
    with_marks,
    write_batch_counts,
)
from tests.fixtures.trino.oracle_lake import OracleLake

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def lake() -> OracleLake:
    return audited_lake()


@pytest.fixture(scope="module")
def engines(
    private_lake: Settings, spark: SparkSession, lake: OracleLake, catalog: SqlCatalog
) -> Iterator[Engines]:
    with audited_engines(private_lake, spark, lake, catalog) as both:
        yield both


def test_every_view_was_made_and_none_is_made_twice(engines: Engines, spark: SparkSession) -> None:
    assert provision_audit_views(spark) == []
    found = {
        f"{namespace}.{row.viewName}"
        for namespace in ("audit", "gold")
        for row in spark.sql(f"SHOW VIEWS IN {CATALOG}.{namespace}").collect()
    }
    assert found == set(VIEWS[ATTRIBUTION])


def test_rejected_deliveries_are_those_of_bronze(engines: Engines, lake: OracleLake) -> None:
    expected = expected_rejections(lake)
    assert expected
    for engine, rows in engines.ask("rejected_deliveries").items():
        found = {
            position: (row["reject_reason"], row["raw_payload"])
            for position, row in by_position(rows).items()
        }
        assert found == expected, engine


def test_admitted_deliveries_have_the_content_of_the_law(
    engines: Engines, lake: OracleLake
) -> None:
    expected = expected_contents(lake)
    for engine, rows in engines.ask("admitted_deliveries").items():
        found = {
            position: tuple(row[name] for name in CONTENT_COLUMNS)
            for position, row in by_position(rows).items()
        }
        assert_same(engine, found, expected)


def test_delivery_findings_are_those_of_the_law(engines: Engines, lake: OracleLake) -> None:
    expected = expected_findings(lake)
    assert {"DUPLICATE_DELIVERY", "CONFLICTING_DUPLICATE", None} == {
        f for f, _ in expected.values()
    }
    for engine, rows in engines.ask("delivery_findings").items():
        found = {
            position: (row["finding"], row["is_key_mismatch"])
            for position, row in by_position(rows).items()
        }
        assert found == expected, engine


def test_gold_events_are_those_of_the_states(engines: Engines, lake: OracleLake) -> None:
    expected = expected_events(lake)
    for engine, rows in engines.ask("gold_events").items():
        found = {
            (row["impression_id"], row["event_id"]): tuple(row[name] for name in EVENT_COLUMNS)
            for row in rows
        }
        assert_same(engine, found, expected)
        assert len(rows) == len(expected), engine


def test_event_outcomes_are_those_of_the_law(engines: Engines, lake: OracleLake) -> None:
    expected = dict(expected_outcomes(lake))
    for place in (4, 6):
        assert len({str(outcome[place]) for outcome in expected.values()}) > 5
    assert_outcomes(engines, expected)


def test_event_outcomes_and_lookbacks_follow_the_law_that_gold_follows(
    engines: Engines, lake: OracleLake, spark: SparkSession
) -> None:
    middle_ms = 1_772_445_600_000 + 9 * 24 * HOUR_MS
    dated = replace(
        LAW_V1, law_version=2, attribution_window_ms=HOUR_MS,
        window_changes=((middle_ms, 14 * 24 * HOUR_MS),),
    )  # fmt: skip
    expected = dict(expected_outcomes(lake, dated))
    before = dict(expected_outcomes(lake))
    assert sum(expected[key] != before[key] for key in expected) > 10
    of_the_law = ["audit.event_outcomes", "audit.lookbacks"]
    assert provision_audit_views(spark, dated) == of_the_law
    try:
        assert_outcomes(engines, expected)
    finally:
        assert provision_audit_views(spark) == of_the_law


def assert_outcomes(engines: Engines, expected: Mapping[tuple[str, str], Any]) -> None:
    for engine, rows in engines.ask("event_outcomes").items():
        found = {(row["impression_id"], row["event_id"]): outcome_in(row) for row in rows}
        assert_same(engine, found, expected)
        assert len(rows) == len(expected), engine


def test_reused_event_ids_are_those_of_the_law(engines: Engines, lake: OracleLake) -> None:
    expected = dict(expected_reuse(lake))
    assert len({use.event_id for use in expected.values()}) > 5
    assert sum(use.revenue_at_stake for use in expected.values()) > 0
    assert sum(use.cost_at_stake for use in expected.values()) > 0
    for engine, rows in engines.ask("reused_event_ids").items():
        found = {(row["event_id"], row["impression_id"]): reuse_in(row) for row in rows}
        assert_same(engine, found, expected)
        assert len(rows) == len(expected), engine


def test_orphans_are_older_than_six_hours_before_the_newest_arrival(
    engines: Engines, lake: OracleLake
) -> None:
    expected = expected_orphans(lake)
    around = {"orphan-newest", "orphan-at", "orphan-after", "orphan-before"}
    assert expected & around == {"orphan-before"}
    for engine, rows in engines.ask("orphans").items():
        assert {row["impression_id"] for row in rows} == expected, engine
        assert len(rows) == len(expected), engine


def test_the_bridge_is_that_of_the_law(
    private_lake: Settings, engines: Engines, lake: OracleLake
) -> None:
    conversions = bucketed(lake)
    expected = bridge_of(conversions)
    assert set(expected) == {
        "ATTRIBUTED", "ORPHAN", "REPEAT_CONVERSION", "OUT_OF_WINDOW", "CONVERSION_BEFORE_CLICK",
        "NO_CLICK", "REJECTED",
    }  # fmt: skip
    assert expected["REJECTED"][2] > 0
    with connect(private_lake.ports.trino_port) as trino:
        whole = list(run_metric(trino, "bridge").records())
        by_day = list(run_metric(trino, "bridge", {"split_by": "day"}).records())
        listed = list(run_metric(trino, "bridge_conversions", {"most": "1000000"}).records())
    assert shown_bridge(whole) == expected
    assert sum(row["value"] for row in whole) == conversion_value(lake)
    assert sorted((r["bucket"], r["conversion_at"]) for r in listed) == sorted(
        (bucket, at) for bucket, _, at, _ in conversions
    )
    days = {day for *_, at, _ in conversions for day in [f"{at:%Y-%m-%d}"]}
    for day in days:
        of_day = [one for one in conversions if f"{one[2]:%Y-%m-%d}" == day]
        assert shown_bridge(r for r in by_day if r["split_value"] == day) == bridge_of(of_day), day


def test_a_view_is_replaced_when_its_text_changed(
    engines: Engines, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = views.view_texts

    def changed(name: str, values: Mapping[str, SqlValue]) -> Mapping[str, str]:
        return {
            dialect: f"{text}\nLIMIT 1" if name == "orphans" else text
            for dialect, text in real(name, values).items()
        }

    monkeypatch.setattr(views, "view_texts", changed)
    assert provision_audit_views(spark) == ["audit.orphans"]
    assert {len(rows) for rows in engines.ask("orphans").values()} == {1}
    monkeypatch.undo()
    assert provision_audit_views(spark) == ["audit.orphans"]
    assert provision_audit_views(spark) == []


def test_batches_are_complete_and_their_duplicates_are_known(
    engines: Engines, spark: SparkSession, lake: OracleLake
) -> None:
    # What came after the newest recorded batch is no gap.
    counted = counted_batches(lake)[:-4]
    write_batch_counts(spark, counted)
    expected = expected_applied(lake, counted)
    assert any(applied_ones < all_ones for applied_ones, all_ones in expected.values())
    for engine, rows in engines.ask("batch_completeness").items():
        assert all(row["is_complete"] for row in rows), engine
        found = {
            (row["batch_id"], row["kafka_partition"]): (
                row["applied"], row["applied"] + row["duplicates"],
            )
            for row in rows
        }  # fmt: skip
        assert found == expected, engine
    assert engines.ask("completeness_gaps") == {"trino": [], "spark": []}


@pytest.mark.parametrize("fault", [
    "a verdict is missing",
    pytest.param("a batch ends early", marks=pytest.mark.chaos),
    pytest.param("a batch begins too early", marks=pytest.mark.chaos),
])  # fmt: skip
def test_counts_do_not_agree_when(
    fault: str, engines: Engines, spark: SparkSession, lake: OracleLake
) -> None:
    number, _, expected = COUNT_FAULTS[fault]
    counted = with_fault(counted_batches(lake), fault)
    write_batch_counts(spark, counted)
    for engine, rows in engines.ask("completeness_gaps").items():
        assert {row["gap"] for row in rows} == expected, (engine, rows)
    for engine, rows in engines.ask("batch_completeness").items():
        bad = {(r["batch_id"], r["kafka_partition"]) for r in rows if not r["is_complete"]}
        # The one that was changed, or the one before it when both claim the same offsets.
        partition = counted[number]["kafka_partition"]
        assert bad <= {(batch, partition) for batch in range(3)}, engine
        assert bad, engine


@pytest.mark.chaos
def test_counts_agree_over_offsets_that_hold_no_record(
    engines: Engines, spark: SparkSession, lake: OracleLake
) -> None:
    counted = with_marks(counted_batches(lake))
    write_batch_counts(spark, counted)
    assert engines.ask("completeness_gaps") == {"trino": [], "spark": []}
    for engine, rows in engines.ask("batch_completeness").items():
        assert all(row["is_complete"] for row in rows), engine
        assert {row["empty_offsets"] for row in rows} == {0, 1, 3}, engine


def test_counts_do_not_agree_over_offsets_that_nobody_explains(
    engines: Engines, spark: SparkSession, lake: OracleLake
) -> None:
    """As older drivers wrote it, or when the broker did not call them empty."""
    unasked = {"empty_before": None, "empty_within": None}
    counted = [row | unasked for row in with_marks(counted_batches(lake))]
    partitions = len({row["kafka_partition"] for row in counted})
    write_batch_counts(spark, counted)
    for engine, rows in engines.ask("completeness_gaps").items():
        missing = sorted((row["gap"], row["missing"]) for row in rows)
        assert missing == [
            *[("offsets between two batches", 2)] * partitions,
            *[("offsets of a batch neither admitted nor rejected", 1)] * partitions,
            *[("offsets of a batch neither admitted nor rejected", 3)] * partitions,
        ], engine
    for engine, rows in engines.ask("batch_completeness").items():
        incomplete = {row["batch_id"] for row in rows if not row["is_complete"]}
        assert incomplete == {2, 3}, engine


@pytest.mark.chaos
def test_counts_do_not_agree_when_rows_vanish_between_batches(
    engines: Engines, spark: SparkSession, lake: OracleLake
) -> None:
    counted = counted_batches(lake)
    for row in counted[8:]:
        row["bronze_rows"] -= 3
    write_batch_counts(spark, counted)
    for engine, rows in engines.ask("completeness_gaps").items():
        assert [(row["gap"], row["missing"]) for row in rows] == [
            ("rows of Bronze changed between two batches", 3)
        ], engine


def test_the_checks_run_on_trino(private_lake: Settings, engines: Engines) -> None:
    with connect(private_lake.ports.trino_port) as client:
        tables = (BRONZE_EVENTS,)
        for sql in (
            completeness_sql(1, tables),
            bind(sql_text("checks/batch_completeness"), {"row_limit": 1}),
        ):
            assert len(client.records(sql)) <= 1


def test_a_reader_without_payloads_sees_none_through_views(
    engines: Engines, private_lake: Settings
) -> None:
    operator, reader = (
        connect(private_lake.ports.trino_port, user=name) for name in ("adlake", TRINO_USER)
    )
    sql = "SELECT raw_payload, raw_bytes, kafka_key FROM audit.rejected_deliveries"
    assert any("event_id" in (row["raw_payload"] or "") for row in operator.records(sql))
    seen = reader.records(sql)
    assert {(row["raw_bytes"], row["kafka_key"]) for row in seen} == {(None, None)}
    assert not [row for row in seen if "event_id" in (row["raw_payload"] or "")]
    bridges = [list(run_metric(client, "bridge").records()) for client in (operator, reader)]
    assert bridges[0] == bridges[1]
    assert [row for row in bridges[1] if row["bucket"] == "REJECTED" and row["value"] > 0]
