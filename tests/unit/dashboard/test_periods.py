"""The time a page is about, what it is compared with, and how it stands in an address."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from adlake.dashboard.filters import Choice
from adlake.dashboard.periods import ALL, DATES, RANGES, TODAY, period_of

NOW = datetime(2026, 11, 26, 14, 30, 45, tzinfo=UTC)
NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC)


def test_a_rolling_range_is_compared_with_the_same_length_before() -> None:
    period = period_of("24 hours", NOW)
    assert (period.since, period.until) == (utc("25T14:30"), None)
    assert period.before == (utc("24T14:30"), utc("25T14:30"))
    assert period.parameters == {"since": "2026-11-25T14:30:00+00:00"}


def test_today_is_compared_with_the_part_of_yesterday_that_had_elapsed() -> None:
    period = period_of(TODAY, NOW)
    assert (period.since, period.until) == (utc("26T00:00"), utc("27T00:00"))
    assert period.before == (utc("25T00:00"), utc("25T14:30"))
    assert period.in_words == "25 Nov 00:00 to 25 Nov 14:30"


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        # Over: the whole days before.
        (date(2026, 11, 20), date(2026, 11, 21), (utc("18T00:00"), utc("20T00:00"))),
        # Two days, of which one and a half have elapsed.
        (date(2026, 11, 25), date(2026, 11, 26), (utc("23T00:00"), utc("24T12:00"))),
        # Not begun.
        (date(2026, 11, 29), date(2026, 11, 29), (utc("28T00:00"), utc("28T00:00"))),
    ],
)
def test_days_are_compared_with_as_many_before_as_far_as_they_elapsed(
    first: date, last: date, before: tuple[datetime, datetime]
) -> None:
    period = period_of(DATES, NOON, (first, last))
    assert period.before == before
    assert period.until is not None
    assert period.until - timedelta(days=1) == datetime.combine(last, NOW.min.time(), UTC)


def test_everything_has_nothing_before() -> None:
    period = period_of(ALL, NOW)
    assert (period.parameters, period.before) == ({}, None)
    assert period.in_words == "no period before"


def test_every_range_is_known() -> None:
    days = (date(2026, 11, 1), date(2026, 11, 20))
    assert [period_of(name, NOW, days).name for name in RANGES] == list(RANGES)
    assert period_of(DATES, NOW, days).bucket == "day"
    assert period_of(DATES, NOW, days[:1]).bucket == "hour"


def test_a_choice_stands_in_the_address_of_the_rows() -> None:
    choice = Choice("7 days", values=(("campaign_id", "c&1"), ("platform", "web")))
    assert choice.address("rows", only="converted") == (
        "rows?range=7+days&campaign_id=c%261&platform=web&only=converted"
    )
    assert Choice().address("rows", campaign_id="c2") == "rows?campaign_id=c2"
    days = Choice(DATES, (date(2026, 11, 1), date(2026, 11, 3)))
    assert days.query() == {"range": "Dates", "from": "2026-11-01", "to": "2026-11-03"}
    assert choice.parameters(NOW) == {
        "since": "2026-11-19T14:30:00+00:00", "campaign_id": "c&1", "platform": "web",
    }  # fmt: skip
    assert choice.parameters_before(NOW)["until"] == "2026-11-19T14:30:00+00:00"
