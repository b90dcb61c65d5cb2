"""What the keeper remembers of past windows is used only while those are as they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path
from typing import Final

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from adlake.alerts.build import Built, build_alerts
from adlake.alerts.contract import JUDGED_DAYS, Segment
from adlake.alerts.fingerprint import TIMES, Fingerprint, compared
from adlake.alerts.memory import Memory
from adlake.alerts.plain import CampaignVersion, DistinctEvent
from adlake.alerts.rule_rows import DEFAULT_ROWS, FOREVER_MS, RuleRow
from adlake.alerts.series import HOUR_MS
from adlake.alerts.spark_moments import EVER, Moments
from adlake.contracts.law import DAY_MS
from adlake.contracts.registry import spec_of
from adlake.contracts.tables import (
    ALERT_INCIDENTS,
    ALERT_RULES,
    ALERTS_LOG,
    CATALOG,
    DIM_CAMPAIGNS,
    FUNNEL_EVENTS,
    GOLD_WINDOWS,
)
from adlake.contracts.windows import WINDOW_MS
from adlake.maintenance.folding import fold
from tests.fixtures.alerts.filled import append, filled
from tests.fixtures.alerts.rows import Row, campaign_rows, funnel_rows, rollup_rows, rule_rows
from tests.fixtures.alerts.stories import AT_TEN, MINUTE_MS, shown, some
from tests.fixtures.alerts.tables import Story
from tests.fixtures.sessions import lake_at
from tests.spark.alerts.test_log import assert_same, expected, frame, rows_of

pytestmark = pytest.mark.spark

BEGIN: Final = AT_TEN - 30 * HOUR_MS
CAMPAIGNS: Final = (CampaignVersion("falls", BEGIN, FOREVER_MS, "push"),)


def of(campaign: str, events: Sequence[DistinctEvent]) -> list[DistinctEvent]:
    return [replace(one, campaign_id=campaign) for one in events]


def a_day() -> list[DistinctEvent]:
    """Thirty-six hours: a rate that falls, rises, and falls again; a campaign that falls silent."""
    before = (AT_TEN - BEGIN) // WINDOW_MS
    falls = shown(6, [2] * before + [0] * 9 + [3] * 10 + [0] * 30 + [2] * 24, BEGIN)
    silent = shown(5, [1] * (before + 6), BEGIN) + shown(5, [1] * 6, AT_TEN + 5 * HOUR_MS)
    signups = (some("signups", 1, BEGIN + n * WINDOW_MS) for n in range(0, before, 9))
    funnel = [replace(one, region="unknown") for one in chain(*signups)]
    return of("falls", falls) + of("silent", silent) + of("falls", funnel)


class Lake:
    """Tables that grow as the stream would have them grow, and a keeper's memory."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.session = lake_at(spark, folder / "warehouse")
        self.memory = Memory()
        self.story = Story([], 0, campaigns=CAMPAIGNS)
        self.describe()

    def tell(self, events: Sequence[DistinctEvent], until_ms: int) -> None:
        """Append what these events change."""
        before = len(self.story.events)
        self.story = replace(self.story, events=[*self.story.events, *events], until_ms=until_ms)
        self._append(GOLD_WINDOWS, rollup_rows(events))
        rows = funnel_rows(events)
        self._append(FUNNEL_EVENTS, [one | {"event_id": f"{before} {one}"} for one in rows])

    def describe(self) -> None:
        """Write campaigns and rules as the story has them."""
        for name, rows in (
            (DIM_CAMPAIGNS, campaign_rows(self.story.campaigns)),
            (ALERT_RULES, rule_rows(self.story.rules)),
        ):
            told = filled(frame(self.session, name, rows), name)
            told.writeTo(f"{CATALOG}.{name}").overwrite(F.lit(True))

    def build(self) -> Built:
        """As the keeper does."""
        return build_alerts(self.session, self.story.until_ms, None, self.memory)

    def checked(self) -> Built:
        """Build; what is written is what plain Python says of everything that was told."""
        built = self.build()
        stored = {
            name: rows_of(self.session.table(f"{CATALOG}.{name}"))
            for name in (ALERTS_LOG, ALERT_INCIDENTS)
        }
        assert_same(stored, expected(self.story))
        return built

    def _append(self, name: str, rows: Sequence[Row]) -> None:
        if rows:
            append(frame(self.session, name, rows), name)


def events_until(events: Sequence[DistinctEvent], first: int, end: int) -> list[DistinctEvent]:
    return [one for one in events if first <= one.arrived_ms < end]


