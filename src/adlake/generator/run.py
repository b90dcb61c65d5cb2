"""Runs the generator: one worker in this process, or several in processes of their own."""

from __future__ import annotations

import fcntl
import gc
import logging
import multiprocessing
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import TextIO

from pydantic import SecretStr

from adlake.contracts.address import Address
from adlake.contracts.errors import AdlakeError
from adlake.folders import ADLAKE
from adlake.generator.business_desk import BusinessTopic
from adlake.generator.campaign_desk import CampaignDesk
from adlake.generator.campaign_updates import updates_of
from adlake.generator.checkpoint import CheckpointError
from adlake.generator.options import GeneratorOptions
from adlake.generator.progress import Progress
from adlake.generator.publishing import Publisher
from adlake.generator.worker import Worker
from adlake.io.events_api.client import EventsApi
from adlake.io.events_api.publisher import BATCH, ApiPublisher
from adlake.io.kafka.access import Brokers
from adlake.io.kafka.producer import EventPublisher, build_producer, close_producer
from adlake.io.kafka.topic import topic_facts

log = logging.getLogger(__name__)
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class ApiTarget:
    """The API that takes the events, in place of the broker."""

    address: Address
    key: SecretStr | None = None
    batch: int = BATCH


@dataclass(frozen=True)
class Target:
    """Where events go and where state is kept."""

    brokers: Brokers
    topic: str
    home: Path
    business_topic: str = ""
    """Empty: no business events."""
    advertisers: tuple[str, ...] = ()
    """Advertiser id by campaign, for business events."""
    campaign_topic: str = ""
    """Empty: no campaign updates."""
    api: ApiTarget | None = None
    """None: straight to the brokers."""


@dataclass(frozen=True)
class Outlets:
    """What takes the records of each topic."""

    ads: Publisher
    topic_id: str
    """Of the ad events; empty: not known here."""
    business: BusinessTopic | None = None
    campaigns: CampaignDesk | None = None


def run_generator(options: GeneratorOptions, target: Target) -> int:
    """Publish as ordered; returns the exit code. Raises AdlakeError when a single worker fails."""
    if options.workers == 1:
        run_worker(options, target)
        return 0
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_run_child, args=(options.for_worker(index), target))
        for index in range(options.workers)
    ]
    for process in processes:
        process.start()
    return _wait_for(processes)


def run_worker(options: GeneratorOptions, target: Target) -> None:
    """Run one worker until its bound, SIGTERM or SIGINT; raises AdlakeError."""
    label = f"worker {options.worker + 1}/{options.workers}" if options.workers > 1 else ""
    progress = Progress(label)
    opened = (
        _through_kafka(target, options) if target.api is None else _through_api(target, target.api)
    )
    with _sole_owner(options, target.home), opened as outlets:
        worker = Worker(
            options, target.home, target.topic, outlets.ads, topic_id=outlets.topic_id,
            business=outlets.business, campaigns=outlets.campaigns,
        )  # fmt: skip
        _stop_on_signal(worker)
        _tell_scenario(worker)
        # Market tables and fragments live as long as the process: keep the collector off them.
        gc.freeze()
        worker.run(progress)
        progress.summary(worker)


@contextmanager
def _through_kafka(target: Target, options: GeneratorOptions) -> Iterator[Outlets]:
    producer = build_producer(target.brokers)
    try:
        ads = EventPublisher(producer, target.topic)
        business = campaigns = None
        if target.business_topic:
            business = BusinessTopic(
                name=target.business_topic,
                topic_id=topic_facts(target.brokers, target.business_topic).topic_id,
                publisher=EventPublisher(producer, target.business_topic),
                advertisers=target.advertisers,
            )
        if target.campaign_topic:
            publisher_of_updates = EventPublisher(producer, target.campaign_topic)
            campaigns = CampaignDesk(publisher_of_updates, updates_of(options.seed))
        topic_id = topic_facts(target.brokers, target.topic).topic_id
        yield Outlets(ads, topic_id, business, campaigns)
    finally:
        close_producer(producer)


@contextmanager
def _through_api(target: Target, given: ApiTarget) -> Iterator[Outlets]:
    batch = given.batch
    api = EventsApi(given.address, given.key)
    log.info(
        "posting to http://%s/events, %d events at a time. The API does not say where a record "
        f"lies: `{ADLAKE} producers` compares this run in total alone",
        given.address, batch,
    )  # fmt: skip
    try:
        business = None
        if target.business_topic:
            business = BusinessTopic(
                target.business_topic, "", ApiPublisher(api, batch), target.advertisers
            )
        yield Outlets(ApiPublisher(api, batch), "", business)
    finally:
        api.close()


def _tell_scenario(worker: Worker) -> None:
    played = worker.timeline.planner.scenario
    if played is not None:
        log.info("%s", played)
    if worker.business is not None and worker.business.stream.overspender is not None:
        log.info("%s", worker.business.stream.overspender)


def set_up_logging() -> None:
    """Plain lines on a terminal, dated log lines elsewhere."""
    plain = sys.stdout.isatty()
    logging.basicConfig(
        stream=sys.stdout,
        level=logging.INFO,
        format="%(message)s" if plain else "%(asctime)s %(levelname)s %(message)s",
    )
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


def _run_child(options: GeneratorOptions, target: Target) -> None:
    set_up_logging()
    try:
        run_worker(options, target)
    except AdlakeError as error:
        sys.stderr.write(f"adlake: worker {options.worker + 1}/{options.workers}: {error}\n")
        sys.exit(1)


def _wait_for(processes: Sequence[BaseProcess]) -> int:
    def forward(number: int, frame: FrameType | None) -> None:
        for process in processes:
            if process.is_alive():
                process.terminate()

    for number in SIGNALS:
        signal.signal(number, forward)
    for process in processes:
        process.join()
    return max(abs(process.exitcode or 0) and 1 for process in processes)


def _stop_on_signal(worker: Worker) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        worker.stop()

    for number in SIGNALS:
        signal.signal(number, stop)


@contextmanager
def _sole_owner(options: GeneratorOptions, home: Path) -> Iterator[TextIO]:
    """Two processes on one checkpoint would send different events under the same ids."""
    path = home / "generator" / f"{options.digest()}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CheckpointError(
                "this run is already going on (same options, same home): stop it first, or give "
                "another --seed"
            ) from None
        yield file
