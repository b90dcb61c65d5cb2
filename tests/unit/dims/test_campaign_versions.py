"""Versions of campaigns from the set of their updates, worked by hand, and their invariants."""

from __future__ import annotations

import random

import pytest

from adlake.dims.rules import Update, admit
from adlake.dims.versions import campaign_key, versions_of
from tests.fixtures.dims.updates import CASES, INGEST_MS, TS_MS, random_updates


def said(event: str, at: int, campaign: str = "c", **attributes: object) -> Update:
    return Update(event, "CAMPAIGN_UPDATE", campaign, at, **attributes)  # type: ignore[arg-type]


def shown(*updates: Update) -> list[tuple[object, ...]]:
    """(campaign, name, budget, status, start, end) of each version."""
    return [
        (one.campaign_id, one.attributes[0], one.attributes[5], one.attributes[6], one.start_ms,
         one.end_ms)
        for one in versions_of(updates)
    ]  # fmt: skip


CREATED = said("e1", 10, name="Spring", budget_micros=5)
PAUSED = said("e2", 30, status="PAUSED")
RAISED = said("e3", 20, budget_micros=9)


def test_a_version_holds_until_the_next_one_begins() -> None:
    assert shown(CREATED, PAUSED) == [
        ("c", "Spring", 5, "ACTIVE", 10, 30),
        ("c", "Spring", 5, "PAUSED", 30, None),
    ]


def test_a_late_update_goes_between_and_what_came_after_keeps_what_it_said() -> None:
    expected = [
        ("c", "Spring", 5, "ACTIVE", 10, 20),
        ("c", "Spring", 9, "ACTIVE", 20, 30),
        ("c", "Spring", 9, "PAUSED", 30, None),
    ]
    assert shown(PAUSED, CREATED, RAISED, PAUSED) == expected


def test_an_update_that_changes_nothing_begins_no_version() -> None:
    assert shown(CREATED, said("e4", 15, status="ACTIVE"), said("e5", 17)) == shown(CREATED)


def test_a_deleted_campaign_keeps_its_history_and_may_come_back() -> None:
    rows = shown(CREATED, said("d", 40, status="DELETED"), said("r", 50, status="ACTIVE"))
    assert [row[3:] for row in rows] == [
        ("ACTIVE", 10, 40), ("DELETED", 40, 50), ("ACTIVE", 50, None),
    ]  # fmt: skip


def test_of_two_contents_of_one_event_the_smaller_counts() -> None:
    assert shown(CREATED, said("e1", 10, name="Spring", budget_micros=6)) == shown(CREATED)
    assert shown(CREATED, said("e1", 9, name="Sooner")) == shown(said("e1", 9, name="Sooner"))


def test_updates_of_one_moment_take_effect_together_by_event_id() -> None:
    one, two = said("a", 10, name="x", budget_micros=1), said("b", 10, name="y")
    assert shown(two, one) == [("c", "y", 1, "ACTIVE", 10, None)]


def test_keys_are_made_of_the_version_alone() -> None:
    first, second = versions_of([CREATED, PAUSED])
    assert (first.campaign_key, second.campaign_key) == (
        campaign_key("c", 10),
        campaign_key("c", 30),
    )
    assert 0 <= campaign_key("c", 10) < 2**60


@pytest.mark.parametrize("seed", range(200))
def test_any_order_and_repeats_give_versions_without_gap_or_overlap(seed: int) -> None:
    dice = random.Random(seed)
    updates = random_updates(dice)
    versions = versions_of(updates)
    again = updates + dice.choices(updates, k=5)
    dice.shuffle(again)
    assert versions_of(again) == versions
    by_campaign: dict[str, list[tuple[int, int | None]]] = {}
    for one in versions:
        by_campaign.setdefault(one.campaign_id, []).append((one.start_ms, one.end_ms))
    assert by_campaign.keys() == {one.campaign_id for one in updates}
    for spans in by_campaign.values():
        assert [end for _, end in spans] == [*(start for start, _ in spans[1:]), None]
        assert all(start < end for start, end in spans if end is not None)
    # What a version holds of its updates is enough to make all versions again.
    stored = [
        Update(event, "CAMPAIGN_UPDATE", one.campaign_id, content[0], *content[1:])
        for one in versions
        for event, content in one.updates
    ]
    assert versions_of(stored) == versions


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.detail))
def test_the_verdict_on_each_case(case: object) -> None:
    payload, detail = case  # type: ignore[misc]
    judged = admit(payload, INGEST_MS)
    assert judged.detail == detail
    assert (judged.reason is None) == (detail is None)


def test_what_is_admitted_is_read_to_the_micro() -> None:
    update = admit(CASES[0].payload, INGEST_MS).update
    assert (update.campaign_id, update.ts_ms, update.budget_micros) == ("cmp-1", TS_MS, 12_500_000)
    nothing_said = admit(CASES[2].payload, INGEST_MS).update
    assert (nothing_said.name, nothing_said.status, nothing_said.budget_micros) == (None,) * 3
