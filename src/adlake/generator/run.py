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

from adlake.contracts.errors import AdlakeError
from adlake.generator.business_desk import BusinessTopic
from adlake.generator.campaign_desk import CampaignDesk
from adlake.generator.campaign_updates import updates_of
from adlake.generator.checkpoint import CheckpointError
from adlake.generator.options import GeneratorOptions
from adlake.generator.progress import Progress
from adlake.generator.worker import Worker
from adlake.io.kafka.access import Brokers
from adlake.io.kafka.producer import EventPublisher, build_producer, close_producer
from adlake.io.kafka.topic import topic_facts

log = logging.getLogger(__name__)
SIGNALS = (signal.SIGTERM, signal.SIGINT)


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
    with _sole_owner(options, target.home):
        producer = build_producer(target.brokers)
        try:
            publisher = EventPublisher(producer, target.topic)
            topic_id = topic_facts(target.brokers, target.topic).topic_id
            business = None
            if target.business_topic:
                business = _business_topic(EventPublisher(producer, target.business_topic), target)
            campaigns = None
            if target.campaign_topic:
                publisher_of_updates = EventPublisher(producer, target.campaign_topic)
                campaigns = CampaignDesk(publisher_of_updates, updates_of(options.seed))
            worker = Worker(
                options, target.home, target.topic, publisher, topic_id=topic_id,
                business=business, campaigns=campaigns,
            )  # fmt: skip
            _stop_on_signal(worker)
            _tell_scenario(worker)
            # Market tables and fragments live as long as the process: keep the collector off them.
            gc.freeze()
            worker.run(progress)
            progress.summary(worker)
        finally:
            close_producer(producer)


def _tell_scenario(worker: Worker) -> None:
    played = worker.timeline.planner.scenario
    if played is not None:
        log.info("%s", played)


def _business_topic(publisher: EventPublisher, target: Target) -> BusinessTopic:
    return BusinessTopic(
        name=target.business_topic,
        topic_id=topic_facts(target.brokers, target.business_topic).topic_id,
        publisher=publisher,
        advertisers=target.advertisers,
    )


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
