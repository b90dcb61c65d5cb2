"""The bridge on real Trino, against answers computed by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.trino.metrics_lake import GOLD, MetricsLake, answer, utc

pytestmark = pytest.mark.integration

NOON_MS = round(utc("12:00").timestamp() * 1000)
DAY_MS = 86_400_000
CLICK, CONVERSION = 1, 2
BRIDGE = (
    ("ATTRIBUTED", 2, 0, "20.1"),
    ("ORPHAN", 1, 0, "7"),
    ("REPEAT_CONVERSION", 2, 0, "30"),
    ("OUT_OF_WINDOW", 1, 0, "4"),
    ("CONVERSION_BEFORE_CLICK", 1, 0, "3"),
    ("NO_CLICK", 2, 0, "0.6"),
    ("REJECTED", 5, 2, "11.000001"),
)


def held(*events: tuple[int, str, int, str]) -> str:
    """`events_state` of (rank, id, ms after noon, value)."""
    return json.dumps([
        {"e": name, "t": NOON_MS + after_ms, "r": rank, "m": int(Decimal(value) * 10**6), "i": 0}
        for rank, name, after_ms, value in sorted(events, key=lambda one: one[1])
    ])  # fmt: skip


@pytest.fixture(scope="module")
def bridged_lake(lake: MetricsLake) -> MetricsLake:
    def add(
        row_id: str, *events: tuple[int, str, int, str], attributed_ms: int | None = None,
        shown: bool = True, campaign: str = "c1",
    ) -> None:  # fmt: skip
        conversion_time = None
        if attributed_ms is not None:
            conversion_time = utc("12:00") + (utc("12:00") - utc("11:00")) * attributed_ms / 3.6e6
        is_clicked = any(rank == CLICK for rank, *_ in events)
        lake.insert(GOLD, [(
            row_id, campaign, is_clicked, attributed_ms is not None,
            utc("10:00") if shown else None, conversion_time, None, 0, 0, lake.now, True,
            held(*events), None, None, None, "DE", "web", attributed_ms is not None,
        )])  # fmt: skip

    click = (CLICK, "k", 0, "0")
    # Two conversions at one moment: the first by id is attributed, the other one repeats it.
    add("i1", click, (CONVERSION, "a", 1_000, "20"), (CONVERSION, "b", 1_000, "30"),
        (CONVERSION, "c", 2_000, "0"), attributed_ms=1_000)  # fmt: skip
    add("i2", click, (CONVERSION, "v", 7 * DAY_MS, "0.1"), attributed_ms=7 * DAY_MS, campaign="c2")
    add("i3", click, (CONVERSION, "v", 7 * DAY_MS + 1, "4"))
    add("i4", click, (CONVERSION, "v", -1, "3"))
    add("i5", (CONVERSION, "v", 0, "0.2"), (CONVERSION, "w", DAY_MS, "0.4"))
    add("o1", click, (CONVERSION, "v", 60_000, "7"), attributed_ms=60_000, shown=False)
    refuse(lake)
    return lake


def refuse(lake: MetricsLake) -> None:
    """Refused deliveries; five distinct conversions, two of them without an amount."""

    def delivery(
        offset: int, reason: str, value: str | None, *, event_id: str | None = "r1",
        impression_id: str | None = "i9", event_type: str | None = "CONVERSION",
    ) -> tuple[Any, ...]:  # fmt: skip
        payload = "{}" if value is None else f'{{"conversion_value":{value},"platform":"web"}}'
        return ("t", 0, offset, utc("12:00"), reason, event_id, impression_id, event_type, "c1",
                utc("12:30"), payload)  # fmt: skip

    lake.insert("bronze.ad_events", [
        # One event, refused twice, the second stored twice: its smaller value, once.
        delivery(0, "FUTURE_TIMESTAMP", "9"),
        delivery(1, "FUTURE_TIMESTAMP", "8.5e0"),
        delivery(1, "FUTURE_TIMESTAMP", "8.5e0"),
        # Without a key each record is an event of its own.
        delivery(2, "MISSING_KEY", "2.5", event_id=None),
        delivery(3, "MISSING_KEY", "0.0000005", event_id=" "),
        delivery(4, "NEGATIVE_VALUE", "-5", event_id="r2"),
        delivery(5, "BAD_VALUE", '"5"', event_id="r3"),
        # Admitted later with another value: no refused conversion any more.
        delivery(6, "NEGATIVE_VALUE", "-7", event_id="v", impression_id="i2"),
        # Nobody knows what these are.
        delivery(7, "UNKNOWN_EVENT_TYPE", "99", event_type="SALE"),
        delivery(8, "MALFORMED_JSON", None, event_type=None),
    ])  # fmt: skip


def shown(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["bucket"], row["conversions"], row["without_value"], row["value"]) for row in rows]


def expected(*changes: tuple[str, int, int, str]) -> list[tuple[Any, ...]]:
    """All buckets in their order, with those of `changes`, else empty."""
    told = {name: (name, count, unknown, Decimal(value)) for name, count, unknown, value in changes}
    return [told.get(name, (name, 0, 0, Decimal(0))) for name, *_ in BRIDGE]


def test_every_conversion_is_in_one_bucket(bridged_lake: MetricsLake) -> None:
    rows = answer(bridged_lake, "bridge")
    assert shown(rows) == expected(*BRIDGE)
    assert sum(row["value"] for row in rows) == Decimal("75.700001")
    assert rows[0]["share"] == Decimal("0.265521793")
    assert {(row["split_value"], row["splits"]) for row in rows} == {(None, 1)}


def test_days_are_those_of_the_conversions_newest_first(bridged_lake: MetricsLake) -> None:
    rows = answer(bridged_lake, "bridge", split_by="day")
    assert [row["split_value"] for row in rows[::7]] == ["2026-11-08", "2026-11-02", "2026-11-01"]
    assert shown(rows[:7]) == expected(("ATTRIBUTED", 1, 0, "0.1"), ("OUT_OF_WINDOW", 1, 0, "4"))
    assert shown(rows[7:14]) == expected(("NO_CLICK", 1, 0, "0.4"))
    assert answer(bridged_lake, "bridge", split_by="day", most="1") == rows[:7]


def test_campaigns_come_with_the_largest_value_first(bridged_lake: MetricsLake) -> None:
    rows = answer(bridged_lake, "bridge", split_by="campaign")
    assert [(row["split_value"], row["splits"]) for row in rows[::7]] == [("c1", 2), ("c2", 2)]
    assert shown(rows[7:]) == expected(("ATTRIBUTED", 1, 0, "0.1"))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"campaign_id": "c2"}, [("ATTRIBUTED", 1, 0, "0.1")]),
        ({"platform": "app"}, []),
        ({"geo_country": "DE", "until": "2026-11-01T12:00"}, [
            ("CONVERSION_BEFORE_CLICK", 1, 0, "3"),
        ]),
        ({"since": "2026-11-01T12:30", "until": "2026-11-02"}, [("REJECTED", 5, 2, "11.000001")]),
        ({"since": "2026-11-01T12:30:00.001", "until": "2026-11-02"}, []),
    ],
)  # fmt: skip
def test_filters_choose_conversions(
    bridged_lake: MetricsLake, given: dict[str, str], found: list[tuple[str, int, int, str]]
) -> None:
    assert shown(answer(bridged_lake, "bridge", **given)) == expected(*found)


def test_the_rows_of_a_bucket_are_listed(bridged_lake: MetricsLake) -> None:
    rows = answer(bridged_lake, "bridge_conversions", bucket="REPEAT_CONVERSION")
    assert [(r["impression_id"], r["event_id"], r["value"]) for r in rows] == [
        ("i1", "b", 30), ("i1", "c", 0),
    ]  # fmt: skip
    [largest] = answer(bridged_lake, "bridge_conversions", most="1")
    assert (largest["event_id"], largest["conversions"]) == ("b", 14)
    refused = answer(bridged_lake, "bridge_conversions", bucket="REJECTED")
    assert [(r["reject_reason"], r["value"]) for r in refused] == [
        ("FUTURE_TIMESTAMP", Decimal("8.5")), ("MISSING_KEY", Decimal("2.5")),
        ("MISSING_KEY", Decimal("0.000001")), ("NEGATIVE_VALUE", None), ("BAD_VALUE", None),
    ]  # fmt: skip


def test_an_empty_lake_has_an_empty_bridge(lake: MetricsLake) -> None:
    rows = answer(lake, "bridge", until="2020-01-01")
    assert shown(rows) == expected()
    assert {row["share"] for row in rows} == {None}
    assert answer(lake, "bridge", until="2020-01-01", split_by="day") == []
