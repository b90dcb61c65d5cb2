"""Serving, spend and budgets of advertisers on real Trino, against answers computed by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.trino.budget_rows import insert_advertisers
from tests.fixtures.trino.metrics_lake import MetricsLake, Snapshot, answer, only, utc

pytestmark = pytest.mark.integration

NOON = "2026-11-01T12:00"


@pytest.fixture(scope="module")
def advertised(lake: MetricsLake) -> MetricsLake:
    insert_advertisers(lake)
    return lake


def money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def test_advertisers_stand_as_they_do_at_a_moment(advertised: MetricsLake) -> None:
    rows = answer(advertised, "advertisers", as_of=NOON)
    assert [(row["advertiser_id"], row["advertisers"]) for row in rows] == [
        ("a2", 3), ("a1", 3), ("a3", 3),
    ]  # fmt: skip
    bo, ada, third = rows
    flags = [(row["can_serve"], row["since"], row["cause"], row["status"]) for row in rows]
    assert flags == [
        (True, utc("2026-10-31T12:00"), "FIRST_SEEN", "ACTIVE"),
        # The flip of midnight lies ahead.
        (False, utc("10:30"), "SPEND", "ACTIVE"),
        (False, utc("11:00"), "FIRST_SEEN", "PAUSED"),
    ]
    assert (ada["advertiser"], ada["budget_value"], ada["period"]) == ("Ada", 1_200, "DAILY")
    assert (ada["period_start"], ada["period_end"]) == (utc("00:00"), utc("2026-11-02T00:00"))
    assert [ada[name] for name in ("gross_spend", "valid_spend", "net_spend", "clicks")] == [
        12, 8, Decimal("7.25"), 4,
    ]  # fmt: skip
    assert ada["remaining"] == 1_192
    # Not that of the flip: what the last whole minutes brought.
    assert [row["reserve"] for row in rows] == [money("0.0018"), money("2.56"), 0]
    assert (ada["spent_share"], ada["pacing"]) == (money("0.006666667"), money("0.013333334"))
    # November of New York begins at four and is an hour longer; what was spent before is not its.
    assert (bo["period_start"], bo["period_end"]) == (utc("04:00"), utc("2026-12-01T05:00"))
    assert (bo["time_zone"], bo["valid_spend"], bo["remaining"]) == ("America/New_York", 20, 480)
    assert (bo["spent_share"], bo["pacing"]) == (money("0.04"), money("3.605"))
    assert third["advertiser"] == "Cy", "of a state, where no click was billed"
    assert [third[name] for name in ("budget_value", "remaining", "spent_share", "pacing")] == [
        None, None, None, None,
    ]  # fmt: skip


def test_one_advertiser_and_none(advertised: MetricsLake) -> None:
    one = only(advertised, "advertisers", advertiser_id="a1", as_of="2026-11-01T10:06")
    assert (one["can_serve"], one["budget_value"], one["advertisers"]) == (True, 900, 1)
    newest = only(advertised, "advertisers", advertiser_id="a1", as_of="2026-11-01T12:01:59.999")
    assert newest["reserve"] == money("21.848")
    later = only(advertised, "advertisers", advertiser_id="a1", as_of="2026-11-02T00:00")
    assert later["reserve"] == 0
    assert (later["can_serve"], later["valid_spend"], later["pacing"]) == (True, 0, None)
    assert len(answer(advertised, "advertisers", as_of=NOON, most="1")) == 1
    for nobody in ({"advertiser_id": "x' OR '1'='1"}, {"as_of": "2026-10-01T00:00"}):
        assert answer(advertised, "advertisers", **nobody) == []


def spend(lake: MetricsLake, bucket: str, **given: str) -> list[dict[str, Any]]:
    return answer(lake, "advertiser_spend", **{"bucket": bucket, "as_of": NOON} | given)


def test_spend_is_cut_into_days_and_months_of_the_zone(advertised: MetricsLake) -> None:
    def told(bucket: str, **given: str) -> list[tuple[Any, ...]]:
        return [
            (row["bucket_start"], row["bucket_end"], row["local_day"], row["valid_spend"])
            for row in spend(advertised, bucket, advertiser_id="a2", **given)
        ]

    first = (utc("04:00"), utc("2026-11-02T05:00"), date(2026, 11, 1), 20)
    last = (utc("2026-10-31T04:00"), utc("04:00"), date(2026, 10, 31), 7)
    assert told("day") == [first, last]
    assert told("month") == [
        (utc("04:00"), utc("2026-12-01T05:00"), date(2026, 11, 1), 20),
        (utc("2026-10-01T04:00"), utc("04:00"), date(2026, 10, 1), 7),
    ]
    hour = timedelta(hours=1)
    assert told("hour") == [
        (utc(at), utc(at) + hour, None, spent) for at, spent in (("05:00", 20), ("03:00", 7))
    ]
    # A day that a bound cuts is whole; one that ends there is not meant.
    assert told("day", since="2026-11-01T04:00") == [first]
    assert told("day", since="2026-11-01T23:00") == [first]
    assert told("day", until="2026-11-01T04:00") == [last]
    assert told("day", most="1") == [first]


def test_a_bucket_has_the_budget_of_its_end_and_the_average_of_its_time(
    advertised: MetricsLake,
) -> None:
    [hour] = spend(advertised, "hour", advertiser_id="a1")
    assert [hour[name] for name in ("budget_value", "period", "can_serve", "clicks")] == [
        1_200, "DAILY", False, 4,
    ]  # fmt: skip
    assert (hour["average_budget"], hour["overdelivery_amount"]) == (
        money("1133.333333"), money("0.75"),
    )  # fmt: skip
    [going_on] = spend(advertised, "hour", advertiser_id="a1", as_of="2026-11-01T10:06")
    assert (going_on["budget_value"], going_on["can_serve"]) == (900, True)
    [month] = spend(advertised, "month", advertiser_id="a2", until="2026-11-01T00:00")
    assert (month["average_budget"], month["budget_value"], month["can_serve"]) == (500, 500, True)
    assert {row["buckets"] for row in spend(advertised, "day")} == {3}


def test_budgets_of_one_come_newest_first(advertised: MetricsLake) -> None:
    rows = answer(advertised, "advertiser_budgets", advertiser_id="a1")
    assert [(row["budget_value"], row["start_ts"], row["end_ts"]) for row in rows] == [
        (1_200, utc("10:15"), None), (900, utc("10:05"), utc("10:15")),
        (1_000, utc("09:50"), utc("10:05")),
    ]  # fmt: skip
    assert [row["is_current"] for row in rows] == [True, False, False]
    assert (rows[0]["budgets"], len(answer(advertised, "advertiser_budgets"))) == (3, 4)
    assert len(answer(advertised, "advertiser_budgets", most="1")) == 1


def test_flips_come_newest_first_and_those_ahead_when_asked_for(advertised: MetricsLake) -> None:
    def told(**given: str) -> list[str]:
        return [row["flip_id"] for row in answer(advertised, "serving_flips", **given)]

    assert told(until=NOON) == ["a3-1", "a1-2", "a1-1", "a2-1"]
    assert told(until="2026-11-03T00:00", advertiser_id="a1") == ["a1-3", "a1-2", "a1-1"]
    assert told(until=NOON, since="2026-11-01T10:30", cause="SPEND") == ["a1-2"]
    assert told(until="2026-11-01T10:30", since="2026-11-01T09:50") == ["a1-1"]
    newest = answer(advertised, "serving_flips", until=NOON, most="1")
    assert [(row["flip_id"], row["flips"]) for row in newest] == [("a3-1", 4)]


def test_data_are_as_old_as_the_newest_stamp(advertised: MetricsLake) -> None:
    def told() -> dict[str, Any]:
        return {row["part"]: row["as_of"] for row in answer(advertised, "data_as_of")}

    assert told() == {"budgets": None, "customers": None}
    stamps = {
        "gold.spend_ledger": "adlake.source-snapshot", "gold.customer_360": "adlake.next-offsets",
    }  # fmt: skip
    for number, (table, stamp) in enumerate(stamps.items()):
        advertised.add_snapshot(table, Snapshot(10 * number, 60 + number, {stamp: "1"}))
        # Files were merged: that brings nothing up to date.
        advertised.add_snapshot(table, Snapshot(10 * number + 1, 5, {"operation": "replace"}))
        advertised.add_snapshot(table, Snapshot(10 * number + 2, 1, {stamp: "2"}, False))
    now = advertised.now
    assert told() == {
        "budgets": now - timedelta(seconds=60), "customers": now - timedelta(seconds=61),
    }  # fmt: skip
