"""Scenarios: what one campaign loses, and that nobody else loses anything."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adlake.budgets.contract import Cause
from adlake.budgets.flips import serving_flips
from adlake.budgets.spend import spend_ledger
from adlake.cli import app
from adlake.contracts.law import SECONDS_BELOW
from adlake.generator.business_desk import BusinessTopic
from adlake.generator.business_truth import load_business_truth
from adlake.generator.dimensions import advertisers_of
from adlake.generator.faults import parse_faults
from adlake.generator.model import Market, campaign_id
from adlake.generator.options import GeneratorOptions
from adlake.generator.overspend import OVERSPENDER
from adlake.generator.publishing import Record
from adlake.generator.scenario import (
    CTR_KEPT,
    Scenario,
    ScenarioError,
    ScenarioName,
    busiest_campaign,
    campaign_named,
)
from adlake.generator.truth import load_truth
from adlake.generator.worker import Worker
from tests.fixtures.budgets.told import told
from tests.fixtures.business.truth import assert_business_truth_is_lawful
from tests.fixtures.generated_streams import (
    START_MS,
    KilledError,
    RecordingPublisher,
    assert_truth_is_lawful,
)

SEED = 5
AFTER_MS, LENGTH_MS = 300_000, 600_000
ADVERTISERS = advertisers_of(SEED)
WITHHOLDING = (ScenarioName.CTR_DROP, ScenarioName.SILENCE)
CAMPAIGN = busiest_campaign(Market(SEED))
Event = dict[str, object]


def orders(name: ScenarioName | None, faults: str = "none", **changes: object) -> GeneratorOptions:
    scenario = name and Scenario(name, CAMPAIGN, AFTER_MS, LENGTH_MS)
    settings: dict[str, object] = {
        "seed": SEED, "rate": 40.0, "faults": parse_faults(faults), "start_at_ms": START_MS,
        "events": 48_000, "paced": False, "drain": True, "scenario": scenario,
    }  # fmt: skip
    return GeneratorOptions(**(settings | changes))  # type: ignore[arg-type]


def brief(name: ScenarioName, faults: str, **changes: object) -> GeneratorOptions:
    scenario = Scenario(name, CAMPAIGN, 20_000, 100_000)
    return orders(name, faults, events=6_000, scenario=scenario, **changes)


class Run:
    """Both streams of one run, without the run's tag in their ids."""

    def __init__(self, home: Path, options: GeneratorOptions, die_after: int | None = None) -> None:
        self.home = home
        self.ads, self.business = RecordingPublisher(die_after), RecordingPublisher()
        topic = BusinessTopic("business_events", "id-1", self.business, ADVERTISERS)
        self.worker = Worker(
            options, home, "ad_events", self.ads, business=topic, checkpoint_seconds=0.5
        )
        self.tag = options.run_tag(START_MS).encode()

    def go(self) -> Run:
        self.worker.run()
        return self

    def untagged(self, publisher: RecordingPublisher) -> list[Record]:
        def plain(content: bytes | None) -> bytes | None:
            return None if content is None else content.replace(self.tag, b"")

        return [(plain(key), plain(value), stamp) for key, value, stamp in publisher.records]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[ScenarioName | None, Run]:
    home = tmp_path_factory.mktemp("runs")
    return {name: Run(home / str(name), orders(name)).go() for name in (None, *ScenarioName)}


def is_of_campaign(record: Record) -> bool:
    return b'"campaign_id":"%b"' % campaign_id(CAMPAIGN).encode() in (record[1] or b"")


def events_of(records: list[Record]) -> list[Event]:
    events = [json.loads(value or b"") for _, value, _ in records]
    for event in events:
        stamp = event["event_timestamp"]
        event["ts_ms"] = stamp * 1_000 if stamp < SECONDS_BELOW else stamp
    return events


def in_span(event: Event) -> bool:
    return AFTER_MS <= int(str(event["ts_ms"])) - START_MS < AFTER_MS + LENGTH_MS


@pytest.mark.parametrize("name", WITHHOLDING)
def test_the_events_of_other_campaigns_stay_the_same_at_the_same_moments(
    runs: dict[ScenarioName | None, Run], name: ScenarioName
) -> None:
    usual, played = runs[None], runs[name]
    for stream in ("ads", "business"):
        records = [
            [one for one in run.untagged(getattr(run, stream)) if not is_of_campaign(one)]
            for run in (usual, played)
        ]
        # Credits, orders and profiles name no campaign.
        assert set(records[1]) <= set(records[0])
        if stream == "ads":
            assert records[0] == records[1]
        lost = Counter(event["event_type"] for event in events_of(list(
            set(records[0]) - set(records[1])
        )))  # fmt: skip
        assert set(lost) <= {"SPEND_CREDIT", "ORDER", "CUSTOMER_PROFILE"}


