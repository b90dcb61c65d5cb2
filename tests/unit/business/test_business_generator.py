"""The business events of the generator: what they look like, their faults, their truth."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from adlake.attribution.law.admission import Admitted
from adlake.business.contract import BusinessType
from adlake.business.rules import admit
from adlake.generator.account_totals import customers_of
from adlake.generator.business_events import (
    BusinessEvent,
)
from adlake.generator.business_truth import load_business_truth
from tests.fixtures.business.runs import ADVERTISERS, Run, orders
from tests.fixtures.business.truth import assert_business_truth_is_lawful
from tests.fixtures.generated_streams import START_MS
from tests.fixtures.tiers import in_tiers


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("faulty"))
    run.go(orders(events=20_000))
    return run


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("plain"))
    run.go(orders("none", events=40_000))
    return run


def test_ad_events_are_the_same_bytes_when_business_events_are_made_too(
    tmp_path: Path, faulty: Run
) -> None:
    alone = Run(tmp_path)
    alone.go(orders(events=20_000), with_business=False)
    assert alone.ads == faulty.ads
    assert alone.business == []
    assert load_business_truth(tmp_path / "truth") == []


def test_the_same_seed_makes_the_same_business_events(tmp_path: Path, faulty: Run) -> None:
    again, other = Run(tmp_path / "a"), Run(tmp_path / "b")
    again.go(orders(events=20_000))
    other.go(orders(events=20_000, seed=6))
    assert again.business == faulty.business
    assert len({*other.business} & {*faulty.business}) < 20


def test_the_bytes_of_a_seed_do_not_change(plain: Run) -> None:
    digest = hashlib.sha256(repr(plain.business).encode()).hexdigest()
    assert digest == DIGEST_OF_SEED_5


def test_every_type_is_there_admitted_and_under_its_own_key(plain: Run) -> None:
    verdicts = plain.verdicts
    assert [one for one in verdicts if one[1].reason or one[1].detail] == []
    found = Counter(str(verdict.fields.event_type) for _, verdict in verdicts)
    assert set(found) == set(map(str, BusinessType))
    assert all(verdict.fields.has_own_key for _, verdict in verdicts)


def test_times_never_run_back_and_no_event_arrives_before_it_happened(plain: Run) -> None:
    stamps = [stamp for _, _, stamp in plain.business]
    assert stamps == sorted(stamps)
    assert all((v.fields.ts_ms or 0) <= record[2] for record, v in plain.verdicts)


def test_a_click_is_billed_under_the_event_id_of_its_ad_event(plain: Run) -> None:
    clicks = {one.event_id: one for one in plain.admitted_ads if one.type_rank == 1}
    billed = {
        str(verdict.fields.click_id): verdict.fields
        for _, verdict in plain.verdicts
        if verdict.fields.event_type == "AD_CLICK"
    }
    assert billed.keys() == clicks.keys()
    assert {one.ad_id for one in billed.values()} == {one.creative_id for one in clicks.values()}
    by_default = [one for name, one in billed.items() if one.event_id == name]
    assert 0.3 < len(by_default) / len(billed) < 0.7


def test_a_user_signs_up_before_what_follows(plain: Run) -> None:
    first: dict[tuple[str, str], int] = {}
    for _, verdict in plain.verdicts:
        fields = verdict.fields
        key = (str(fields.user_id), str(fields.event_type))
        first[key] = min(fields.ts_ms or 0, first.get(key, fields.ts_ms or 0))
    by_type: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for (user, name), at_ms in first.items():
        if name in ("ACTIVATION", "ORDER", "MESSAGE_STATUS", "CUSTOMER_PROFILE"):
            by_type[name].append((first[user, "SIGNUP"], at_ms))
    assert len(by_type) == 4
    for pairs in by_type.values():
        # A stamp in seconds is up to a second early.
        assert all(signup_ms - 1_000 <= at_ms for signup_ms, at_ms in pairs)


def test_business_events_are_the_same_when_the_detail_of_the_truth_is_written(
    tmp_path: Path, faulty: Run
) -> None:
    detailed = Run(tmp_path)
    detailed.go(orders(events=20_000, truth_detail=True))
    assert detailed.business == faulty.business


def test_three_of_four_messages_are_delivered_at_first(plain: Run) -> None:
    states: dict[str, list[str]] = defaultdict(list)
    for _, verdict in plain.verdicts:
        if verdict.fields.event_type == "MESSAGE_STATUS":
            states[str(verdict.fields.activation_id)].append(str(verdict.fields.status))
    delivered = sum(told[0] == "DELIVERED" for told in states.values()) / len(states)
    assert delivered == pytest.approx(0.75, abs=0.06)
    assert any(told == ["FAILED", "DELIVERED"] for told in states.values())


@pytest.mark.parametrize("name", ["plain", "faulty"])
def test_the_truth_is_what_the_admission_says(name: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(name)
    (truth,) = load_business_truth(run.home / "truth")
    assert truth.is_finished
    assert truth.is_exact
    assert_business_truth_is_lawful(truth, run.business)
    sent = sum(counts.deliveries for counts in truth.counts.by_type.values())
    assert sent == len(run.business) == sum(acks.records for acks in truth.acks.values())
    assert set(truth.spend or ()) <= set(ADVERTISERS)
    totals = [sum(sums) for sums in zip(*(truth.customers or {}).values(), strict=True)]
    assert len(totals) == 4
    assert all(totals)


def test_each_click_of_a_bot_and_each_repeat_is_credited_in_full_once(faulty: Run) -> None:
    clicks: dict[str, list[Admitted]] = defaultdict(list)
    for one in faulty.ads_by_id.values():
        if one.type_rank == 1:
            clicks[one.impression_id].append(one)
    repeats = {
        after.event_id
        for of_one in clicks.values()
        for before, after in pairwise(sorted(of_one, key=lambda c: (c.ts_ms, c.event_id)))
        if after.ts_ms - before.ts_ms <= 1_000
    }
    bots = {c.event_id for one in clicks.values() for c in one if c.user_id.startswith("bot-")}
    sound = [one.fields for _, one in faulty.verdicts if one.reason is None]
    billed = {str(one.click_id): one.micros for one in sound if one.event_type == "AD_CLICK"}
    given = [one for one in sound if one.reason == "GIVT"]
    credited = {str(one.click_id): one for one in given}
    assert {str(one.credit_id) for one in given} == {f"givt:{name}" for name in credited}
    # Some clicks and credits are damaged, or have two contents.
    for flagged in (repeats, bots):
        assert len(flagged) > 20
        assert len(flagged & credited.keys()) > len(flagged) * 0.85
    assert len(credited.keys() - repeats - bots) < len(credited) * 0.1
    same = [one.micros == billed.get(str(one.click_id)) for one in credited.values()]
    assert sum(same) > len(same) * 0.9


def test_who_has_a_profile_alone_is_a_customer_with_nothing() -> None:
    profile = BusinessEvent("p", BusinessType.CUSTOMER_PROFILE, START_MS, {"user_id": "usr-1"})
    assert customers_of([profile]) == {"usr-1": [0, 0, 0, 0]}


def test_a_run_from_before_the_sums_of_accounts_says_that_it_has_none(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.go(orders(), stop_after=3_000)
    (path,) = (tmp_path / "generator").glob("*.json")
    checkpoint = json.loads(path.read_text())
    del checkpoint["business"]["stream"]["accounts"]
    path.write_text(json.dumps(checkpoint))
    run.go(orders())
    (truth,) = load_business_truth(tmp_path / "truth")
    assert (truth.spend, truth.customers) == (None, None)


def test_the_fault_knobs_reach_every_reason_and_the_remark(faulty: Run) -> None:
    verdicts = [verdict for _, verdict in faulty.verdicts]
    reasons = {str(verdict.reason) for verdict in verdicts if verdict.reason}
    assert reasons == {
        "MALFORMED_JSON", "MISSING_KEY", "BAD_ID", "UNKNOWN_EVENT_TYPE", "BAD_TIMESTAMP",
        "FUTURE_TIMESTAMP", "BAD_VALUE", "NEGATIVE_VALUE",
    }  # fmt: skip
    assert any(v.detail == "BAD_BUDGET_VALUE" and v.reason is None for v in verdicts)
    (truth,) = load_business_truth(faulty.home / "truth")
    assert len(truth.counts.faults) == 9


@pytest.mark.parametrize("trial", in_tiers(range(4), [0]))
def test_killed_runs_resume_to_the_same_business_events(tmp_path: Path, trial: int) -> None:
    whole = Run(tmp_path / "whole")
    whole.go(orders())
    dice = random.Random(trial)
    killed = Run(tmp_path / "killed")
    for _ in range(40):
        pause = dice.choice((0.0, 0.02, 60.0))
        if killed.go(orders(), die_after=dice.randrange(100, 6_000), checkpoint_seconds=pause):
            break
    assert set(killed.business) == set(whole.business)
    (expected,) = load_business_truth(whole.home / "truth")
    (truth,) = load_business_truth(killed.home / "truth")
    assert truth.counts == expected.counts
    assert (truth.spend, truth.customers) == (expected.spend, expected.customers)
    assert truth.is_finished
    assert truth.is_exact == (len(killed.ads) == len(whole.ads))


def test_a_stopped_run_goes_on_without_sending_again(tmp_path: Path) -> None:
    whole, stopped = Run(tmp_path / "whole"), Run(tmp_path / "stopped")
    whole.go(orders())
    stopped.go(orders(), stop_after=3_000)
    assert 0 < len(stopped.business) < len(whole.business)
    stopped.go(orders())
    assert stopped.business == whole.business


def test_two_workers_let_each_advertiser_act_once(tmp_path: Path) -> None:
    told: Counter[str] = Counter()
    for worker in range(2):
        run = Run(tmp_path / str(worker))
        run.go(orders("none", worker=worker, workers=2))
        for _, verdict in run.verdicts:
            if verdict.fields.event_type == "ADVERTISER_STATUS":
                told[str(verdict.fields.advertiser_id)] += verdict.fields.ts_ms == START_MS
    assert set(told) == set(ADVERTISERS)
    assert all(count <= 1 for count in told.values())


def test_business_events_begin_with_a_run_that_had_none(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.go(orders(), with_business=False, stop_after=3_000)
    run.go(orders())
    found = {json.loads(value)["event_type"] for _, value, _ in run.business if _is_sound(value)}
    assert {"AD_CLICK", "ADVERTISER_STATUS", "BUDGET_CHANGE"} <= found


def _is_sound(value: bytes | None) -> bool:
    return value is not None and admit(value, None, START_MS * 2).reason is None


DIGEST_OF_SEED_5 = "7cbd4a16f7e8a789ce2ac348f0f3a132176cec3713eaa9fdd5ee393a10aaebf1"
