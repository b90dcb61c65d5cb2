"""A page takes no more memory than its bounds, however much there is in the lake."""

from __future__ import annotations

import itertools
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from adlake.contracts.errors import AdlakeError
from adlake.dashboard import bridge, campaigns, lake, operations, rows
from adlake.dashboard.filters import Choice
from adlake.dashboard.frame import shown_of
from adlake.dashboard.lake import (
    KEPT_SECONDS,
    MOST_AT_ONCE,
    MOST_KEPT,
    AnswerCache,
    Later,
    Sources,
)
from adlake.io.trino.client import QueryResult

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def test_answers_of_minutes_long_past_are_forgotten() -> None:
    now = [0.0]
    cache = AnswerCache(clock=lambda: now[0])
    for minute in range(5_000):
        now[0] = 60.0 * minute
        assert cache.get(("totals", minute), lambda: "answer") == "answer"
    assert len(cache) <= 2


def test_more_answers_than_fit_are_not_kept_and_the_newest_are() -> None:
    cache = AnswerCache(clock=lambda: 0.0)
    numbers = itertools.count()
    for key in range(10 * MOST_KEPT):
        cache.get(key, lambda: next(numbers))
    assert len(cache) <= MOST_KEPT
    newest = 10 * MOST_KEPT - 1
    assert cache.get(newest, lambda: "asked again") == newest


def test_a_page_does_not_wait_for_the_values_of_its_filters() -> None:
    later, go_on, now = Later(clock=lambda: now[0]), threading.Event(), [0.0]
    asked: list[int] = []

    def ask() -> list[dict[str, Any]]:
        asked.append(1)
        assert go_on.wait(10)
        return [{"filter_value": "c1"}]

    assert later.get("values", ask, 300, 0.01) is None
    assert later.get("values", ask, 300, 0) is None
    go_on.set()
    assert later.get("values", ask, 300, 10) == [{"filter_value": "c1"}]
    now[0] = 299.0
    assert later.get("values", ask, 300, 10) == [{"filter_value": "c1"}]
    assert len(asked) == 1


def test_old_values_are_told_until_there_are_newer_ones() -> None:
    later, now, go_on = Later(clock=lambda: now[0]), [0.0], threading.Event()
    old, new = [{"filter_value": "old"}], [{"filter_value": "new"}]
    assert later.get("values", lambda: old, 300, 10) == old
    now[0] = 301.0

    def ask() -> list[dict[str, Any]]:
        assert go_on.wait(10)
        return new

    began = time.monotonic()
    assert later.get("values", ask, 300, 5) == old
    assert time.monotonic() - began < 4
    go_on.set()
    until = time.monotonic() + 10
    while later.get("values", ask, 300, 0.1) != new:
        assert time.monotonic() < until


def test_values_that_could_not_be_had_are_asked_again() -> None:
    later = Later()

    def fail() -> list[dict[str, Any]]:
        raise AdlakeError("away")

    assert later.get("values", fail, 300, 10) is None
    assert later.get("values", lambda: [], 300, 10) == []


def test_one_page_asks_and_the_others_wait_for_its_answer() -> None:
    cache, asked, go_on = AnswerCache(), [], threading.Event()

    def ask() -> str:
        asked.append(1)
        go_on.wait(10)
        return "answer"

    found: list[str] = []
    pages = [threading.Thread(target=lambda: found.append(cache.get("key", ask))) for _ in range(5)]
    for page in pages:
        page.start()
    go_on.set()
    for page in pages:
        page.join(10)
    assert (found, asked) == (["answer"] * 5, [1])


def test_an_answer_is_asked_again_when_it_is_old_and_an_error_is_not_kept() -> None:
    now = [0.0]
    cache = AnswerCache(clock=lambda: now[0])

    def fail() -> str:
        raise ValueError("away")

    with pytest.raises(ValueError, match="away"):
        cache.get("key", fail)
    assert cache.get("key", lambda: "first") == "first"
    assert cache.get("key", lambda: "second") == "first"
    now[0] = KEPT_SECONDS
    assert cache.get("key", lambda: "second") == "second"


