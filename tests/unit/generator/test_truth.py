"""The generator's own answer against the law, for every fault profile and at any moment."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from adlake.contracts.events import RejectReason
from adlake.generator import running_totals
from adlake.generator import timeline as timeline_module
from adlake.generator.faults import DELIVERY_FAULTS, PROFILES, parse_faults
from adlake.generator.options import GeneratorOptions
from adlake.generator.truth import Truth, TruthError, load_truth, sum_counters
from adlake.generator.worker import Worker
from tests.fixtures.generated_streams import (
    START_MS,
    RecordingPublisher,
    assert_truth_is_lawful,
    conversions_by_law,
    drained,
    options_with,
    records_of,
    rejected_by_law,
    timeline_of,
)
from tests.fixtures.tiers import in_tiers


def run_of(tmp_path: Path, options: GeneratorOptions) -> tuple[Truth, RecordingPublisher]:
    publisher = RecordingPublisher()
    Worker(options, tmp_path, "ad_events", publisher).run()
    (truth,) = load_truth(tmp_path / "truth")
    return truth, publisher


def bounded(faults: str, events: int, *, drain: bool, seed: int = 7) -> GeneratorOptions:
    return GeneratorOptions(
        seed=seed, rate=50.0, faults=parse_faults(faults), start_at_ms=START_MS, events=events,
        paced=False, drain=drain,
    )  # fmt: skip


@pytest.mark.parametrize("seed", in_tiers([1, 2], [2]))
@pytest.mark.parametrize("drain", [False, True])
def test_truth_equals_law_when_all_faults_are_on(tmp_path: Path, seed: int, drain: bool) -> None:
    truth, publisher = run_of(tmp_path, bounded("all", 6_000, drain=drain, seed=seed))
    assert truth.deliveries == len(publisher.records)
    assert truth.admitted + sum(truth.rejected.values()) == truth.deliveries
    assert_truth_is_lawful(truth, publisher.records)
    assert truth.is_finished


@pytest.mark.parametrize("profile", PROFILES)
def test_truth_equals_law_when_one_fault_is_frequent(tmp_path: Path, profile: str) -> None:
    truth, publisher = run_of(tmp_path, bounded(f"{profile}=0.4", 2_000, drain=True))
    assert_truth_is_lawful(truth, publisher.records)
    if profile != "traffic_drop":
        assert truth.faults[profile] > 0
    assert set(truth.faults) <= {profile}


def test_truth_equals_law_when_cut_at_any_moment(tmp_path: Path) -> None:
    options = options_with("all", rate=20.0)
    timeline = timeline_of(options)
    records = []
    for cut in (1, 17, 400, 999, 2_500):
        records += records_of(timeline, cut - len(records))
        by_campaign = timeline.totals.by_campaign()
        truth = Truth(
            "run", 7, 0, 1, START_MS, "ad_events", {}, len(records),
            rejected=timeline.totals.rejected, totals=sum_counters(by_campaign.values()),
            by_campaign=by_campaign,
        )  # fmt: skip
        assert_truth_is_lawful(truth, records)


def test_comparison_fails_when_the_generator_has_another_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = dataclasses.replace(running_totals.LAW_V1, attribution_window_ms=3_600_000)
    monkeypatch.setattr(running_totals, "LAW_V1", wrong)
    truth, publisher = run_of(tmp_path, bounded("repeat_conversions=1", 12_000, drain=True))
    with pytest.raises(AssertionError):
        assert_truth_is_lawful(truth, publisher.records)


@pytest.mark.parametrize("damage", ["drift:string_money", "drift:number_id", "drift:escaped"])
def test_comparison_fails_when_the_generator_misjudges_a_payload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    honest = timeline_module.reject_reason

    def wrong(name: str, rank: int) -> RejectReason | None:
        verdict = honest(name, rank)
        return (None if verdict else RejectReason.BAD_ID) if name == damage else verdict

    monkeypatch.setattr(timeline_module, "reject_reason", wrong)
    truth, publisher = run_of(tmp_path, bounded("schema_drift=0.5", 1_000, drain=True))
    with pytest.raises(AssertionError):
        assert_truth_is_lawful(truth, publisher.records)


def test_totals_conserve_revenue_and_conversions(tmp_path: Path) -> None:
    truth, publisher = run_of(tmp_path, bounded("all", 8_000, drain=True))
    totals = truth.totals
    assert totals.revenue_micros + totals.out_of_window_micros == totals.conversion_micros
    assert (totals.conversions, totals.conversion_micros) == conversions_by_law(publisher.records)
    assert totals.out_of_window_micros > 0
    assert totals.orphan_rows > 0
    assert totals.rows == totals.impressions + totals.orphan_rows


def test_every_reject_reason_occurs_when_all_faults_are_on() -> None:
    timeline = timeline_of(options_with("all"))
    records = records_of(timeline, 6_000)
    assert set(rejected_by_law(records)) == {str(reason) for reason in RejectReason}


def test_nothing_is_rejected_when_no_fault_is_on() -> None:
    timeline = timeline_of(options_with("none"))
    records = records_of(timeline, 5_000) + drained(timeline)
    assert not rejected_by_law(records)
    assert timeline.totals.faults == {}


@pytest.mark.parametrize("profile", DELIVERY_FAULTS)
def test_delivery_fault_hits_its_share_of_events(profile: str) -> None:
    timeline = timeline_of(options_with(f"{profile}=0.1"))
    records = records_of(timeline, 10_000) + drained(timeline)
    copies_per_hit = 2 if profile == "duplicates" else 1
    events = len({value for _, value, _ in records})
    assert timeline.totals.faults[profile] / copies_per_hit / events == pytest.approx(0.1, abs=0.02)


def test_truth_file_is_refused_when_it_is_not_one(tmp_path: Path) -> None:
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-1" / "truth.json").write_text("{}")
    with pytest.raises(TruthError, match="no truth file"):
        load_truth(tmp_path)
    assert load_truth(tmp_path / "nowhere") == []
