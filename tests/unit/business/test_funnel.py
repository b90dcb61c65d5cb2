"""Events of the funnel count once, by their smallest content, in the window of their own time."""

from __future__ import annotations

import random

import pytest

from adlake.business.contract import CONTENT_FIELDS, FUNNEL_COLUMNS, FUNNEL_TYPES, BusinessType
from adlake.business.funnel import FunnelEvent, FunnelWindow, funnel_events, funnel_windows
from adlake.contracts.registry import spec_of
from adlake.contracts.tables import FUNNEL_EVENTS
from adlake.settings import REPO_ROOT
from tests.fixtures.business.case import INGEST_MS, event
from tests.fixtures.business.funnel import HOUR_MS, MINUTE_MS, START_MS, judged, random_steps, step
from tests.fixtures.business.mutations import Delivery

T = BusinessType
SIGNUPS, ACTIVATIONS = 10, 4


def events_of(*deliveries: Delivery) -> list[FunnelEvent]:
    return funnel_events(judged(deliveries))


def windows_of(*deliveries: Delivery) -> list[FunnelWindow]:
    return list(funnel_windows(events_of(*deliveries)).values())


def test_the_smallest_content_counts_with_its_own_first_arrival() -> None:
    late, early = START_MS + 1, START_MS
    sent = (
        step(T.SIGNUP, "e", late, INGEST_MS),
        step(T.SIGNUP, "e", early, INGEST_MS + 9, channel="b"),
        step(T.SIGNUP, "e", early, INGEST_MS + 7, channel="b"),
        step(T.SIGNUP, "e", early, INGEST_MS + 3, channel="c"),
        step(T.SIGNUP, "e", early, INGEST_MS + 8, channel="b"),
    )
    [one] = events_of(*sent)
    assert (one.event_ms, one.channel, one.first_ingest_ms) == (early, "b", INGEST_MS + 7)


@pytest.mark.parametrize("seed", range(5))
def test_neither_order_nor_repeats_nor_parts_change_an_event(seed: int) -> None:
    sent = judged(random_steps(seed, 300))
    expected = sorted(funnel_events(sent), key=repr)
    assert 100 < len(expected) < len(sent) / 2
    shuffled = [*sent, *sent]
    random.Random(seed).shuffle(shuffled)
    assert sorted(funnel_events(shuffled), key=repr) == expected
    assert sorted(funnel_events(reversed(sent)), key=repr) == expected


def test_an_id_counts_once_in_each_type_and_never_in_others() -> None:
    sent = [(event(one), b"k", INGEST_MS) for one in T]
    found = {(one.event_type, one.event_id) for one in events_of(*sent, *sent)}
    assert found == {(str(one), "ev-1") for one in FUNNEL_TYPES}


def test_what_is_refused_counts_nowhere() -> None:
    assert events_of((event(T.SHARE, user_id=""), b"k", INGEST_MS)) == []


def test_an_impression_is_told_by_a_signup_alone() -> None:
    told = {
        one.event_type: one.impression_id
        for one in events_of(
            *((event(t, impression_id="imp-9"), b"k", INGEST_MS) for t in FUNNEL_TYPES)
        )
    }
    assert told == {"SIGNUP": "imp-9", "ACTIVATION": None, "SHARE": None, "COMPLETION": None}


def test_a_window_holds_its_start_and_not_its_end() -> None:
    window = 5 * MINUTE_MS
    sent = [step(T.SHARE, f"e{at}", START_MS + at) for at in (-1, 0, window - 1, window)]
    found = funnel_windows(events_of(*sent))
    assert {grain[3] - START_MS: one.shares for grain, one in found.items()} == {
        -window: 1, 0: 2, window: 1,
    }  # fmt: skip


def test_p6_an_event_is_late_when_it_first_arrives_over_an_hour_after_its_window() -> None:
    limit = START_MS + 5 * MINUTE_MS + HOUR_MS
    on_time = step(T.SIGNUP, "a", START_MS, limit)
    late = step(T.SIGNUP, "b", START_MS, limit + 1)
    again = step(T.SIGNUP, "a", START_MS, limit + 2)
    [window] = windows_of(on_time, late, again)
    assert (window.signups, window.late_events, window.last_updated_ms) == (2, 1, limit + 1)


def test_p1_p2_counts_of_an_hour_are_sums_of_its_windows() -> None:
    def sent(event_type: BusinessType, count: int) -> list[Delivery]:
        of = {"campaign_id": "camp_1", "channel": "search"}
        return [
            step(event_type, f"{event_type}-{n}", START_MS + n * MINUTE_MS, **of)
            for n in range(count)
        ]

    found = funnel_windows(events_of(*sent(T.SIGNUP, SIGNUPS), *sent(T.ACTIVATION, ACTIVATIONS)))
    assert {grain[:2] for grain in found} == {("camp_1", "search")}
    assert [one.signups for one in found.values()] == [5, 5]
    assert sum(one.activations for one in found.values()) == ACTIVATIONS


def test_p5_channels_stand_beside_each_other_and_sum_to_the_campaign() -> None:
    sent = [
        step(T.SIGNUP, f"{channel}-{n}", START_MS, channel=channel)
        for channel, count in (("email", 2), (" PUSH", 6))
        for n in range(count)
    ]
    found = {grain[1]: one.signups for grain, one in funnel_windows(events_of(*sent)).items()}
    assert found == {"email": 2, "push": 6}


def test_the_types_of_the_funnel_are_alike_but_for_the_impression() -> None:
    for one in FUNNEL_TYPES:
        assert {*CONTENT_FIELDS[one], "impression_id"} == set(CONTENT_FIELDS[T.SIGNUP])


def test_the_table_has_the_columns_of_the_contract() -> None:
    text = (REPO_ROOT / "sql" / "ddl" / "gold" / "funnel_events.sql").read_text()
    columns = [
        line.split()[0] for line in text.splitlines() if line.startswith("  ") and line[2] != "'"
    ]
    assert tuple(columns) == FUNNEL_COLUMNS
    assert spec_of(FUNNEL_EVENTS).key == FUNNEL_COLUMNS[:2]
