"""The generator against a real broker, driven as a user drives it."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from adlake.devstack.services.ports import free_ports
from adlake.generator.business_truth import load_business_truth
from adlake.generator.faults import parse_faults
from adlake.generator.options import GeneratorOptions
from adlake.generator.publishing import Record
from adlake.generator.truth import Truth, load_truth
from adlake.io.kafka.admin import ensure_topic
from adlake.settings import REPO_ROOT, Settings
from tests.fixtures.business.truth import assert_business_truth_is_lawful
from tests.fixtures.generated_streams import (
    START_MS,
    assert_truth_is_lawful,
    drained,
    records_of,
    timeline_of,
)
from tests.fixtures.lake import Lake
from tests.fixtures.servers.served import served_lake
from tests.fixtures.tiers import in_tiers

pytestmark = pytest.mark.integration
START_AT = "2026-09-21T14:13:20Z"
MOST_SECONDS_PER_EVENT = 60e-6


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with served_lake(tmp_path_factory.mktemp("generator") / "home", only=["kafka"]) as lake:
        yield lake


@pytest.fixture
def doomed_broker(tmp_path: Path) -> Iterator[Lake]:
    """One whose process the test stops."""
    with Lake(tmp_path / "doomed").running(only=["kafka"]) as lake:
        yield lake


class Site:
    """One topic with its own generator state on the shared broker."""

    def __init__(self, lake: Lake, home: Path, topic: str) -> None:
        self.home = home
        self._environment = lake.environment | {
            "ADLAKE_HOME": str(home), "ADLAKE_TOPIC": topic,
            "ADLAKE_BUSINESS_TOPIC": f"{topic}-business",
        }  # fmt: skip
        self.settings = Settings(self._environment)
        ensure_topic(self.settings.bootstrap_servers, self.settings.kafka)

    def start(self, *arguments: str, entry: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        entry = entry or ("-m", "adlake.cli", "generate")
        return subprocess.Popen(
            [sys.executable, *entry, *arguments],
            env={**os.environ, **self._environment}, cwd=REPO_ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *arguments: str, entry: tuple[str, ...] = (), expected: int = 0) -> str:
        with self.start(*arguments, entry=entry) as process:
            output, _ = process.communicate(timeout=180)
        assert process.returncode == expected, output
        return output

    def records(self, topic: str = "") -> list[Record]:
        consumer = KafkaConsumer(
            bootstrap_servers=self.settings.bootstrap_servers, auto_offset_reset="earliest",
            consumer_timeout_ms=20_000,
        )  # fmt: skip
        try:
            topic = topic or self.settings.kafka.topic
            partitions = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic)]
            consumer.assign(partitions)
            expected = sum(consumer.end_offsets(partitions).values())
            records: list[Record] = []
            while len(records) < expected:
                for batch in consumer.poll(timeout_ms=5_000).values():
                    records += [(m.key, m.value, m.timestamp) for m in batch]
            return records
        finally:
            consumer.close()

    def truth(self) -> Truth:
        (truth,) = load_truth(self.home / "truth")
        return truth

    def written(self) -> int:
        """Events acknowledged, by the newest truth."""
        truths = load_truth(self.home / "truth")
        return truths[0].deliveries if truths else 0


@pytest.fixture
def site(broker: Lake, tmp_path: Path, request: pytest.FixtureRequest) -> Site:
    name = request.node.name.replace("[", "-").replace("]", "")
    return Site(broker, tmp_path / "home", f"{name[:80]}-{time.monotonic_ns()}")


def expected_records(events: int, rate: float, *, drain: bool) -> list[Record]:
    options = GeneratorOptions(seed=11, rate=rate, faults=parse_faults("all"), start_at_ms=START_MS)
    timeline = timeline_of(options)
    return records_of(timeline, events) + (drained(timeline) if drain else [])


def test_topic_holds_exactly_the_stream(site: Site) -> None:
    site.run(
        "--seed", "11", "--rate", "100", "--events", "20000", "--unpaced", "--drain",
        "--faults", "all", "--start-at", START_AT,
    )  # fmt: skip
    records = site.records()
    assert sorted(records, key=repr) == sorted(
        expected_records(20_000, 100.0, drain=True), key=repr
    )
    assert site.truth().resent_at_most == 0
    assert_truth_is_lawful(site.truth(), records)


def test_business_events_reach_their_topic_and_leave_the_ad_events_as_they_are(
    site: Site,
) -> None:
    topic = site.settings.kafka.business_topic
    ensure_topic(site.settings.bootstrap_servers, site.settings.kafka, topic)
    site.run(
        "--seed", "11", "--rate", "100", "--events", "20000", "--unpaced", "--drain",
        "--faults", "all", "--start-at", START_AT, "--business",
    )  # fmt: skip
    ads = expected_records(20_000, 100.0, drain=True)
    assert sorted(site.records(), key=repr) == sorted(ads, key=repr)
    records = site.records(topic)
    (truth,) = load_business_truth(site.home / "truth")
    assert_business_truth_is_lawful(truth, records)
    assert sum(acks.records for acks in truth.acks.values()) == len(records) > 1_000
    assert truth.is_exact


@pytest.mark.chaos
def test_killed_generator_resumes_to_the_same_set(site: Site) -> None:
    arguments = (
        "--seed", "11", "--rate", "2000", "--events", "250000", "--unpaced", "--faults", "all",
        "--start-at", START_AT,
    )  # fmt: skip
    kills = 0
    for seconds in (2.0, 4.5, 7.0):
        process = site.start(*arguments)
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            kills += 1
        process.communicate()
    site.run(*arguments)
    records = site.records()
    truth = site.truth()
    assert kills > 0
    assert set(records) == set(expected_records(250_000, 2_000.0, drain=False))
    assert 250_000 <= len(records) <= 250_000 + truth.resent_at_most
    assert truth.is_finished


@pytest.mark.parametrize("number", in_tiers([signal.SIGTERM, signal.SIGINT], [signal.SIGTERM]))
def test_stop_signal_ends_cleanly_within_ten_seconds(site: Site, number: signal.Signals) -> None:
    process = site.start("--rate", "2000", "--faults", "none")
    deadline = time.monotonic() + 60
    while not site.written() and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(number)
    began = time.monotonic()
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert time.monotonic() - began < 10
    first = site.truth()
    assert first.deliveries == len(site.records())
    site.run("--rate", "2000", "--faults", "none", "--events", str(first.deliveries + 1_000))
    assert len(site.records()) == first.deliveries + 1_000 == site.truth().deliveries
    assert site.truth().resent_at_most == 0


def test_paced_rate_holds_and_stamps_real_time(site: Site) -> None:
    began_ms = time.time_ns() // 1_000_000
    site.run("--rate", "400", "--duration", "8s", "--faults", "none")
    ended_ms = time.time_ns() // 1_000_000
    records = site.records()
    stamps = [timestamp_ms for _, _, timestamp_ms in records]
    assert len(records) == 3_200
    assert ended_ms - began_ms >= 7_900
    assert began_ms <= min(stamps) <= max(stamps) <= ended_ms


def test_unpaced_run_costs_little_processor_time(site: Site) -> None:
    """Processor time, since wall time on a busy machine says nothing; about 25 us an event."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    site.run("--events", "120000", "--unpaced")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds / 120_000 < MOST_SECONDS_PER_EVENT


