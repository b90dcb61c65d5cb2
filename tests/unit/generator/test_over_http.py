"""Runs over the API: what it takes is what the truth says, also after a kill and after 503."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adlake.cli import app
from adlake.collector.items import items_of
from adlake.collector.judging import Accepted, judged
from adlake.contracts.events import EventType
from adlake.devstack.services.ports import private_environment
from adlake.generator.business_desk import BusinessTopic
from adlake.generator.business_truth import BusinessTruth, load_business_truth
from adlake.generator.checkpoint import Checkpoint
from adlake.generator.dimensions import advertisers_of
from adlake.generator.options import GeneratorOptions, OptionsError
from adlake.generator.over_http import CARRIED_SHARES, REFUSED_FAULTS, refuse_what_http_cannot_carry
from adlake.generator.publishing import Record
from adlake.generator.truth import Truth, load_truth
from adlake.generator.worker import Worker
from adlake.io.events_api import publisher as publisher_module
from adlake.io.events_api.client import EventsApi
from adlake.io.events_api.publisher import ApiPublisher
from adlake.io.kafka.acks import UNPLACED
from adlake.io.kafka.topic import TopicFacts
from adlake.proof.producer_audit import ProducerAudit, audit_producers
from adlake.proof.producer_counts import counts_of_runs
from adlake.settings import REPO_ROOT
from tests.fixtures.business.truth import assert_business_truth_is_lawful
from tests.fixtures.generated_streams import (
    START_MS,
    KilledError,
    RecordingPublisher,
    assert_truth_is_lawful,
)
from tests.fixtures.servers.events_api import DIE, Event, FakeApi, fake_api
from tests.fixtures.tiers import in_tiers

SEED, EVENTS = 5, 1_500
HOUR_MS = 3_600_000
ADVERTISERS = advertisers_of(SEED)
MANY = dict.fromkeys(("duplicates", "conflicting_duplicates", "late", "out_of_order"), 0.05)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "FIRST_WAIT_SECONDS", 0.01)


def orders(**changes: object) -> GeneratorOptions:
    settings: dict[str, object] = {
        "seed": SEED, "rate": 40.0, "faults": CARRIED_SHARES | MANY, "start_at_ms": START_MS,
        "history_ms": HOUR_MS, "history_events": EVENTS, "events": EVENTS,
    }  # fmt: skip
    return GeneratorOptions(**(settings | changes))  # type: ignore[arg-type]


def reason_at_the_start(event: Event) -> str:
    """As the API judges, at the moment at which the simulated past ends."""
    verdict = judged(json.dumps(event), START_MS)
    return "" if isinstance(verdict, Accepted) else verdict.reason


class Run:
    """A run over an API, which may be started again."""

    def __init__(self, home: Path, options: GeneratorOptions | None = None) -> None:
        self.home = home
        self.options = options or orders()
        self.api = FakeApi(refuse=reason_at_the_start)

    def go(self, die_at_post: int | None = None) -> None:
        with fake_api(self.api):
            client = MortalApi(self.api, die_at_post)
            side = BusinessTopic("business_events", "", ApiPublisher(client, 50), ADVERTISERS)
            worker = Worker(
                self.options, self.home, "ad_events", ApiPublisher(client, 50), business=side,
                now_ms=lambda: START_MS, checkpoint_seconds=0.0,
            )  # fmt: skip
            try:
                worker.run()
            finally:
                client.close()

    def records(self) -> tuple[list[Record], list[Record]]:
        """What it took as it lies on the topics: ad events and business events."""
        ads: list[Record] = []
        business: list[Record] = []
        for item in (item for body in self.api.bodies for item in items_of(body)):
            one = judged(item, START_MS)
            assert isinstance(one, Accepted)
            topic = ads if one.event_type in set(EventType) else business
            topic.append((one.key, one.value, START_MS))
        return ads, business

    def truths(self) -> tuple[Truth, BusinessTruth]:
        (ads,) = load_truth(self.home / "truth")
        (business,) = load_business_truth(self.home / "truth")
        return ads, business


class MortalApi(EventsApi):
    """Dies like a killed process before its post of this number."""

    def __init__(self, api: FakeApi, die_at_post: int | None) -> None:
        super().__init__(api.address, None)
        self._left = die_at_post

    def post(self, events: Sequence[bytes]) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise KilledError
        super().post(events)


def through_kafka(tmp_path: Path, options: GeneratorOptions) -> tuple[set[bytes], set[bytes]]:
    ads, side = RecordingPublisher(), RecordingPublisher()
    topic = BusinessTopic("business_events", "id", side, ADVERTISERS)
    Worker(
        options, tmp_path / "kafka", "ad_events", ads, business=topic, now_ms=lambda: START_MS
    ).run()
    first, second = ({value or b"" for _, value, _ in one.records} for one in (ads, side))
    return first, second


def audit_of(truth: Truth | BusinessTruth, on_topic: int) -> ProducerAudit:
    """The audit with a broker of one partition that holds so many records."""
    facts = TopicFacts(truth.topic, "id", {0: 0}, {0: on_topic})
    return audit_producers(list(counts_of_runs([truth])), facts, [], lambda _coverage: ())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("whole"))
    run.go()
    return run


def test_the_same_bytes_come_as_through_kafka(tmp_path: Path, whole: Run) -> None:
    ads, business = whole.records()
    expected = through_kafka(tmp_path, orders())
    assert ({value for _, value, _ in ads}, {value for _, value, _ in business}) == expected
    assert len(ads) == EVENTS
    assert len(business) > 100
    assert max(len(post) for post in whole.api.posts) == 50


def test_the_truth_is_that_of_what_was_taken(whole: Run) -> None:
    ads, business = whole.records()
    truth, of_business = whole.truths()
    assert truth.is_finished
    assert truth.deliveries == len(ads) == truth.acks[UNPLACED].records
    assert sum(truth.faults.values()) > 50
    assert truth.rejected == {}
    assert_truth_is_lawful(truth, ads)
    assert of_business.is_exact
    assert of_business.deliveries == len(business) == of_business.acks[UNPLACED].records
    assert_business_truth_is_lawful(of_business, business)


def test_the_producers_audit_counts_such_a_run_in_total(whole: Run) -> None:
    for truth in whole.truths():
        sent = truth.deliveries
        sound, short = audit_of(truth, sent), audit_of(truth, sent - 7)
        assert sound.lost == ()
        assert sound.lines[-1].acknowledged == sent
        assert any("compared in total alone" in note for note in sound.notes)
        (lost,) = short.lost
        assert (lost.partition, lost.records) == (None, 7)


@pytest.mark.parametrize("die_at_post", in_tiers([3, 17], [17]))
def test_a_killed_run_resumes_to_the_same_set_and_a_truth_that_can_be_audited(
    tmp_path: Path, whole: Run, die_at_post: int
) -> None:
    run = Run(tmp_path)
    with pytest.raises(KilledError):
        run.go(die_at_post)
    (truth, business), (ads, of_business) = run.truths(), run.records()
    # No more than what was taken: nothing seems lost.
    assert truth.deliveries <= len(ads)
    assert business.deliveries <= len(of_business)
    assert audit_of(truth, len(ads)).lost == audit_of(business, len(of_business)).lost == ()
    run.go()
    for killed, expected in zip(run.records(), whole.records(), strict=True):
        assert set(killed) == set(expected)
    (truth, business), (expected_truth, expected_business) = run.truths(), whole.truths()
    ads, of_business = run.records()
    assert truth.totals == expected_truth.totals
    assert truth.is_finished
    assert len(ads) - truth.deliveries <= truth.resent_at_most
    assert business.counts == expected_business.counts
    assert not business.is_exact
    assert audit_of(truth, len(ads)).lost == audit_of(business, len(of_business)).lost == ()


def test_events_that_may_be_there_twice_are_in_the_truth(tmp_path: Path, whole: Run) -> None:
    run = Run(tmp_path)
    run.api.plan = [202, 503, 202, DIE]
    run.go()
    truth, business = run.truths()
    ads, of_business = run.records()
    assert truth.resent_at_most == 100
    assert not business.is_exact
    assert len(ads) + len(of_business) == sum(map(len, whole.records())) + 100
    assert truth.totals == whole.truths()[0].totals


def test_a_resend_leaves_the_checkpoint_where_it_was(tmp_path: Path, whole: Run) -> None:
    """Also at the end, when the run is over but for the events that are on their way."""
    run = Run(tmp_path)
    last = len(whole.api.posts) - 1
    run.api.plan = [202] * last + [DIE]
    with pytest.raises(KilledError):
        run.go(last + 1)
    (path,) = (tmp_path / "generator").glob("*.json")
    checkpoint = Checkpoint.load(path)
    assert checkpoint is not None
    assert not checkpoint.is_finished
    assert 0 < checkpoint.resent_at_most <= 50
    run.go()
    assert set(run.records()[0]) == set(whole.records()[0])
    assert run.truths()[0].totals == whole.truths()[0].totals


def test_a_run_may_go_on_over_the_api_that_began_through_kafka(tmp_path: Path) -> None:
    begun = RecordingPublisher()
    side = RecordingPublisher()
    topic = BusinessTopic("business_events", "id", side, ADVERTISERS)
    worker = Worker(
        orders(), tmp_path, "ad_events", begun, topic_id="id", business=topic,
        now_ms=lambda: START_MS,
    )  # fmt: skip
    worker.run(lambda running: running.stop())
    run = Run(tmp_path)
    run.go()
    truth, business = run.truths()
    for one, sent in ((truth, begun), (business, side)):
        assert one.topic_id == "id"
        assert one.acks[0].records == len(sent.records) > 0
        assert sum(acks.records for acks in one.acks.values()) == one.deliveries


def refused(**changes: object) -> Callable[[], None]:
    has_campaigns = bool(changes.pop("campaigns", False))
    return lambda: refuse_what_http_cannot_carry(orders(**changes), has_campaigns=has_campaigns)


def test_what_the_api_cannot_carry_is_refused() -> None:
    refused()()
    for name in REFUSED_FAULTS:
        with pytest.raises(OptionsError, match=f"cannot carry the faults {name}: .*duplicates"):
            refused(faults={name: 0.01})()
    for changes in ({"paced": False}, {"drain": True}):
        with pytest.raises(OptionsError, match="have not happened yet"):
            refused(**changes)()
    with pytest.raises(OptionsError, match="--campaigns"):
        refused(campaigns=True)()
    assert set(CARRIED_SHARES) & set(REFUSED_FAULTS) == set()
    assert CARRIED_SHARES["duplicates"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--faults", "all"], "cannot carry the faults missing_keys"),
        (["--unpaced"], "not happened yet"),
        (["--campaigns"], "no updates of campaigns"),
        (["--batch", "1001"], "--batch"),
    ],
)
def test_such_orders_are_usage_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("ADLAKE_HOME", str(tmp_path))
    done = CliRunner().invoke(app, ["generate", "--via", "api", *arguments], terminal_width=300)
    assert done.exit_code == 2, done.output
    assert said in " ".join(done.output.replace("│", " ").split())


class Command:
    """`adlake generate --via api` as a process."""

    def __init__(self, home: Path, api: FakeApi) -> None:
        self._environment = {
            **os.environ, **private_environment(home),
            "ADLAKE_API_PORT": str(api.address.port), "ADLAKE_API_KEY": "open-sesame",
        }  # fmt: skip

    def start(self) -> subprocess.Popen[str]:
        arguments = (
            "--via", "api", "--seed", "5", "--history", "2h", "--history-events", "2000",
            "--events", "2000", "--business", "--start-at", "2026-09-21T14:13:20Z",
        )  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "-m", "adlake.cli", "generate", *arguments],
            env=self._environment, cwd=REPO_ROOT, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip


def test_the_command_posts_survives_a_kill_and_says_what_the_audit_can_do(tmp_path: Path) -> None:
    api = FakeApi(refuse=slow_reason)
    with fake_api(api):
        command = Command(tmp_path / "home", api)
        with command.start() as process:
            deadline = time.monotonic() + 60
            while len(api.posts) < 8 and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        api.refuse = lambda event: ""
        with command.start() as process:
            output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert f"posting to http://{api.address}/events, 100 events at a time" in output
    assert "in total alone" in output
    assert set(api.keys) == {"open-sesame"}
    (truth,) = load_truth(tmp_path / "home" / "truth")
    ads = [event for event in api.taken if event["event_type"] in set(EventType)]
    assert truth.deliveries == 2_000
    assert 2_000 <= len(ads) <= 2_000 + truth.resent_at_most
    shown = {e["impression_id"] for e in ads if e["event_type"] == "IMPRESSION"}
    assert truth.totals.impressions == len(shown)


def slow_reason(event: Event) -> str:
    time.sleep(0.0005)
    return ""
