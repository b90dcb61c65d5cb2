"""Operations metrics on real Trino: batches, freshness, throughput, offsets, sizes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from adlake.contracts.registry import BUSINESS, last_table, names_of
from tests.fixtures.trino.metrics_lake import GOLD, MetricsLake, Snapshot, answer, only

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def operated_lake(lake: MetricsLake) -> MetricsLake:
    """Batches 0 to 2 (1 in two commits); batch 3 was rolled back; a compaction; 4 is staged."""
    first = lake.batch_summary(0, 3_700, events=10, ages_ms=(90_000, 90_000, 90_000))
    second = lake.batch_summary(1, 200, events=1_000, rejected=10, ages_ms=(6_000, 12_000, 20_000))
    third = lake.batch_summary(
        2, 100, events=3_000, took_ms=2_500, ages_ms=(-60_000, 1_000, 30_000),
        offsets='{"0":5,"10":2,"2":7}',
    )  # fmt: skip
    undone = lake.batch_summary(
        3, 50, events=9_999, ages_ms=(500_000, 500_000, 500_000), offsets='{"0":99}'
    )
    staged = lake.batch_summary(4, 2, events=8_888, offsets='{"0":98}')
    compaction = {"total-records": "70", "total-position-deletes": "3", "total-data-files": "2",
                  "total-delete-files": "1", "total-files-size": "4096"}  # fmt: skip
    for snapshot in (
        Snapshot(1, 3_700, first),
        Snapshot(2, 203, second),
        Snapshot(3, 200, second),
        Snapshot(4, 100, third),
        Snapshot(5, 50, undone, is_current_ancestor=False),
        Snapshot(6, 40, compaction),
        Snapshot(7, 2, staged, is_current_ancestor=False),
    ):
        lake.add_snapshot(GOLD, snapshot)
    return lake


def test_batches_skip_compaction_staging_and_rollback(operated_lake: MetricsLake) -> None:
    rows = [tuple(row.values())[1:] for row in answer(operated_lake, "batches")]
    assert rows == [
        (2, 3_000, 0, Decimal("2.5"), Decimal(30), Decimal(0), Decimal(1), Decimal(30), 2),
        (1, 1_000, 10, Decimal(4), Decimal("0.286"), Decimal(6), Decimal(12), Decimal(20), 2),
    ]
    newest = answer(operated_lake, "batches", most="1")
    assert [tuple(row.values())[1:] for row in newest] == rows[:1]


def test_freshness_is_the_worst_batch_and_the_age_of_the_newest(
    operated_lake: MetricsLake,
) -> None:
    record = only(operated_lake, "freshness")
    assert [record[f"freshness_seconds_{p}"] for p in ("p50", "p95", "p99")] == [6, 12, 30]
    assert 100 <= record["seconds_since_commit"] < 160


def test_throughput_divides_by_the_window(operated_lake: MetricsLake) -> None:
    assert only(operated_lake, "throughput", minutes="10") == {
        "batches": 2,
        "events": 4_000,
        "rejected": 10,
        "events_per_second": Decimal("6.667"),
        "slowest_batch_seconds": Decimal(4),
    }
    assert only(operated_lake, "throughput")["events_per_second"] == 0


def test_next_offsets_come_from_the_newest_stamp_on_main(operated_lake: MetricsLake) -> None:
    rows = answer(operated_lake, "next_offsets")
    assert {row["kafka_partition"]: row["next_offset"] for row in rows} == {0: 5, 2: 7, 10: 2}
    assert [row["kafka_partition"] for row in rows] == [0, 2, 10]
    assert {(row["kafka_topic"], row["topic_id"]) for row in rows} == {("ad_events", "topic-1")}
    assert {row["table_name"] for row in rows} == {GOLD}


def test_next_offsets_are_those_of_every_topic(operated_lake: MetricsLake) -> None:
    """Each by the table that its records reach last."""
    stamp = operated_lake.batch_summary(0, 30, events=3, topic="business_events", offsets='{"1":4}')
    operated_lake.add_snapshot(last_table(BUSINESS), Snapshot(90, 30, stamp))
    found = {
        (row["kafka_topic"], row["kafka_partition"]): (row["next_offset"], row["table_name"])
        for row in answer(operated_lake, "next_offsets")
    }
    assert found["business_events", 1] == (4, last_table(BUSINESS))
    assert found["ad_events", 2] == (7, GOLD)
    assert len(found) == 4


def test_table_sizes_read_the_newest_totals_of_every_table(operated_lake: MetricsLake) -> None:
    found = {
        row["table_name"]: tuple(row.values())[1:] for row in answer(operated_lake, "table_sizes")
    }
    assert set(found) == set(names_of(has_ddl=True))
    assert found["bronze.ad_events"] == (0, 0, 0, 0, 0, None)
    assert found[GOLD][:5] == (70, 3, 2, 1, 4_096)


def test_pipelines_say_what_was_read_of_each_topic(operated_lake: MetricsLake) -> None:
    now = operated_lake.now
    operated_lake.insert("audit.completeness_ledger", [
        ("ad_events", 1, 90, 10, now), ("ad_events", 1, 50, 0, now),
        ("ad_events@2", 2, 7, 3, now + timedelta(seconds=5)), ("business_events", 8, 4, 1, now),
    ])  # fmt: skip
    operated_lake.insert("audit.completeness_gaps", [("ad_events@2", "x"), ("ad_events", "y")])
    assert [tuple(row.values()) for row in answer(operated_lake, "pipelines")] == [
        ("ad_events", 2, 147, 13, 2, now + timedelta(seconds=5)),
        ("business_events", 1, 4, 1, 0, now),
    ]


def test_recent_reuse_counts_ids_of_the_last_minutes_under_two_impressions(
    operated_lake: MetricsLake,
) -> None:
    def row(
        offset: int, minutes: float, event_id: str, impression_id: str, reason: str | None
    ) -> tuple[object, ...]:
        arrived = operated_lake.now - timedelta(minutes=minutes)
        return ("ad_events", 0, offset, arrived, reason, event_id, impression_id)

    operated_lake.insert("bronze.ad_events", [
        row(0, 1, "twice", "i1", None), row(1, 2, "twice", "i2", None),
        row(2, 1, "again", "i3", None), row(3, 1, "again", "i3", None),
        row(4, 1, "refused", "i4", None), row(5, 1, "refused", "i5", "BAD_VALUE"),
        row(6, 1, "old", "i6", None), row(7, 30, "old", "i7", None),
    ])  # fmt: skip
    found = only(operated_lake, "recent_event_id_reuse")
    assert found == {"event_ids": 4, "reused_event_ids": 1}
    assert only(operated_lake, "recent_event_id_reuse", minutes="60")["reused_event_ids"] == 2