def test_processes_share_the_work(site: Site) -> None:
    site.run("--events", "10001", "--unpaced", "--processes", "2", "--drain", "--rate", "200")
    truths = load_truth(site.home / "truth")
    assert [truth.worker for truth in truths] in ([0, 1], [1, 0])
    records = site.records()
    assert len(records) == sum(truth.deliveries for truth in truths) > 10_001


def test_entry_file_takes_the_same_options(site: Site) -> None:
    entry = ("src/producers/ad_traffic_generator.py",)
    output = site.run("--events", "500", "--unpaced", "--history", "24h", "--history-events", "300",
                      entry=entry)  # fmt: skip
    assert "finished after 500 events" in output
    assert len(site.records()) == 500


def test_second_generator_is_refused_while_one_runs(site: Site) -> None:
    process = site.start("--rate", "100")
    deadline = time.monotonic() + 60
    while not load_truth(site.home / "truth") and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "already going on" in site.run("--rate", "100", expected=1)
    process.terminate()
    process.communicate(timeout=30)


@pytest.mark.chaos
def test_dead_broker_ends_a_stopped_run_within_ten_seconds(
    doomed_broker: Lake, tmp_path: Path
) -> None:
    site = Site(doomed_broker, tmp_path / "home", "dead-broker")
    process = site.start("--rate", "500", "--faults", "none")
    deadline = time.monotonic() + 60
    while not site.written() and time.monotonic() < deadline:
        time.sleep(0.2)
    main = doomed_broker.stack().services(["kafka"])[0].main_process()
    assert main is not None
    main.suspend()
    try:
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        output, _ = process.communicate(timeout=30)
    finally:
        main.resume()
    assert process.returncode == 1, output
    assert "not acknowledged by the broker; the next start sends them again" in output
    assert "Traceback" not in output
    assert time.monotonic() - began < 10


def test_missing_broker_is_named(site: Site) -> None:
    (port,) = free_ports(1)
    site._environment["ADLAKE_KAFKA_BOOTSTRAP"] = f"127.0.0.1:{port}"
    assert "no Kafka broker answers" in site.run("--events", "10", expected=1)


@pytest.mark.chaos
def test_missing_topic_is_named(broker: Lake, tmp_path: Path) -> None:
    site = Site(broker, tmp_path, "exists")
    site._environment["ADLAKE_TOPIC"] = "does-not-exist"
    assert "does not exist" in site.run("--events", "10", expected=1)