@pytest.mark.chaos
def test_only_new_windows_are_judged_until_a_past_one_changes(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake, events = Lake(spark, tmp_path), a_day()
    moments = [AT_TEN + minutes * MINUTE_MS for minutes in (7, 190, 300, 400)]
    lake.tell(events_until(events, 0, moments[0]), moments[0])
    assert lake.checked().is_whole

    # Files are folded, and what comes too late changes no count that was looked at.
    late = some("impressions", 5, BEGIN, late_ms=20 * HOUR_MS)
    fold(lake.session, spec_of(GOLD_WINDOWS), fewest_files=1)
    lake.tell([*of("falls", late), *events_until(events, *moments[:2])], moments[1])
    built = lake.checked()
    assert not built.is_whole
    assert built.words.endswith(" windows judged")

    # The first content of an event of an old window turns out to be another one.
    lake.tell(of("falls", some("clicks", 1, BEGIN + 5 * HOUR_MS)), moments[1] + MINUTE_MS)
    assert lake.checked().is_whole
    # With a sum of rule B and a silence that go on from before the windows that are judged.
    for begin_ms, end_ms in pairwise(moments[1:]):
        lake.tell(events_until(events, begin_ms, end_ms), end_ms)
        assert not lake.checked().is_whole


Change = Callable[[Story], Story]


def more(name: str, window_ms: int, late_ms: int) -> Change:
    return lambda story: replace(
        story,
        events=[*story.events, *of("falls", some(name, 1, window_ms, late_ms=late_ms))],
    )


def ruled(*added: RuleRow) -> Change:
    return lambda story: replace(story, rules=(*story.rules, *added))


def ended(at_ms: int) -> Change:
    """A rule of every campaign is no more in force from then on."""
    return lambda story: replace(story, rules=(replace(LOW, valid_to_ms=at_ms), *story.rules[1:]))


def paused(from_ms: int) -> Change:
    """The campaign is paused from then on."""
    first = CAMPAIGNS[0]
    return lambda story: replace(
        story,
        campaigns=(
            replace(first, end_ms=from_ms),
            replace(first, start_ms=from_ms, status="PAUSED"),
        ),
    )


def without_a_signup(story: Story) -> Story:
    signups = [one for one in story.events if one.name == "signups"]
    return replace(story, events=[one for one in story.events if one is not signups[3]])


FROM: Final = AT_TEN - 2 * HOUR_MS
LOW: Final = DEFAULT_ROWS[0]
CHANGES: Final[Mapping[str, tuple[Change, bool]]] = {
    "nothing": (lambda story: story, True),
    "what came too late": (more("clicks", BEGIN, 61 * MINUTE_MS), True),
    "a later window": (more("clicks", FROM, 0), True),
    "a rule from now on": (
        ruled(replace(LOW, rule_id="x", campaign_id="falls", valid_from_ms=FROM)), True,
    ),
    "a rule that ends now": (ended(FROM), True),
    "a rule that ended before": (ended(FROM - 1), False),
    "a campaign that is paused now": (paused(FROM), True),
    "a click in time": (more("clicks", FROM - WINDOW_MS, 59 * MINUTE_MS), False),
    "a signup in time": (more("signups", FROM - WINDOW_MS, 59 * MINUTE_MS), False),
    "a signup less": (without_a_signup, False),
    "a rule for a past window": (
        ruled(replace(LOW, rule_id="x", campaign_id="falls", valid_from_ms=FROM - 1)), False,
    ),
    "a rule for channels": (
        ruled(replace(LOW, rule_id="x", segment=Segment.CHANNEL, valid_from_ms=FROM)), False,
    ),
    "a campaign that was paused before": (paused(FROM - 1), False),
}  # fmt: skip


def test_each_change_of_what_a_past_window_was_judged_by_is_noticed(spark: SparkSession) -> None:
    story = Story(a_day(), AT_TEN, campaigns=CAMPAIGNS)

    def looked(change: Change, before: Fingerprint | None) -> tuple[bool, Fingerprint]:
        rows = change(story).rows()
        frames = {name: frame(spark, name, each) for name, each in rows.items()}
        # Another file each time, of which nobody knows what it holds.
        files = {name: {str(before is None): None} for name in TIMES}
        moments = Moments(AT_TEN, EVER if before is None else FROM, FROM)
        return compared(frames, files, moments, before)

    _, before = looked(lambda story: story, None)
    found = {name: looked(change, before)[0] for name, (change, _) in CHANGES.items()}
    assert found == {name: is_same for name, (_, is_same) in CHANGES.items()}


def test_days_whose_files_stayed_are_not_read_again(spark: SparkSession) -> None:
    story = Story(a_day(), AT_TEN, campaigns=CAMPAIGNS)
    frames = {name: frame(spark, name, each) for name, each in story.rows().items()}
    files = {name: {"old": BEGIN, "new": FROM} for name in TIMES}
    _, before = compared(frames, files, Moments(AT_TEN, EVER, FROM), None)
    assert len({day for _, day in before.sums}) == 3
    gone = {
        name: rows.where(f"{TIMES[name]} >= timestamp_millis({FROM - FROM % DAY_MS}L)")
        if name in TIMES else rows
        for name, rows in frames.items()
    }  # fmt: skip
    later = Moments(AT_TEN + HOUR_MS, FROM, FROM + HOUR_MS)
    is_same, after = compared(gone, files, later, before)
    assert is_same
    _, whole = compared(frames, files, Moments(AT_TEN + HOUR_MS, EVER, FROM + HOUR_MS), None)
    assert after == whole
    # A file that came or went is read, as far back as its rows go.
    for changed in ({"new": FROM}, {"old": BEGIN, "new": FROM, "more": BEGIN}):
        files_now = dict.fromkeys(TIMES, changed)
        assert not compared(gone, files_now, later, before)[0]


@pytest.mark.chaos
@pytest.mark.chaos
def test_a_campaign_that_had_ended_and_is_back_is_judged_whole(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    back_ms = AT_TEN + (JUDGED_DAYS + 1) * DAY_MS
    others = of("goes on", shown(20, [1] * 12, back_ms - 5 * HOUR_MS))
    lake.tell(of("falls", shown(20, [1] * 3)), AT_TEN + HOUR_MS)
    lake.tell(others, back_ms)
    assert lake.build().is_whole
    lake.tell(of("goes on", shown(20, [1] * 3, back_ms)), back_ms + HOUR_MS)
    assert not lake.build().is_whole
    lake.tell(of("falls", shown(20, [1] * 3, back_ms + HOUR_MS)), back_ms + 2 * HOUR_MS)
    assert lake.checked().is_whole
