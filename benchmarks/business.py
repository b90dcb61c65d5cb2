"""What business events cost, and how soon a customer's row has what was posted.

Three parts. A warm batch of generated business events, in one lake with the tables of customers
and in one without, in turns. A step of the keeper of budgets, where the same news are about
advertisers with a history of 1, 4 and 16 times, in lakes with equally many clicks. The time from a
post to the API to the row of gold.customer_360 that Trino returns, on a whole stack beside traffic.
Writes benchmarks/reports/business.json.

    .venv/bin/python benchmarks/business.py --without-stack
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.budgets.contract import EventType
from adlake.budgets.keeping import keep_budgets
from adlake.business.pipeline import BusinessPipeline
from adlake.contracts.tables import CUSTOMER_360
from adlake.customers.event_writer import CustomerEventWriter
from adlake.customers.writer import CustomerWriter
from adlake.generator.business_desk import BusinessTopic
from adlake.generator.dimensions import advertisers_of
from adlake.generator.options import GeneratorOptions
from adlake.generator.worker import Worker
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.spark.session import build_session
from adlake.io.trino.client import TrinoClient, connect, direct_session
from adlake.settings import REPO_ROOT, Settings
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from benchmarks.canary import percentile
from benchmarks.measured import Measured
from benchmarks.own_stack import own_stack
from tests.fixtures.budgets.told import sent
from tests.fixtures.business.mutations import Delivery
from tests.fixtures.business.parity import records
from tests.fixtures.generated_streams import START_MS, RecordingPublisher
from tests.fixtures.machine import machine_facts
from tests.fixtures.sessions import lake_at, resources_of

REPORT = REPO_ROOT / "benchmarks" / "reports" / "business.json"
PLAIN = BusinessPipeline()
WITH_CUSTOMERS = BusinessPipeline(derived=(CustomerEventWriter, CustomerWriter))
WARM_UP: Final = 3
"""Batches that are not counted."""
WARM_STEPS: Final = 2
"""Likewise, of each lake."""
TIMES: Final = (1, 4, 16)
TOUCHED: Final = 10
"""Advertisers that the news are about."""
NEWS: Final = 20
"""Clicks of each of them in a step."""
DAY_MS: Final = 86_400_000
HISTORY_DAYS: Final = 30
EVENTS_PER_BUSINESS_EVENT: Final = 7
"""Ad events that the generator makes for one, at least."""
WAIT_SECONDS: Final = 60.0
"""For what is posted last; for the first one, too."""
POLL_SECONDS: Final = 1.0


@dataclass
class Lake:
    """An empty lake, and its records so far."""

    session: SparkSession
    pipeline: BusinessPipeline
    records: int = 0

    def __post_init__(self) -> None:
        identity = WriterIdentity(
            SourceIncarnation("business_events"), "t", generation=1, query_id="q"
        )
        self._processor = BatchProcessor(self.session, self.pipeline, identity, lambda: None)

    def frame(self, deliveries: Sequence[Delivery]) -> DataFrame:
        """The next records, at hand."""
        frame = records(self.session, deliveries)
        moved = frame.withColumn("kafka_offset", F.col("kafka_offset") + self.records)
        self.records += len(deliveries)
        return moved.localCheckpoint()

    def take(self, frame: DataFrame) -> None:
        """One batch."""
        self._processor.process(frame, self.records)


def main() -> int:
    arguments = parse_arguments()
    session = build_session("business", resources_of("2g"))
    written: dict[str, Any] = {
        "what": f"medians; {WARM_UP} batches and {WARM_STEPS} steps before are not counted; "
        f"batches of {arguments.batch_size:,} generated events; steps of {TOUCHED * NEWS} clicks "
        f"of {TOUCHED} advertisers, in lakes of {arguments.clicks * TIMES[-1]:,} clicks; one "
        "session, no broker, no maintenance",
        "machine": machine_facts(),
        "batches": batches(session, arguments.batches, arguments.batch_size),
        "budget_steps": [
            budget_steps(session, times, arguments.clicks, arguments.steps) for times in TIMES
        ],
    }
    session.stop()
    if arguments.stack:
        with own_stack(only=["postgres", "kafka", "trino", "api", "stream"]) as stack:
            written["freshness_seconds"] = freshness(stack.settings, arguments)
    arguments.report.write_text(json.dumps(written, indent=2) + "\n")
    print(f"written to {arguments.report}")
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=7, help="counted, of each lake")
    parser.add_argument("--batch-size", type=int, default=2_000, help="business events")
    parser.add_argument("--clicks", type=int, default=2_000, help="history of 1 time")
    parser.add_argument("--steps", type=int, default=3, help="counted, of each history")
    parser.add_argument("--without-stack", dest="stack", action="store_false")
    parser.add_argument("--posts", type=int, default=100, help="one a second")
    parser.add_argument("--rate", type=int, default=500, help="events a second beside the posts")
    parser.add_argument("--report", type=Path, default=REPORT)
    return parser.parse_args()


def batches(session: SparkSession, count: int, size: int) -> dict[str, Any]:
    """The same batches into both lakes."""
    deliveries = generated((WARM_UP + count) * size)
    with two_lakes(session) as lakes:
        found = {name: Measured() for name in lakes}
        for number in range(WARM_UP + count):
            part = deliveries[number * size : (number + 1) * size]
            for name, lake in lakes.items():
                into = found[name] if number >= WARM_UP else Measured()
                measured(session, into, name, partial(lake.take, lake.frame(part)))
    facts: dict[str, Any] = {name: one.facts() for name, one in found.items()}
    pairs = zip(*(one.cpu_seconds for one in found.values()), strict=True)
    facts["cpu_with_customers_against_without"] = round(
        statistics.median(with_them / without for without, with_them in pairs), 2
    )
    return facts


@contextmanager
def two_lakes(session: SparkSession) -> Iterator[dict[str, Lake]]:
    pipelines = {"without_customers": PLAIN, "with_customers": WITH_CUSTOMERS}
    with tempfile.TemporaryDirectory(prefix="adlake-bench-") as folder:
        yield {
            name: Lake(lake_at(session, Path(folder) / name), pipeline)
            for name, pipeline in pipelines.items()
        }


def generated(count: int) -> list[Delivery]:
    """So many business events of one run of the generator, in the order in which they come."""
    seed, found = 7, RecordingPublisher()
    topic = BusinessTopic("business_events", "", found, advertisers_of(seed))
    options = GeneratorOptions(
        seed=seed, rate=1_000.0, start_at_ms=START_MS, history_ms=HISTORY_DAYS * DAY_MS,
        history_events=count * EVENTS_PER_BUSINESS_EVENT, paced=False,
        events=count * EVENTS_PER_BUSINESS_EVENT,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="adlake-bench-") as folder:
        Worker(options, Path(folder), "ad_events", RecordingPublisher(), business=topic).run()
    if len(found.records) < count:
        sys.exit(f"the generator made {len(found.records):,} business events, not {count:,}")
    return [(value, key, stamp) for key, value, stamp in found.records[:count]]


def budget_steps(session: SparkSession, times: int, clicks: int, steps: int) -> dict[str, Any]:
    """Steps of one lake; whoever is not touched has what makes the lakes equally large."""
    others = clicks * (TIMES[-1] - times)
    history = [
        *history_of("touched", TOUCHED, clicks * times),
        *history_of("other", TOUCHED * (TIMES[-1] - times), others),
    ]
    history.sort(key=lambda one: one[2])
    found = Measured()
    with tempfile.TemporaryDirectory(prefix="adlake-bench-") as folder:
        lake = Lake(lake_at(session, Path(folder) / "warehouse"), PLAIN)
        lake.take(lake.frame(history))
        built = Measured()
        step = partial(keep_budgets, lake.session, PLAIN)
        measured(session, built, "whole build", step)
        for number in range(WARM_STEPS + steps):
            lake.take(lake.frame(news(number)))
            into = found if number >= WARM_STEPS else Measured()
            measured(session, into, f"history of {times} times", step)
    return {
        "times": times, "clicks_of_touched": clicks * times, "clicks": len(history),
        "whole_build_seconds": round(built.seconds[0], 2), "step": found.facts(),
    }  # fmt: skip


def history_of(name: str, advertisers: int, clicks: int) -> list[Delivery]:
    """A budget for each of them, and clicks that are spread over the days."""
    length_ms, found = HISTORY_DAYS * DAY_MS, []
    for number in range(advertisers):
        found.append(
            told_of(EventType.BUDGET, f"{name}-{number}", "b", START_MS - 1, budget_value=100)
        )
    for number in range(clicks):
        who = f"{name}-{number % advertisers}"
        at_ms = START_MS + number * length_ms // clicks
        found.append(told_of(EventType.CLICK, who, f"c{number}", at_ms, amount=0.25))
    return found


def news(step: int) -> list[Delivery]:
    """The clicks of one step."""
    begin_ms = START_MS + HISTORY_DAYS * DAY_MS + step * 60_000
    return [
        told_of(
            EventType.CLICK, f"touched-{number % TOUCHED}", f"n{step}-{number}", begin_ms + number,
            amount=0.25,
        )
        for number in range(TOUCHED * NEWS)
    ]  # fmt: skip


def told_of(kind: EventType, advertiser: str, name: str, at_ms: int, **said: Any) -> Delivery:  # noqa: ANN401 - fields
    named = f"{advertiser}-{name}"
    payload, _, ingest_ms = sent(kind, named, at_ms, advertiser_id=advertiser, **said)
    return payload, advertiser.encode(), ingest_ms


def measured(session: SparkSession, into: Measured, name: str, work: Callable[[], object]) -> None:
    with into.once(session):
        work()
    print(
        f"{name}: {into.seconds[-1]:.2f} s, {into.cpu_seconds[-1]:.2f} s of processors", flush=True
    )


def freshness(settings: Settings, arguments: argparse.Namespace) -> dict[str, Any]:
    """From the moment before a post until Trino returns the row of that customer."""
    traffic = [
        sys.executable, "-m", "adlake.cli", "generate", "--rate", str(arguments.rate),
        "--business", "--seed", "7",
    ]  # fmt: skip
    environment = {**os.environ, **settings.as_environment()}
    with (
        subprocess.Popen(traffic, env=environment, stdout=subprocess.DEVNULL) as generator,
        connect(settings.ports.trino_port) as trino,
    ):
        posts = Posts(settings, trino)
        try:
            # What a driver needs that has just begun nobody waits for later.
            posts.send("warm")
            posts.look_until(WAIT_SECONDS)
            posts.seconds.clear()
            for number in range(arguments.posts):
                posts.send(f"fresh-{number}")
                posts.look_for(1.0)
            posts.look_until(WAIT_SECONDS)
        finally:
            generator.terminate()
    return {
        "posts": arguments.posts, "never_seen": len(posts.pending),
        "events_a_second": arguments.rate, "trigger_seconds": settings.stream.trigger_seconds,
        "p50": round(percentile(posts.seconds, 0.5), 2),
        "p95": round(percentile(posts.seconds, 0.95), 2),
    }  # fmt: skip


@dataclass
class Posts:
    """Customers who were posted, and how long each took to be a row."""

    settings: Settings
    trino: TrinoClient
    pending: dict[str, float] = field(default_factory=dict)
    """User -> monotonic time before its post."""
    seconds: list[float] = field(default_factory=list)

    def send(self, user: str) -> None:
        """One new customer."""
        url = f"http://127.0.0.1:{self.settings.ports.api_port}/customers"
        began = time.monotonic()
        answer = direct_session().post(url, json={"user_id": user}, timeout=60)
        answer.raise_for_status()
        self.pending[user] = began

    def look_for(self, seconds: float) -> None:
        """Look all that time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._look()
            time.sleep(min(left, POLL_SECONDS))

    def look_until(self, most_seconds: float) -> None:
        """Look until nobody is pending, but not for ever."""
        until = time.monotonic() + most_seconds
        while self.pending and time.monotonic() < until:
            self._look()
            time.sleep(POLL_SECONDS)

    def _look(self) -> None:
        if not self.pending:
            return
        marks = ", ".join("?" * len(self.pending))
        sql = f"SELECT user_id FROM {CUSTOMER_360} WHERE user_id IN ({marks})"  # noqa: S608 - marks
        found = [row[0] for row in self.trino.rows(sql, list(self.pending))]
        now = time.monotonic()
        self.seconds += [now - self.pending.pop(user) for user in found]


if __name__ == "__main__":
    sys.exit(main())
