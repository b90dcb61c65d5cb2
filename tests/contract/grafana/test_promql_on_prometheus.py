"""Every PromQL of Grafana's panels on a real Prometheus that reads the stream's real exporter."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from adlake.contracts import gauges
from adlake.contracts.gauges import METRICS, Kind
from adlake.contracts.tables import GOLD_STATE
from adlake.devstack.services.ports import free_ports
from adlake.devstack.services.prometheus import Prometheus
from adlake.io.prometheus.endpoint import Endpoint
from adlake.io.prometheus.meters import Meters
from adlake.settings import REPO_ROOT, Settings
from tests.fixtures.grafana_double import sent_to_prometheus
from tests.fixtures.patience import wait_until

pytestmark = pytest.mark.integration

LABELS = {
    "event_type": "CLICK",
    "pipeline": "attribution", "table": GOLD_STATE, "quantile": "0.95", "topic": "ad_events",
    "partition": "0", "phase": "merge", "reason": "BAD_ID", "place": "home", "area": "heap",
    "kind": "replay", "lease": "attribution", "probe": "broker", "version": "1",
    "channel": "slack",
}  # fmt: skip
WORKED = {
    gauges.LAG: 70.0, gauges.EVENT_LATENCY: 4.0, gauges.TABLE_ROWS: 200.0,
    gauges.DELETED_ROWS: 50.0, gauges.DATA_BYTES: 3_000.0, gauges.DATA_FILES: 3.0,
    gauges.DISK_FREE: 1.0, gauges.DISK_SIZE: 4.0, gauges.PROBE_UP: 0.0,
    gauges.RECORDS: 200.0, gauges.REJECTED: 10.0, gauges.CHECKED_DELIVERIES: 100.0,
    gauges.DUPLICATES: 4.0, gauges.BATCHES: 10.0, gauges.PHASE_SECONDS: 25.0,
}  # fmt: skip
"""Value of a gauge, and what a counter grows by; 1 for all others."""


def told(meters: Meters, share: float) -> None:
    """Have each metric say something; counters grow by a share of what they grow by."""
    for metric in METRICS:
        labels = {name: LABELS[name] for name in metric.labels}
        value = WORKED.get(metric, 1.0)
        if metric.kind is Kind.HISTOGRAM:
            meters.observe(metric, value, **labels)
        elif metric.kind is Kind.COUNTER:
            meters.add(metric, value * share, **labels)
        else:
            meters.put(metric, value, **labels)


class Asked:
    """A Prometheus with a few scrapes of a stream that works."""

    def __init__(self, port: int) -> None:
        self._api = f"http://127.0.0.1:{port}/api/v1"

    def result(self, expression: str, is_instant: bool) -> list[dict[str, Any]]:
        """The series of an answer; a query that is not understood fails the test."""
        now = time.time()
        asked: dict[str, Any] = {"query": sent_to_prometheus(expression)}
        if not is_instant:
            asked |= {"start": now - 60, "end": now, "step": 1}
        path = "query" if is_instant else "query_range"
        answer = requests.get(f"{self._api}/{path}", params=asked, timeout=30).json()
        assert answer["status"] == "success", answer.get("error")
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def value(self, expression: str) -> float:
        (series,) = self.result(expression, is_instant=True)
        return float(series["value"][1])


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    ports = dict(zip(("METRICS", "PROMETHEUS", "ALERTMANAGER"), free_ports(3), strict=True))
    settings = Settings({
        "ADLAKE_HOME": str(tmp_path_factory.mktemp("prometheus")), "ADLAKE_SCRAPE_SECONDS": "0.5",
        **{f"ADLAKE_{name}_PORT": str(port) for name, port in ports.items()},
    })  # fmt: skip
    meters = Meters()
    told(meters, 0)
    endpoint, prometheus = Endpoint(meters.registry, ports["METRICS"]), Prometheus(settings)
    endpoint.start()
    try:
        prometheus.start()
        stream = Asked(ports["PROMETHEUS"])
        until(lambda: stream.result("adlake_records_total", is_instant=True))
        told(meters, 1)
        until(lambda: stream.result("increase(adlake_records_total[1m]) > 0", is_instant=True))
        yield stream
    finally:
        prometheus.stop()
        endpoint.stop()


def until(holds: Callable[[], object]) -> None:
    wait_until(holds, 30, every=0.2, otherwise="Prometheus did not read the exporter")


def expressions() -> dict[str, tuple[str, bool]]:
    """Title of the panel and query -> the expression, and whether its newest value is asked."""
    found = {}
    for dashboard in sorted((REPO_ROOT / "grafana" / "dashboards").glob("*.json")):
        for panel in json.loads(Path(dashboard).read_text())["panels"]:
            for target in panel.get("targets", []):
                if "expr" in target:
                    name = f"{dashboard.stem}: {panel['title']}, {target['refId']}"
                    found[name] = (target["expr"], target["instant"])
    return found


@pytest.mark.parametrize("name", expressions())
def test_every_expression_is_understood_and_answered(asked: Asked, name: str) -> None:
    expression, is_instant = expressions()[name]
    result = asked.result(expression, is_instant)
    assert result, f"{expression} finds nothing where every metric is told"
    if is_instant:
        assert len(result) == 1, "a tile shows one value"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("operations: Latency, p95, A", 4),
        ("operations: Lag, A", 70),
        ("operations: Rejected, A", 0.05),
        ("operations: Phases of a batch, A", 2.5),
        ("operations: Delete debt, A", 0.25),
        ("operations: Mean size of files, A", 1000),
        ("operations: Free disk, A", 0.25),
        ("operations: Probes that do not answer, A", 1),
        ("trust: Duplicate rate, A", 0.04),
    ],
)
def test_an_expression_gives_what_was_worked_by_hand(
    asked: Asked, title: str, expected: float
) -> None:
    expression, _ = expressions()[title]
    assert asked.value(expression) == pytest.approx(expected)


def test_a_wrong_expression_would_be_told(asked: Asked) -> None:
    with pytest.raises(AssertionError, match="parse error"):
        asked.result("sum by (rate(adlake_records_total[1m])", is_instant=True)
