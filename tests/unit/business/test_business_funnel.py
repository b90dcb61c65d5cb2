"""Steps of the funnel that the generator makes: what they say, when and how often they come."""

from __future__ import annotations

import json

import pytest

from adlake.business.rules import Judged
from adlake.generator.business_events import (
    ACTIVATION_DELAY_MS,
    ACTIVATION_SHARE,
    COMPLETION_DELAY_MS,
    COMPLETION_SHARE,
    COMPLETION_UNCLICKED_SHARE,
    SHARE_AFTER_COMPLETION_SHARE,
    SHARE_DELAY_MS,
    SHARE_SHARE,
    SIGNUP_DELAY_MS,
    SIGNUP_SHARE,
)
from adlake.generator.draws import Quantiles
from adlake.generator.model import ENGAGED_SHARE
from tests.fixtures.business.runs import Run, orders


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("plain"))
    run.go(orders("none", events=40_000))
    return run


def of_type(run: Run, name: str) -> list[Judged]:
    return [verdict for _, verdict in run.verdicts if verdict.fields.event_type == name]


def impression_of(step: Judged) -> str:
    """The event id of the impression, of whose journey a business event is."""
    return f"i{str(step.fields.event_id).partition('.')[0][1:]}"


def test_steps_of_the_funnel_have_the_campaign_channel_and_region_of_their_impression(
    plain: Run,
) -> None:
    shown = {
        (event := json.loads(value or b""))["event_id"]: event
        for _, value, _ in plain.ads
    }  # fmt: skip
    steps = [one for name in ("SIGNUP", "ACTIVATION", "SHARE", "COMPLETION")
             for one in of_type(plain, name)]  # fmt: skip
    assert len(steps) > 500
    for step in steps:
        seen, fields = shown[impression_of(step)], step.fields
        assert fields.campaign_id == seen["campaign_id"]
        assert fields.channel == seen["channel"]
        assert fields.region == seen.get("region", "unknown").lower()
        assert fields.user_id == seen["user_id"]
        if fields.event_type == "SIGNUP":
            assert fields.impression_id == seen["impression_id"]


def clicked_journeys(run: Run) -> dict[str, int]:
    """Event id of the impression -> when it was first clicked."""
    first: dict[str, int] = {}
    for one in run.ads_by_id.values():
        if one.type_rank == 1:
            journey = f"i{one.event_id[1:].partition('.')[0]}"
            first[journey] = min(one.ts_ms, first.get(journey, one.ts_ms))
    return first


def delays_ms_of(run: Run, name: str, after: str) -> list[int]:
    """From one event to another of its journey; after impressions: where no click came between."""
    clicked = clicked_journeys(run)
    begun = {
        "CLICK": lambda: clicked,
        "SIGNUP": lambda: {impression_of(e): e.fields.ts_ms or 0 for e in of_type(run, "SIGNUP")},
        "IMPRESSION": lambda: {
            one.event_id: one.ts_ms for one in run.ads_by_id.values()
            if one.type_rank == 0 and one.event_id not in clicked
        },
    }[after]()  # fmt: skip
    return sorted(
        (one.fields.ts_ms or 0) - begun[impression_of(one)]
        for one in of_type(run, name)
        if impression_of(one) in begun
    )


@pytest.mark.parametrize(
    ("name", "after", "delays_ms"),
    [
        ("SIGNUP", "CLICK", SIGNUP_DELAY_MS),
        ("ACTIVATION", "SIGNUP", ACTIVATION_DELAY_MS),
        ("COMPLETION", "IMPRESSION", COMPLETION_DELAY_MS),
    ],
)
def test_steps_take_their_time_with_a_long_tail(
    plain: Run, name: str, after: str, delays_ms: Quantiles
) -> None:
    delays = delays_ms_of(plain, name, after)
    # A stamp in seconds is up to a second early, or lets a delay look a second longer.
    assert delays_ms[0][1] - 1_000 <= delays[0]
    assert delays[-1] <= delays_ms[-1][1] + 1_000
    for share, delay_ms in delays_ms[1:-1]:
        expected = len(delays) * share / 10_000
        # Four standard deviations of a binomial count.
        bound = 4 * (expected * (1 - share / 10_000)) ** 0.5
        assert abs(sum(delay <= delay_ms for delay in delays) - expected) < bound, share


def test_shares_come_after_their_impression_and_after_what_was_watched_to_the_end(
    plain: Run,
) -> None:
    delays = delays_ms_of(plain, "SHARE", "IMPRESSION")
    assert len(delays) > 150
    assert delays[0] >= SHARE_DELAY_MS[0][1] - 1_000
    clicked = clicked_journeys(plain)
    watched = {impression_of(one): one for one in of_type(plain, "COMPLETION")}
    both = [
        (watched[impression_of(one)].fields.ts_ms or 0, one.fields.ts_ms or 0)
        for one in of_type(plain, "SHARE")
        if impression_of(one) in watched and impression_of(one) not in clicked
    ]
    assert len(both) > 50
    assert all(ended_ms < shared_ms for ended_ms, shared_ms in both)


def test_the_rates_of_the_funnel_are_those_that_were_meant(plain: Run) -> None:
    ads = plain.ads_by_id.values()
    impressions = sum(one.type_rank == 0 for one in ads)
    clicked = len({one.impression_id for one in ads if one.type_rank == 1})
    signups = len(of_type(plain, "SIGNUP"))
    watched = ENGAGED_SHARE * COMPLETION_UNCLICKED_SHARE
    sharing = ENGAGED_SHARE * (
        1 - COMPLETION_UNCLICKED_SHARE + COMPLETION_UNCLICKED_SHARE * SHARE_AFTER_COMPLETION_SHARE
    )
    expected = {
        "SIGNUP": (clicked, SIGNUP_SHARE),
        "ACTIVATION": (signups, ACTIVATION_SHARE),
        "COMPLETION": (impressions, watched * 0.95 + COMPLETION_SHARE * 0.05),
        "SHARE": (impressions, sharing * 0.95 + SHARE_SHARE * 0.05),
    }
    for name, (cases, rate) in expected.items():
        # Four standard deviations of a binomial count.
        bound = 4 * (cases * rate * (1 - rate)) ** 0.5
        assert abs(len(of_type(plain, name)) - cases * rate) < bound, name
