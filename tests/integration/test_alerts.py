"""Every alert rule fired for real, and resolved again: exporter, Prometheus, Alertmanager, webhook.

The faults are put into the real exporter; the drill with faults in a whole stack is
tests/faults/test_alerts.py. Waits and ranges of the rules are hurried, thresholds are as written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from adlake.contracts import gauges
from adlake.contracts.gauges import Metric
from adlake.devstack.services.ports import private_environment
from adlake.devstack.services.templates import INFRA_FOLDER
from adlake.io.postgres.control_state import ControlState, LeaseState, OpenRequests
from adlake.io.postgres.table_heads import TableHead
from adlake.io.prometheus.endpoint import served
from adlake.io.prometheus.meters import Meters, Sample
from adlake.settings import Settings
from adlake.streaming.batch_facts import BatchFacts
from adlake.streaming.metering import BatchMeters
from adlake.streaming.pipeline import Written
from adlake.streaming.probes import Control
from tests.fixtures.alerting import Webhook, watched, webhook

pytestmark = pytest.mark.integration

PACE, SCRAPE_SECONDS = "0.004", "0.5"
RULES = yaml.safe_load((INFRA_FOLDER / "prometheus" / "alerts.yml").read_text())["groups"]
NEEDS_PROCESSES = {"RestartsOften"}
"""What restarts of this very process would fire: in the drill on a whole stack."""
NAMES = [rule["alert"] for group in RULES for rule in group["rules"]]
FIRED_HERE = {*NAMES} - {"StreamDown", *NEEDS_PROCESSES}
MOST_SECONDS = 90.0
"""On a machine that does other things too; alone it is a fifth of that."""
TABLE, GOLD = "bronze.t", "gold.t"
GIB = 1 << 30


class Stream:
    """The exporter of a stream that does a batch a tick, healthy or with every fault at once."""

    def __init__(self) -> None:
        self.meters, self.now, self.is_ill, self.lost = Meters(), 0.0, False, 0
        self.batches = BatchMeters(self.meters, "p", lambda: self.now)
        self.hung = BatchMeters(self.meters, "hung", lambda: self.now)
        state = ControlState(
            (OpenRequests("erase", 1, 4_000.0),), (LeaseState("replay", 7, is_held=True),)
        )
        self.control = Control(lambda: state, lambda: self.now)
        tuple(self.control())

    def tick(self) -> None:
        """One batch and one round of maintenance and probes."""
        ill = self.is_ill
        if ill:
            self.batches.attempt_failed()
        self.batches.batch_done(self._facts(ill), {"admit": 0.1}, {GOLD: self._written(ill)})
        for table in (TABLE, GOLD):
            self.batches.committed(table, int((time.time() - (90 if ill else 1)) * 1_000))
        self._maintain(ill)
        self._probe(ill)
        self.meters.add(gauges.NOTIFICATIONS_FAILED, float(ill), channel="slack")

    def _facts(self, ill: bool) -> BatchFacts:
        rejected = {"BAD_ID": 50} if ill else {}
        oldest = int((time.time() - (200 if ill else 3)) * 1_000)
        return BatchFacts(100, len(rejected) * 50, {}, {}, (oldest, oldest, oldest), 0, 1, rejected)

    def _written(self, ill: bool) -> Written:
        told: dict[Metric, float] = {
            gauges.IMPRESSIONS: 90, gauges.UNTIMED_IMPRESSIONS: 80 if ill else 1,
            gauges.CROWDED_EVENTS: 300 if ill else 0,
        }  # fmt: skip
        return Written(TableHead("u", 1, 1, 0), "", told)

    def _maintain(self, ill: bool) -> None:
        for metric, sick, well in (
            (gauges.CHECKED_DELIVERIES, 100, 100), (gauges.DUPLICATES, 20, 0),
            (gauges.REUSED_IDS, 5, 0), (gauges.COMPLETENESS_GAPS, 1, 0),
        ):  # fmt: skip
            self.meters.add(metric, sick if ill else well, table=TABLE)
        self.meters.put(gauges.DELETE_FILES, 900 if ill else 3, table=GOLD)
        self.meters.put(gauges.DATA_FILES, 50, table=GOLD)

    def _probe(self, ill: bool) -> None:
        waiting = 1_000_000 if ill else 0
        lags = [
            Sample(gauges.LAG, waiting, {"pipeline": name, "topic": "t", "partition": "0"})
            for name in ("p", "hung")
        ]
        self.meters.answer("broker", lags, 60)
        # It goes on getting less: seen once in a short range, a single fall could be missed.
        self.lost = self.lost + 1 if ill else 0
        left = GIB * 0.97**self.lost if ill else 500 * GIB
        free = Sample(gauges.DISK_FREE, left, {"place": "home"})
        size = Sample(gauges.DISK_SIZE, 1_000 * GIB, {"place": "home"})
        self.meters.answer("disk", [free, size], 60)
        used = Sample(gauges.HEAP_USED, 1_990 if ill else 900, {"area": "heap"})
        most = Sample(gauges.HEAP_MAX, 2_000, {"area": "heap"})
        self.meters.answer("jvm", [used, most], 60)
        self.now += 3_000 if ill else 0
        if ill:
            self.meters.answer("control", self.control(), 60)
            self.meters.no_answer("catalog")
        else:
            self.meters.answer("control", (), 60)
            self.meters.answer("catalog", (), 60)


@pytest.fixture
def told() -> Iterator[Webhook]:
    with webhook() as one:
        yield one


def go_on(stream: Stream, told: Webhook, missing: Callable[[], set[str]]) -> None:
    """Batch after batch until the webhook has heard of all."""
    deadline = time.monotonic() + MOST_SECONDS
    while names := missing():
        assert time.monotonic() < deadline, f"not told: {sorted(names)}; told: {told.states}"
        stream.tick()
        time.sleep(0.25)


def test_every_rule_fires_for_its_fault_and_is_over_when_that_is(
    tmp_path: Path, told: Webhook
) -> None:
    environment = private_environment(tmp_path / "home") | {
        "ADLAKE_ALERT_WEBHOOK_URL": told.url, "ADLAKE_ALERT_PACE": PACE,
        "ADLAKE_SCRAPE_SECONDS": SCRAPE_SECONDS,
    }  # fmt: skip
    settings, stream = Settings(environment), Stream()
    (tmp_path / "home" / "run").mkdir(parents=True)
    port = settings.ports.metrics_port
    with watched(settings):
        with served(stream.meters, port):
            for _ in range(12):
                stream.tick()
                time.sleep(0.25)
            assert set(told.states) <= {"StreamDown"}, "a healthy stream fires nothing"
            stream.is_ill = True
            with stream.hung.batch():
                go_on(stream, told, lambda: FIRED_HERE - told.ever_fired)
            assert told.annotations_of("RejectedShareHigh")["runbook"].startswith("docs/operate.md")
            stream.is_ill = False
            go_on(stream, told, lambda: {n for n in FIRED_HERE if told.states[n] == "firing"})
        told.wait_for("firing", "StreamDown", seconds=30)
