"""The business events of the generator: what they look like, their faults, their truth."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from adlake.attribution.law.admission import Admitted
from adlake.attribution.law.admission import admit as admit_ad
from adlake.business.contract import BusinessType
from adlake.business.rules import admit
from adlake.generator.business_desk import BusinessTopic
from adlake.generator.business_truth import load_business_truth
from adlake.generator.dimensions import advertisers_of
from adlake.generator.faults import parse_faults
from adlake.generator.options import GeneratorOptions
from adlake.generator.publishing import Record
from adlake.generator.worker import Worker
from tests.fixtures.business.truth import assert_business_truth_is_lawful, judged
from tests.fixtures.generated_streams import START_MS, KilledError, RecordingPublisher
from tests.fixtures.tiers import in_tiers

ADVERTISERS = advertisers_of(5)


def orders(faults: str = "all", events: int = 9_000, **changes: object) -> GeneratorOptions:
    settings: dict[str, object] = {
        "seed": 5, "rate": 40.0, "faults": parse_faults(faults), "start_at_ms": START_MS,
        "events": events, "paced": False, "drain": True,
    }  # fmt: skip
    return GeneratorOptions(**(settings | changes))  # type: ignore[arg-type]


class Run:
    """Both streams of one run that may be killed and resumed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ads: list[Record] = []
        self.business: list[Record] = []

    def go(
        self, options: GeneratorOptions, *, with_business: bool = True,
        die_after: int | None = None, checkpoint_seconds: float = 60.0, stop_after: int = 0,
    ) -> bool:  # fmt: skip
        ads, side = RecordingPublisher(die_after=die_after), RecordingPublisher()
        topic = BusinessTopic("business_events", "id-1", side, ADVERTISERS)
        worker = Worker(
            options, self.home, "ad_events", ads, business=topic if with_business else None,
            checkpoint_seconds=checkpoint_seconds,
        )  # fmt: skip
        try:
            worker.run(lambda one: one.stop() if 0 < stop_after <= len(ads.records) else None)
        except KilledError:
            return False
        finally:
            self.ads += ads.records
            self.business += side.records
        return True


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
    verdicts = judged(plain.business)
    assert [one for one in verdicts if one[1].reason or one[1].detail] == []
    found = Counter(str(verdict.fields.event_type) for _, verdict in verdicts)
    assert set(found) == set(map(str, BusinessType))
    assert all(verdict.fields.has_own_key for _, verdict in verdicts)


def test_times_never_run_back_and_no_event_arrives_before_it_happened(plain: Run) -> None:
    stamps = [stamp for _, _, stamp in plain.business]
    assert stamps == sorted(stamps)
    assert all((v.fields.ts_ms or 0) <= record[2] for record, v in judged(plain.business))


def test_a_click_is_billed_under_the_event_id_of_its_ad_event(plain: Run) -> None:
    ads = [admit_ad(value, stamp) for _, value, stamp in plain.ads]
    clicks = {one.event_id: one for one in ads if isinstance(one, Admitted) and one.type_rank == 1}
    billed = {
        str(verdict.fields.click_id): verdict.fields
        for _, verdict in judged(plain.business)
        if verdict.fields.event_type == "AD_CLICK"
    }
    assert billed.keys() == clicks.keys()
    assert {one.ad_id for one in billed.values()} == {one.creative_id for one in clicks.values()}
    by_default = [one for name, one in billed.items() if one.event_id == name]
    assert 0.3 < len(by_default) / len(billed) < 0.7


def test_a_user_signs_up_before_what_follows(plain: Run) -> None:
    first: dict[tuple[str, str], int] = {}
    for _, verdict in judged(plain.business):
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


def test_three_of_four_messages_are_delivered_at_first(plain: Run) -> None:
    states: dict[str, list[str]] = defaultdict(list)
    for _, verdict in judged(plain.business):
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


def test_the_fault_knobs_reach_every_reason_and_the_remark(faulty: Run) -> None:
    verdicts = [verdict for _, verdict in judged(faulty.business)]
    reasons = {str(verdict.reason) for verdict in verdicts if verdict.reason}
    assert reasons == {
        "MALFORMED_JSON", "MISSING_KEY", "BAD_ID", "UNKNOWN_EVENT_TYPE", "BAD_TIMESTAMP",
        "FUTURE_TIMESTAMP", "BAD_VALUE", "NEGATIVE_VALUE",
    }  # fmt: skip
    assert any(v.detail == "BAD_BUDGET_VALUE" and v.reason is None for v in verdicts)
    (truth,) = load_business_truth(faulty.home / "truth")
    assert len(truth.counts.faults) == 9


@pytest.mark.parametrize("trial", in_tiers(range(4), [0, 1]))
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
        for _, verdict in judged(run.business):
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


DIGEST_OF_SEED_5 = "5107558c5736ab2b468b39555602f59ec70d43c77ce0ca7429d4f040a944ce2a"