def test_a_silent_campaign_has_no_impression_in_the_span_and_all_around_it(
    runs: dict[ScenarioName | None, Run],
) -> None:
    usual, played = (
        [one for one in run.untagged(run.ads) if is_of_campaign(one)]
        for run in (runs[None], runs[ScenarioName.SILENCE])
    )
    shown = [one for one in events_of(usual) if one["event_type"] == "IMPRESSION"]
    in_time = {str(one["impression_id"]) for one in shown if in_span(one)}
    assert len(in_time) > 1_000
    left = [one for one in usual if (one[0] or b"").decode() not in in_time]
    assert played == left
    assert not any(in_span(e) for e in events_of(played) if e["event_type"] == "IMPRESSION")
    assert runs[ScenarioName.SILENCE].worker.timeline.withheld == len(usual) - len(left)


def test_a_quarter_of_the_clicks_is_left_and_all_impressions(
    runs: dict[ScenarioName | None, Run],
) -> None:
    usual, played = (
        events_of([one for one in run.untagged(run.ads) if is_of_campaign(one)])
        for run in (runs[None], runs[ScenarioName.CTR_DROP])
    )
    shown = [[e for e in events if e["event_type"] == "IMPRESSION"] for events in (usual, played)]
    assert shown[0] == shown[1]
    in_time = {str(event["impression_id"]) for event in shown[0] if in_span(event)}
    clicks = [
        {str(e["impression_id"]) for e in events if e["event_type"] == "CLICK"}
        for events in (usual, played)
    ]
    assert clicks[0] - in_time == clicks[1] - in_time
    before, after = len(clicks[0] & in_time), len(clicks[1] & in_time)
    assert before > 60
    # Five standard deviations of a binomial share.
    bound = 5 * (before * CTR_KEPT * (1 - CTR_KEPT)) ** 0.5
    assert abs(after - before * CTR_KEPT) < bound < before * CTR_KEPT * 2
    followed = {str(e["impression_id"]) for e in played if e["event_type"] == "CONVERSION"}
    assert followed <= clicks[1]


@pytest.mark.parametrize("name", ScenarioName)
def test_no_click_is_billed_that_was_not_made(
    runs: dict[ScenarioName | None, Run], name: ScenarioName
) -> None:
    run = runs[name]
    made = {e["event_id"] for e in events_of(run.ads.records) if e["event_type"] == "CLICK"}
    billed = {
        e["click_id"] for e in events_of(run.business.records) if e["event_type"] == "AD_CLICK"
    }
    assert billed == made


@pytest.mark.parametrize("faults", ["none", "all"])
@pytest.mark.parametrize("name", ScenarioName)
def test_the_truth_is_that_of_what_was_sent(
    tmp_path: Path, name: ScenarioName, faults: str
) -> None:
    run = Run(tmp_path, brief(name, faults)).go()
    (truth,) = load_truth(tmp_path / "truth")
    assert (run.worker.timeline.withheld > 0) == (name in WITHHOLDING)
    assert truth.deliveries == len(run.ads.records)
    assert truth.admitted + sum(truth.rejected.values()) == truth.deliveries
    assert_truth_is_lawful(truth, run.ads.records)
    (business,) = load_business_truth(tmp_path / "truth")
    assert_business_truth_is_lawful(business, run.business.records)


def test_overspending_changes_who_pays_and_nothing_else(
    runs: dict[ScenarioName | None, Run],
) -> None:
    usual, played = runs[None], runs[ScenarioName.OVERSPEND]
    assert played.untagged(played.ads) == usual.untagged(usual.ads)
    before, after = (events_of(run.untagged(run.business)) for run in (usual, played))
    own = [one for one in after if one.get("event_id") in ("o0.t", "o0.b", "o0.d")]
    assert [one["event_type"] for one in own].count("BUDGET_CHANGE") == 2
    shown = [one for one in events_of(usual.ads.records) if one["event_type"] == "IMPRESSION"]
    in_time = {
        str(one["event_id"])[1:].removeprefix(usual.tag.decode())
        for one in shown
        if in_span(one) and one["campaign_id"] == campaign_id(CAMPAIGN)
    }
    changed = 0
    for one, other in zip(before, (one for one in after if one not in own), strict=True):
        is_own = str(one.get("click_id", ""))[1:] in in_time
        changed += is_own
        named = {"advertiser", "advertiser_id", "budget_value"} if is_own else set()
        assert {k: v for k, v in one.items() if k not in named} == {
            k: v for k, v in other.items() if k not in named
        }
        assert (other.get("advertiser_id") == OVERSPENDER) == is_own
    assert changed > 60
    assert OVERSPENDER not in ADVERTISERS


def test_who_overspends_is_stopped_and_goes_on_with_the_next_budget(
    runs: dict[ScenarioName | None, Run],
) -> None:
    run = runs[ScenarioName.OVERSPEND]
    overspender = run.worker.business and run.worker.business.stream.overspender
    assert overspender is not None
    about = [
        one
        for one in told([(value, key, stamp) for key, value, stamp in run.business.records])
        if one.advertiser_id == OVERSPENDER
    ]
    first, stop, resume = [
        one for one in serving_flips(about) if one.effective_ms < START_MS + 86_400_000
    ]
    beyond_ms = START_MS // 1_000 * 1_000 + AFTER_MS + LENGTH_MS
    assert (first.can_serve, stop.can_serve, resume.can_serve) == (True, False, True)
    assert (stop.cause, stop.budget_value) == (Cause.SPEND, overspender.budget_micros)
    assert first.effective_ms < stop.effective_ms < beyond_ms - LENGTH_MS / 4
    assert resume.cause is Cause.BUDGET
    assert 0 <= resume.effective_ms - beyond_ms < 5_000
    # Nobody obeys: what was clicked behind the stop is in the spend, twice the budget in all.
    in_span_ms = [one for one in spend_ledger(about) if one.event_ms < beyond_ms]
    spent = sum(one.amount for one in in_span_ms)
    assert spent == pytest.approx(2 * overspender.budget_micros, rel=0.35)