@pytest.mark.parametrize(
    ("bucket", "days", "expected"),
    [
        ("minute", 1 / 24, "minute"), ("hour", 1, "hour"), ("hour", 7, "hour"),
        ("day", 30, "day"), ("day", 399, "day"), ("day", 401, "month"),
        ("day", 12 * 365, "month"), ("day", 40 * 365, "year"), ("day", 3_100 * 365, "year"),
        # A clock far ahead must not draw a point for each minute.
        ("minute", 1, "hour"), ("minute", 4_000, "month"),
    ],
)  # fmt: skip
def test_the_bucket_grows_with_the_time_it_has_to_cover(
    bucket: str, days: float, expected: str
) -> None:
    first = datetime(2015, 1, 1, tzinfo=UTC)
    last = first + timedelta(days=days) - timedelta(microseconds=1)
    assert campaigns.bucket_that_fits(bucket, first, last) == expected


def test_an_empty_range_keeps_its_bucket() -> None:
    assert campaigns.bucket_that_fits("hour", None, None) == "hour"


@pytest.mark.parametrize(
    ("bucket", "begin", "end"),
    [
        ("minute", NOW, NOW + timedelta(minutes=1)),
        ("day", NOW.replace(hour=0), datetime(2026, 11, 26, tzinfo=UTC)),
        ("month", datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        ("month", datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ("year", datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)),
        ("year", datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_bucket_ends_where_the_next_begins(bucket: str, begin: datetime, end: datetime) -> None:
    assert campaigns.end_of(begin, bucket) == end


def test_a_table_says_how_many_rows_it_leaves_out() -> None:
    assert shown_of(12, 12, "days", "newest first") == "12 days, newest first."
    assert shown_of(100, 500_000, "rows", "newest first") == (
        "The first 100 of 500,000 rows, newest first."
    )


def test_the_charts_say_how_many_batches_they_leave_out() -> None:
    assert operations.batches_basis([{"batches": 1}]) == operations.BASIS
    basis = operations.batches_basis([{"batches": 1_800}] * 400)
    assert basis.endswith("The newest 400 of 1,800 batches.")


def test_of_many_partitions_those_that_lag_most_are_drawn() -> None:
    lag = {number: number % 100 for number in range(1_000)}
    drawn = operations.largest(lag)
    assert len(drawn) == operations.MOST_PARTITIONS
    assert drawn == sorted(drawn)
    assert {events for _, events in drawn} == {97, 98, 99}
    assert operations.largest({1: 5, 0: 7}) == [(0, 7), (1, 5)]


def test_every_list_a_page_asks_for_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def answers(_self: Sources, requests: dict[str, Any]) -> dict[str, Any]:
        asked.update(requests)
        raise LookupError

    monkeypatch.setattr(Sources, "answers", answers)
    sources = Sources(trino_port=1, kafka_bootstrap="", topics={"ads": "gold.ads"})
    everything = Choice("All")
    for ask in (
        lambda: campaigns.ask_campaigns(sources, everything),
        lambda: operations.ask_operations(sources),
        lambda: bridge.ask_days(sources, everything),
        lambda: bridge.ask_conversions(sources, everything, "NO_CLICK"),
        lambda: rows.ask_rows(sources, everything, "all"),
    ):
        with pytest.raises(LookupError):
            ask()
    lists = (
        "campaign_performance", "campaign_maturity", "batches", "bridge", "bridge_conversions",
        "impressions",
    )  # fmt: skip
    for name in lists:
        assert int(asked[name]["most"]) <= 1_000


def test_no_more_questions_are_asked_at_once_than_trino_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running, most = [0], [0]
    guard = threading.Lock()

    def run(_client: object, _name: str, given: dict[str, str]) -> QueryResult:
        with guard:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with guard:
            running[0] -= 1
        return QueryResult(("n",), iter([(given["n"],)]))

    monkeypatch.setattr(lake, "run_metric", run)
    sources = Sources(trino_port=1, kafka_bootstrap="", topics={})
    pages = [
        threading.Thread(target=sources.answers, args=({"roas": {"n": str(n)}},))
        for n in range(5 * MOST_AT_ONCE)
    ]
    for page in pages:
        page.start()
    for page in pages:
        page.join(10)
    assert 1 < most[0] <= MOST_AT_ONCE


def crowded_page() -> None:
    """The campaigns page over a year of a lake with 500,000 campaigns, as Trino answers it."""
    from datetime import UTC, datetime, timedelta
    from decimal import Decimal

    from adlake.dashboard import campaigns
    from adlake.dashboard.filters import Choice
    from adlake.dashboard.lake import Sources

    first = datetime(2024, 1, 1, tzinfo=UTC)
    sums = {
        "impressions": 500_000, "clicked_impressions": 1, "converted_impressions": 1,
        "spend": Decimal(5), "revenue": Decimal(7), "ctr": Decimal("0.1"), "cvr": Decimal("0.1"),
        "roas": Decimal("1.4"),
    }  # fmt: skip

    class Answers(Sources):
        def kept_values(self, most, kept_seconds, patience):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            return []

        def answers(self, requests):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            known = {
                "performance_totals": [sums | {
                    "attribution_lag_seconds": Decimal(60), "first_hour_at": first,
                    "last_hour_at": first + timedelta(days=500),
                }],
                "campaign_performance": [
                    {"campaign_id": f"c{n}", "campaign_name": None, "channel": None, **sums,
                     "campaigns": 500_000}
                    for n in range(100)
                ],
                "orphan_revenue": [
                    {"orphan_revenue": Decimal(0), "confirmed_orphan_revenue": Decimal(0)}
                ],
                "freshness": [{"last_commit_at": first}],
                "performance_over_time": [
                    {"bucket_at": datetime(2024, month, 1, tzinfo=UTC), **sums,
                     "is_provisional": month > 11}
                    for month in range(1, 13)
                ],
                "maturity": [
                    {"bucket_at": first, "impressions": 500_000, "maturity": Decimal("0.5"),
                     "is_mature": False},
                ],
                "campaign_maturity": [
                    {"campaign_id": "c1", "maturity": Decimal("0.5"), "is_mature": False},
                ],
            }  # fmt: skip
            assert requests.get("performance_over_time", {"bucket": "month"})["bucket"] == "month"
            return {name: known[name] for name in requests}

    everything, answers = Choice("All"), Answers(1, "", {})
    campaigns.draw_numbers(campaigns.ask_numbers(answers, everything), everything)
    campaigns.draw_charts(campaigns.ask_buckets(answers, everything), everything)
    campaigns.draw_table(campaigns.ask_campaigns(answers, everything), everything)


def test_the_page_of_a_crowded_lake_shows_the_largest_and_the_count() -> None:
    shown = AppTest.from_function(crowded_page).run(timeout=60)
    assert not shown.exception
    [table] = shown.dataframe
    assert len(table.value) == campaigns.MOST_CAMPAIGNS
    assert "campaigns" not in table.value.columns
    said = [caption.value for caption in shown.caption]
    assert any("The first 100 of 500,000 campaigns, largest spend first." in t for t in said)
    assert any("50.00 % of the expected conversions are in" in text for text in said)
    assert any("**ROAS** per month" in markdown.value for markdown in shown.markdown)


def page_of_a_lake_that_may_be_slow() -> None:
    """Filters, whose values are known or still asked for, and a number below them."""
    import streamlit as st

    from adlake.dashboard.filters import chosen
    from adlake.dashboard.lake import Sources

    class Answers(Sources):
        def kept_values(self, most, kept_seconds, patience):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            return None if st.session_state["is_slow"] else []

    chosen(Answers(1, "", {}))
    st.metric("Impressions", 1)


def test_numbers_keep_their_place_when_the_values_of_the_filters_come() -> None:
    places = []
    for is_slow in (True, False):
        page = AppTest.from_function(page_of_a_lake_that_may_be_slow)
        page.session_state["is_slow"] = is_slow
        page.run(timeout=60)
        assert not page.exception
        places.append(next(at for at, it in page.main.children.items() if it.type == "metric"))
    assert places[0] == places[1]
