"""Clicks and conversions that machines make, on real Trino, against answers computed by hand."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adlake.io.sql.files import bind, sql_text
from tests.fixtures.trino.metrics_lake import GOLD, MetricsLake, answer, only, utc

pytestmark = pytest.mark.integration

IMPRESSION, CLICK = 0, 1
DAY = utc("2026-11-01")
THAT_DAY = {"until": "2026-11-02"}


def at(text: str, milliseconds: int = 0) -> datetime:
    return utc(text) + timedelta(milliseconds=milliseconds)


def add_row(
    lake: MetricsLake, row_id: str, clicks: list[datetime], *, campaign: str | None = "c1",
    user: str | None = None, clickers: list[str | None] | None = None,
    converted: datetime | None = None, revenue: str = "0", shown: str | None = "10:00",
    updated: datetime | None = None,
) -> None:  # fmt: skip
    """A row of Gold with its clicks, its conversion and the events that say so."""
    users = clickers or [None] * len(clicks)
    events: list[dict[str, Any]] = []
    if shown:
        events.append({"e": f"{row_id}-i", "t": millis(utc(shown)), "r": IMPRESSION, "u": user})
    for number, (moment, clicker) in enumerate(zip(clicks, users, strict=True)):
        events.append({"e": f"{row_id}-{number}", "t": millis(moment), "r": CLICK, "u": clicker})
    state = json.dumps([{k: v for k, v in one.items() if v is not None} for one in events])
    lake.insert(GOLD, [(
        row_id, campaign, bool(clicks), converted is not None, utc(shown) if shown else None,
        converted, Decimal(1) if shown else None, Decimal(revenue), Decimal(0),
        updated or lake.now, len(events) > 1 or not shown, state, user, max(clicks, default=None),
    )])  # fmt: skip


def millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@pytest.fixture(scope="module")
def clicked_lake(lake: MetricsLake) -> MetricsLake:
    """One burst over two campaigns, one of nobody, double clicks, and people."""
    # u1 clicks five times within 9 s on two impressions; the sixth comes 3,001 ms later.
    add_row(lake, "b1", [at("10:00"), at("10:00", 3_000), at("10:00", 6_000)], user="u1")
    add_row(lake, "b2", [at("10:00", 8_000), at("10:00", 9_000), at("10:00", 12_001)],
            campaign="c2", user="u9", clickers=["u1", "u1", "u1"])  # fmt: skip
    # Clicks of nobody are a run of their impression alone: 5 of n1, 4 of n2.
    add_row(lake, "n1", [at("11:00", 1_000 * n) for n in range(5)], shown=None, campaign=None)
    add_row(lake, "n2", [at("11:00", 1_000 * n) for n in range(4)], shown=None)
    # A person: two clicks a minute apart; a double click at the limit, and one past it.
    add_row(lake, "p1", [at("10:30"), at("10:31")], user="u2")
    add_row(lake, "p2", [at("10:40"), at("10:40", 1_000)], user="u3", campaign="c2")
    add_row(lake, "p3", [at("10:41"), at("10:41", 1_001)], user="u4", campaign="c2")
    # Half a second after p1's, each on another impression: neither is a double click.
    add_row(lake, "s1", [at("10:30", 500)], user="u8")
    add_row(lake, "s2", [at("10:30", 1_000)], user="u8", campaign="c2")
    # The credited click and the conversion: 999 ms, 1,000 ms, and the time before its hour.
    add_row(lake, "q1", [at("10:50")], user="u5", converted=at("10:50", 999), revenue="7")
    add_row(lake, "q2", [at("10:55")], user="u6", converted=at("10:55", 1_000), revenue="20")
    add_row(lake, "q3", [at("12:59:59")], user="u7", campaign="c2", converted=at("13:00", -1),
            revenue="2.5")  # fmt: skip
    add_row(lake, "quiet", [], user="u1")
    # Now: such an old row cannot exist, as an event arrives minutes before its time at most.
    old = lake.now - timedelta(days=2)
    add_row(lake, "old", [lake.now] * 5, user="u20", shown=None, updated=old)
    add_row(lake, "new", [lake.now] * 5, user="u21", shown=None)
    add_shown(lake, "steady", 800, clicked=70)
    add_shown(lake, "clicky", 100, clicked=30)
    add_shown(lake, "silent", 100, clicked=0)
    return lake


def add_shown(lake: MetricsLake, platform: str, impressions: int, *, clicked: int) -> None:
    """Impressions of the first of October."""
    lake.run(
        f"INSERT INTO memory.{GOLD} (impression_id, campaign_id, platform, user_id, is_clicked, "
        "is_converted, impression_time, revenue, engaged, events_state, last_updated_ts) "
        f"SELECT '{platform}' || CAST(n AS varchar), 'c1', '{platform}', 'u' || CAST(n AS varchar),"
        f" n <= {clicked}, FALSE, TIMESTAMP '2026-10-01 00:00 UTC', 0, FALSE, '[]', "
        f"TIMESTAMP '2026-10-01 00:00 UTC' FROM UNNEST(sequence(1, {impressions})) AS t (n)"
    )


def told(lake: MetricsLake, name: str, **given: str) -> list[tuple[Any, ...]]:
    """What a metric says of that day."""
    return [tuple(row.values()) for row in answer(lake, name, **{**THAT_DAY, **given})]


def bursts(lake: MetricsLake, **given: str) -> list[tuple[Any, ...]]:
    return told(lake, "click_bursts", **given)


def test_a_burst_is_a_run_of_one_user_whatever_it_clicks(clicked_lake: MetricsLake) -> None:
    by_u1 = ("u1", utc("10:00"), Decimal(9), 5, 2, 2, 2)
    by_nobody = (None, utc("11:00"), Decimal(4), 5, 1, 0, 2)
    assert bursts(clicked_lake) == [by_nobody, by_u1]
    assert bursts(clicked_lake, most="1") == [by_nobody]
    assert bursts(clicked_lake, campaign_id="c2") == [(*by_u1[:-1], 1)]
    assert bursts(clicked_lake, burst_clicks="6") == []


def test_the_longest_pause_decides_where_a_run_ends(clicked_lake: MetricsLake) -> None:
    assert bursts(clicked_lake, burst_pause_ms="3001")[0][:4] == (
        "u1", utc("10:00"), Decimal("12.001"), 6,
    )  # fmt: skip
    assert [row[0] for row in bursts(clicked_lake, burst_pause_ms="2999")] == [None]


def test_a_burst_is_cut_at_the_ends_of_the_time_range(clicked_lake: MetricsLake) -> None:
    assert bursts(clicked_lake, until="2026-11-01T10:00:09") == []
    cut = bursts(clicked_lake, until="2026-11-01T10:00:09", burst_clicks="4")
    assert cut == [("u1", utc("10:00"), Decimal(8), 4, 2, 2, 1)]


def test_rows_without_news_since_then_are_skipped(clicked_lake: MetricsLake) -> None:
    since = (clicked_lake.now - timedelta(hours=1)).isoformat()
    recent = answer(clicked_lake, "click_bursts", since=since)
    assert [row["user_id"] for row in recent] == ["u21"]


def test_a_double_click_comes_within_the_time_on_the_same_impression(
    clicked_lake: MetricsLake,
) -> None:
    assert told(clicked_lake, "double_clicks") == [
        (None, 5, 4, 1, Decimal("0.8"), 3),
        ("c1", 12, 3, 1, Decimal("0.25"), 3),
        ("c2", 9, 2, 2, Decimal("0.222222222"), 3),
    ]
    assert [row[0] for row in told(clicked_lake, "double_clicks", most="1")] == [None]
    (closer,) = told(clicked_lake, "double_clicks", double_click_ms="1001", campaign_id="c2")
    assert closer[2:4] == (3, 3)
    # The click before the range still says that the first one within it is a double click.
    span = {"since": "2026-11-01T11:00:04", "until": "2026-11-01T12:00"}
    assert [row[1:3] for row in told(clicked_lake, "double_clicks", **span)] == [(1, 1)]


def test_a_fast_conversion_takes_less_than_the_time(clicked_lake: MetricsLake) -> None:
    assert told(clicked_lake, "fast_conversions") == [
        ("c1", 2, 1, Decimal("0.5"), Decimal(27), Decimal(7), 2),
        ("c2", 1, 1, Decimal(1), Decimal("2.5"), Decimal("2.5"), 2),
    ]
    (slower,) = told(clicked_lake, "fast_conversions", fast_conversion_ms="1001", most="1")
    assert (slower[2], slower[5]) == (2, Decimal(27))
    assert [row[:2] for row in told(clicked_lake, "fast_conversions", campaign_id="c2")] == [
        ("c2", 1),
    ]  # fmt: skip
    assert told(clicked_lake, "fast_conversions", since="2026-11-01T13:00") == []


def test_fraud_over_time_counts_what_the_others_name(clicked_lake: MetricsLake) -> None:
    assert told(clicked_lake, "click_fraud_over_time") == [
        (utc("10:00"), 16, 5, 2, 2, 1),
        (utc("11:00"), 9, 5, 7, 0, 0),
        (utc("12:00"), 1, 0, 0, 1, 1),
    ]
    strict = {"burst_clicks": "4", "double_click_ms": "999", "fast_conversion_ms": "1001"}
    assert told(clicked_lake, "click_fraud_over_time", bucket="day", **strict) == [
        (DAY, 26, 14, 0, 3, 3),
    ]  # fmt: skip
    span = {"since": "2026-11-01T12:30", "until": "2026-11-01T13:00"}
    assert told(clicked_lake, "click_fraud_over_time", **span) == [(utc("12:00"), 1, 0, 0, 1, 1)]


OCTOBER = {"outlier_by": "platform", "until": "2026-10-02"}
CLICKY = ("clicky", 100, 30, Decimal("0.3"), Decimal("0.1"), Decimal("6.67"))
"""10 of 100 clicks were to be expected, give or take 3."""
SILENT = ("silent", 100, 0, Decimal(0), Decimal("0.1"), Decimal("-3.33"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [(*CLICKY, 1, 3)]),
        ({"sigmas": "3"}, [(*CLICKY, 2, 3), (*SILENT, 2, 3)]),
        ({"sigmas": "3", "most": "1"}, [(*CLICKY, 2, 3)]),
        ({"sigmas": "1", "min_impressions": "101"},
         [("steady", 800, 70, Decimal("0.0875"), Decimal("0.1"), Decimal("-1.18"), 1, 1)]),
        ({"outlier_by": "user", "sigmas": "1"}, []),
        ({"until": "2026-10-01T00:00"}, []),
    ],
)  # fmt: skip
def test_an_outlier_is_far_from_the_ctr_of_all(
    clicked_lake: MetricsLake, given: dict[str, str], expected: list[tuple[Any, ...]]
) -> None:
    assert told(clicked_lake, "ctr_outliers", **{**OCTOBER, **given}) == expected


def test_traffic_without_a_click_has_no_outlier(clicked_lake: MetricsLake) -> None:
    span = {"since": "2026-11-01T10:00:00.001", "outlier_by": "platform"}
    assert told(clicked_lake, "ctr_outliers", **span) == []


def test_recent_duplicates_repeat_an_event_of_an_impression(clicked_lake: MetricsLake) -> None:
    assert only(clicked_lake, "recent_duplicates") == {
        "deliveries": 0, "duplicate_deliveries": 0, "duplicate_share": None,
    }  # fmt: skip

    def row(
        offset: int, minutes: float, event_id: str, impression_id: str, reason: str | None = None
    ) -> tuple[object, ...]:
        arrived = clicked_lake.now - timedelta(minutes=minutes)
        return ("ad_events", 0, offset, arrived, reason, event_id, impression_id)

    clicked_lake.insert("bronze.ad_events", [
        row(0, 1, "e1", "i1"), row(1, 2, "e1", "i1"), row(2, 3, "e1", "i1"),
        row(3, 1, "e1", "i2"), row(4, 1, "e2", "i1"), row(5, 30, "e2", "i1"),
        row(6, 1, "e2", "i1", "BAD_VALUE"),
    ])  # fmt: skip
    assert only(clicked_lake, "recent_duplicates") == {
        "deliveries": 5, "duplicate_deliveries": 2, "duplicate_share": Decimal("0.4"),
    }  # fmt: skip
    wider = only(clicked_lake, "recent_duplicates", minutes="60")
    assert wider["duplicate_share"] == Decimal("0.5")


def test_small_files_are_below_the_size_and_deletes_are_rows(clicked_lake: MetricsLake) -> None:
    mebibyte = 1 << 20
    clicked_lake.run('TRUNCATE TABLE memory.gold."ad_performance_state$files"')
    clicked_lake.insert('gold."ad_performance_state$files"', [
        (0, 900, 64 * mebibyte), (0, 60, 24 * mebibyte), (0, 40, 24 * mebibyte - 1),
        (1, 5, 100), (1, 20, 200), (2, 25, 300),
    ])  # fmt: skip
    clicked_lake.insert('bronze."ad_events$files"', [(0, 10, 1000), (0, 10, 2001)])
    gold, bronze = "gold.ad_performance_state", "bronze.ad_events"
    mean = (112 * mebibyte - 1) // 3
    found = [tuple(row.values()) for row in answer(clicked_lake, "small_files")]
    assert found == [
        (bronze, 2, 2, Decimal(1), 1500, 20, 0, 0, Decimal(0)),
        (gold, 3, 1, Decimal("0.333333333"), mean, 1000, 3, 50, Decimal("0.05")),
    ]
    larger = answer(clicked_lake, "small_files", small_mebibytes="25")
    assert [row["small_files"] for row in larger] == [2, 2]


def test_clicks_to_be_credited_are_repeats_that_are_billed_and_not_credited_yet(
    clicked_lake: MetricsLake,
) -> None:
    clicked_lake.run(
        "CREATE TABLE IF NOT EXISTS memory.gold.spend_ledger (advertiser_id varchar, "
        "click_id varchar, impression_id varchar, event_time timestamp(6) with time zone, "
        "amount decimal(18,6), credit_amount decimal(18,6))"
    )
    for row in (
        ("a1", "p2-0", None, at("10:40"), "2", "0"),
        ("a1", "p2-1", None, at("10:40", 1_000), "2.000001", "0"),
        ("a1", "p3-1", None, at("10:41", 1_001), "2", "0"),
        ("a1", "n1-1", None, at("11:00", 1_000), "1", "1"),
        ("a2", "b2-1", "b2", at("10:00", 9_000), "3", "1"),
        ("a2", "n1-2", "another", at("11:00", 2_000), "1", "0"),
    ):
        clicked_lake.run(
            "INSERT INTO memory.gold.spend_ledger (advertiser_id, click_id, impression_id, "
            "event_time, amount, credit_amount) VALUES (?, ?, ?, ?, CAST(? AS decimal(18,6)), "
            "CAST(? AS decimal(18,6)))",
            row,
        )
    question = bind(sql_text("budgets/flagged_clicks"), {"repeat_ms": 1_000, "row_limit": 9})
    assert list(clicked_lake.client.records(question.replace("lakehouse.", "memory."))) == [
        {"advertiser_id": "a1", "click_id": "p2-1", "amount": "2.000001",
         "event_ms": millis(at("10:40", 1_000))},
        {"advertiser_id": "a2", "click_id": "b2-1", "amount": "3.000000",
         "event_ms": millis(at("10:00", 9_000))},
    ]  # fmt: skip