def test_a_killed_run_resumes_to_the_same_set_and_truth(tmp_path: Path) -> None:
    options = brief(ScenarioName.SILENCE, "all")
    whole = Run(tmp_path / "whole", options).go()
    killed = Run(tmp_path / "home", options, die_after=5_000)
    with pytest.raises(KilledError):
        killed.go()
    resumed = Run(tmp_path / "home", options).go()
    assert {*killed.ads.records, *resumed.ads.records} == {*whole.ads.records}
    (expected,), (truth,) = (load_truth(tmp_path / name / "truth") for name in ("whole", "home"))
    assert (truth.totals, truth.deliveries) == (expected.totals, expected.deliveries)
    assert resumed.worker.timeline.withheld == whole.worker.timeline.withheld


def test_the_detail_changes_no_event(tmp_path: Path) -> None:
    plain = Run(tmp_path / "a", brief(ScenarioName.SILENCE, "none")).go()
    detailed = Run(tmp_path / "b", brief(ScenarioName.SILENCE, "none", truth_detail=True)).go()
    assert detailed.ads.records == plain.ads.records
    (lines,) = (tmp_path / "b" / "truth").glob("*/deliveries.jsonl")
    assert len(lines.read_text().splitlines()) == len(plain.ads.records)


def test_a_scenario_may_lie_in_the_past_before_the_live_traffic(tmp_path: Path) -> None:
    day_ms = 86_400_000
    hour = Scenario(ScenarioName.SILENCE, CAMPAIGN, 18 * 3_600_000, 3_600_000)
    options = orders(
        None, events=40_000, history_ms=day_ms, history_events=40_000, scenario=hour, drain=False
    )
    run = Run(tmp_path, options).go()
    begin_ms = START_MS - day_ms + 18 * 3_600_000
    seen = [
        int(str(e["ts_ms"])) - begin_ms
        for e in events_of([one for one in run.ads.records if is_of_campaign(one)])
        if e["event_type"] == "IMPRESSION"
    ]
    hours = Counter(moment // 3_600_000 for moment in seen)
    assert hours[0] == 0
    assert min(hours[-1], hours[1]) > 50


def test_a_killed_run_goes_on_with_the_budget_of_its_beginning(tmp_path: Path) -> None:
    options = brief(ScenarioName.OVERSPEND, "all")
    whole = Run(tmp_path / "whole", options).go()
    killed = Run(tmp_path / "home", options, die_after=3_000)
    with pytest.raises(KilledError):
        killed.go()
    resumed = Run(tmp_path / "home", options).go()
    assert {*killed.business.records, *resumed.business.records} == {*whole.business.records}
    (expected,), (truth,) = (
        load_business_truth(tmp_path / name / "truth") for name in ("whole", "home")
    )
    assert (truth.spend or {})[OVERSPENDER] == (expected.spend or {})[OVERSPENDER]


def test_runs_with_and_without_have_ids_of_their_own() -> None:
    usual, played = orders(None), orders(ScenarioName.SILENCE)
    assert usual.run_key(START_MS) == played.run_key(START_MS)
    assert usual.run_tag(START_MS) != played.run_tag(START_MS)
    assert usual.digest() != played.digest()
    assert "scenario" not in usual.identity()


def test_a_campaign_is_named_or_the_busiest() -> None:
    assert campaign_named("cmp-0007", SEED) == 6
    assert campaign_named("", SEED) == CAMPAIGN
    with pytest.raises(ScenarioError, match="cmp-0001 to cmp-0050"):
        campaign_named("cmp-0051", SEED)
    with pytest.raises(ScenarioError, match="--scenario-for"):
        Scenario(ScenarioName.SILENCE, 0, 0, 10)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scenario", "sell-out"], ["ctr-drop", "silence", "overspend"]),
        (["--scenario", "overspend"], ["--business"]),
        (["--scenario-after", "5m"], ["need --scenario"]),
        (["--scenario", "silence", "--scenario-campaign", "cmp_7"], ["cmp-0001 to cmp-0050"]),
        (["--scenario", "silence", "--scenario-for", "long"], ["30m", "24h"][1:]),
    ],
)
def test_wrong_scenarios_are_usage_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: list[str]
) -> None:
    monkeypatch.setenv("ADLAKE_HOME", str(tmp_path))
    done = CliRunner().invoke(app, ["generate", *arguments], env={"COLUMNS": "200"})
    assert done.exit_code == 2, done.output
    assert all(words in done.output for words in said)
