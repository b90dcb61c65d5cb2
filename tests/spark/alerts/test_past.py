"""Judging only what is new, from what was remembered of the past, says what judging all says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from typing import NamedTuple

import pytest
from pyspark.sql import SparkSession

from adlake.alerts.contract import Rule
from adlake.alerts.plain import DistinctEvent
from adlake.alerts.rule_rows import RuleRow
from adlake.alerts.series import HOUR_MS, WEEK_MS
from adlake.alerts.spark_moments import Moments
from adlake.alerts.spark_past import Judged, Past, judge, no_past, past_of
from adlake.contracts.tables import ALERT_INCIDENTS, ALERTS_LOG
from adlake.contracts.windows import FINAL_MS, WINDOW_MS
from adlake.io.spark.lineage import FrozenFrames, frozen_frames
from tests.fixtures.alerts.stories import AT_TEN, MINUTE_MS, STORIES, some, weeks
from tests.fixtures.alerts.tables import Story
from tests.spark.alerts.test_log import assert_same, expected, frame, made, rows_of

pytestmark = pytest.mark.spark


class Built(NamedTuple):
    """What one build came to."""

    judged: Judged
    past: Past
    frozen: FrozenFrames


def as_of(story: Story, until_ms: int) -> Story:
    """What had arrived until then."""
    known = [one for one in story.events if one.arrived_ms <= until_ms]
    return replace(story, events=known, until_ms=until_ms)


@contextmanager
def built(spark: SparkSession, story: Story, moments: Sequence[int]) -> Iterator[Judged]:
    """The story told up to each of the moments; the last build is handed out."""
    past, kept = no_past(spark), FrozenFrames()
    for number, until_ms in enumerate(moments):
        now = as_of(story, until_ms)
        frames = {name: frame(spark, name, rows) for name, rows in now.rows().items()}
        # As late as it may be: every verdict on the windows before has come.
        next_ms = max(past.from_ms, (until_ms - FINAL_MS) // HOUR_MS * HOUR_MS)
        steps = Moments(until_ms, past.from_ms, next_ms)
        with frozen_frames() as frozen:
            judged = judge(frames, steps, past, frozen)
            assert judged is not None
            if number == len(moments) - 1:
                yield judged
                break
            taken = FrozenFrames()
            past = past_of(judged, steps, past, taken)
            kept.release()
            kept = taken
    kept.release()


def told(judged: Judged) -> dict[str, list[dict[str, object]]]:
    tables = judged.tables
    return {ALERTS_LOG: rows_of(tables.alerts), ALERT_INCIDENTS: rows_of(tables.incidents)}


def some_moments(story: Story, seed: int, count: int) -> list[int]:
    """In order, from the first day to the end."""
    dice, begin = Random(seed), min(one.event_ms for one in story.events)
    found = [dice.randrange(begin + HOUR_MS, story.until_ms) for _ in range(count)]
    return [*sorted(found), story.until_ms]


SEEDED = [name for name in STORIES if name != "worked"]
CROWDED = {"seed 1", "seed 5", "seed 7", "seed 8", "seed 10"}
"""Ten thousand events and more in the first hours."""


def first_hours(story: Story) -> Story:
    """Of two campaigns, one of which falls and rises for all that time."""
    end_ms = min(one.event_ms for one in story.events) + 20 * HOUR_MS
    events = [one for one in story.events if one.campaign_id in ("a", "c")]
    known = [one for one in events if one.event_ms < end_ms]
    return replace(story, events=known, until_ms=end_ms + 2 * HOUR_MS)


def assert_equal_to_whole(spark: SparkSession, story: Story, moments: Sequence[int]) -> None:
    whole = made(spark, story)
    assert whole[ALERTS_LOG]
    with built(spark, story, moments) as judged:
        assert_same(told(judged), whole)


@pytest.mark.chaos
@pytest.mark.parametrize("name", sorted({*SEEDED} - CROWDED))
def test_builds_of_some_hours_at_any_moments_say_what_one_at_the_end_says(
    spark: SparkSession, name: str
) -> None:
    story = first_hours(STORIES[name]())
    assert_equal_to_whole(spark, story, some_moments(story, 7, 5))


@pytest.mark.chaos
@pytest.mark.parametrize("name", SEEDED)
def test_builds_of_some_weeks_at_any_moments_say_what_one_at_the_end_says(
    spark: SparkSession, name: str
) -> None:
    story = STORIES[name]()
    assert_equal_to_whole(spark, story, some_moments(story, 7, 4))


@pytest.mark.chaos
def test_the_usual_rate_goes_on_from_week_to_week(spark: SparkSession) -> None:
    story = Story(weeks(), AT_TEN + 3 * HOUR_MS)
    kinds = {row["baseline_kind"] for row in expected(story)[ALERTS_LOG] if row["rule"] == "B"}
    assert kinds == {"hour_of_week"}
    moments = [AT_TEN + 2 * HOUR_MS - number * WEEK_MS for number in (2, 1)]
    assert_equal_to_whole(spark, story, [*moments, story.until_ms])


def about_eleven(campaign: str, counts: Sequence[int]) -> list[DistinctEvent]:
    """Impressions of windows from 8:00 on, four of 10:50 so late that its alert is withdrawn."""
    begin = AT_TEN - 2 * HOUR_MS
    events = [
        one
        for number, count in enumerate(counts)
        for one in some("impressions", count, begin + number * WINDOW_MS)
    ]
    late = some("impressions", 4, AT_TEN + 10 * WINDOW_MS, late_ms=35 * MINUTE_MS)
    return [replace(one, campaign_id=campaign) for one in (*events, *late)]


def test_incidents_about_the_last_verdict_on_remembered_windows(spark: SparkSession) -> None:
    """What is remembered at 11:06 ends at 10:00, and its last verdict came at 11:00."""
    # The alert of 10:50 is withdrawn at 11:55; that of 10:05, or 9:35, came and went before.
    after = [6] * 25 + [2] + [6] * 8 + [2] + [4] * 17 + [6] * 8
    before = [6] * 19 + [2] + [6] * 4 + [4] * 10 + [2] + [4] * 17 + [6] * 8
    events = about_eleven("after", after) + about_eleven("before", before)
    floor = RuleRow("floor", Rule.COUNT_FLOOR, "impressions", threshold=4.0)
    story = Story(events, AT_TEN + 150 * MINUTE_MS, (floor,))
    wanted = expected(story)
    states = sorted(str(one["state"]) for one in wanted[ALERT_INCIDENTS])
    assert states == ["resolved", "resolved", "withdrawn", "withdrawn"]
    moments = [AT_TEN + minutes * MINUTE_MS for minutes in (66, 97)]
    with built(spark, story, [*moments, story.until_ms]) as judged:
        assert_same(told(judged), wanted)
