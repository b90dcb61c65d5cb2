"""Every SQL of Grafana's panels and rules on real Trino, with the variables set and unset."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import trino

from adlake.contracts.tables import CATALOG
from adlake.settings import REPO_ROOT, Settings
from tests.fixtures.grafana_double import VARIABLE, field_type, sent_to_trino
from tests.fixtures.trino import scratch_trino
from tests.fixtures.trino.metrics_lake import GOLD, MetricsLake, Snapshot

pytestmark = pytest.mark.integration

CHOSEN = {
    "campaign_id": "c'1", "bucket": "minute", "outlier_by": "user", "sigmas": "0",
    "min_impressions": "1", "burst_clicks": "1", "burst_pause_ms": "60000",
    "double_click_ms": "60000", "fast_conversion_ms": "10000000",
}  # fmt: skip
SPAN = {"since": "2026-11-01T09:30:00", "until": "2026-11-01T12:00:00"}


@dataclass(frozen=True)
class Question:
    """One statement, and what its asker does with the answer."""

    kind: str
    raw_sql: str


def questions() -> Iterator[Any]:
    for dashboard in sorted((REPO_ROOT / "grafana" / "dashboards").glob("*.json")):
        for panel in json.loads(dashboard.read_text())["panels"]:
            for target in panel.get("targets", []):
                if "rawSQL" in target:
                    question = Question(panel["type"], target["rawSQL"])
                    yield pytest.param(question, id=f"{dashboard.stem}: {panel['title']}")
    file = REPO_ROOT / "grafana" / "provisioning" / "alerting" / "trust.json"
    for rule in json.loads(file.read_text())["groups"][0]["rules"]:
        yield pytest.param(Question("rule", rule["data"][0]["model"]["rawSQL"]), id=rule["uid"])


ALL = list(questions())


@pytest.fixture(scope="module")
def shown_lake(lake: MetricsLake) -> MetricsLake:
    """A click, a conversion, an outlier and a batch: no answer is empty for want of rows."""
    click = {"e": "e1", "t": 1793527200500, "r": 1, "c": "c'1", "u": "u1"}
    shown = {"e": "e0", "t": 1793527200000, "r": 0, "c": "c'1", "u": "u1"}
    lake.add_impression("i1", "c'1", "10:00", cost="1", clicked=True, converted_at="10:30",
                        revenue="20.5", user="u1", events_state=json.dumps([shown, click]),
                        updated_hours_ago=0)  # fmt: skip
    lake.add_impression("i2", "c2", "10:30", cost="2", user="u2")
    batch = lake.batch_summary(0, 60, events=10, rejected=1, ages_ms=(1_000, 2_000, 3_000))
    lake.add_snapshot(GOLD, Snapshot(1, 60, batch))
    lake.insert('gold."ad_performance_state$files"', [(0, 2, 1000)])
    now = lake.now
    lake.insert("bronze.ad_events", [
        ("ad_events", 0, 0, now, None, "e0", "i1"), ("ad_events", 0, 1, now, "BAD_ID", None, None),
    ])  # fmt: skip
    lake.insert("audit.completeness_ledger", [("ad_events", 1, 1, 1, now)])
    return lake


@pytest.fixture(scope="module")
def plugin(shown_lake: MetricsLake, private_lake: Settings) -> Iterator[trino.dbapi.Cursor]:
    """Trino as the plug-in sees it, with the names of the types."""
    connection = trino.dbapi.connect(
        host="127.0.0.1", port=private_lake.ports.trino_port, user=scratch_trino.WRITER,
        catalog=scratch_trino.CATALOG,
    )  # fmt: skip
    yield connection.cursor()
    connection.close()


def asked(
    plugin: trino.dbapi.Cursor, question: Question, chosen: dict[str, str], span: dict[str, str]
) -> tuple[list[tuple[str, str]], list[list[Any]]]:
    """Name and kind of each column, and the rows."""
    plugin.execute(sent_to_trino(question.raw_sql, chosen, span))
    rows = plugin.fetchall()
    kinds = {name: str(kind) for name, kind, *_ in plugin.description or ()}
    decimals = [name for name, kind in kinds.items() if kind.startswith("decimal")]
    assert decimals == [], "they would reach the panel as text"
    return [(name, field_type(kind)) for name, kind in kinds.items()], rows


def check(question: Question, columns: list[tuple[str, str]], rows: list[list[Any]]) -> None:
    kinds = [kind for _, kind in columns]
    if question.kind in {"stat", "rule"}:
        assert (kinds, len(rows)) == (["number"], 1)
    elif question.kind == "timeseries":
        assert columns[0] == ("time", "time")
        assert set(kinds[1:]) == {"number"}
        times = [row[0] for row in rows]
        assert times == sorted(times)
        assert len(times) == len(set(times))
    else:
        assert "number" in kinds


@pytest.mark.parametrize("question", ALL)
def test_it_runs_with_every_variable_unset(plugin: trino.dbapi.Cursor, question: Question) -> None:
    span = {"since": "1970-01-01T00:00:00", "until": "2100-01-01T00:00:00"}
    columns, rows = asked(plugin, question, {}, span)
    check(question, columns, rows)


@pytest.mark.parametrize("question", [one for one in ALL if VARIABLE.search(one.values[0].raw_sql)])
def test_it_runs_with_every_variable_set(plugin: trino.dbapi.Cursor, question: Question) -> None:
    columns, rows = asked(plugin, question, CHOSEN, SPAN)
    check(question, columns, rows)
    assert rows, "the lake has what each panel shows"


def test_the_double_gives_kinds_as_the_plug_in_does() -> None:
    assert field_type("decimal(38,9)") == "text"
    assert field_type("timestamp(6) with time zone") == "time"
    assert field_type("bigint") == "number"


def test_the_plug_in_names_no_catalog_and_gets_the_lake(private_lake: Settings) -> None:
    connection = trino.dbapi.connect(
        host="127.0.0.1", port=private_lake.ports.trino_port, user="grafana"
    )
    cursor = connection.cursor()
    cursor.execute("SHOW SCHEMAS")
    assert ["information_schema"] in cursor.fetchall()
    cursor.execute("SELECT table_catalog FROM information_schema.tables LIMIT 1")
    assert cursor.fetchall() == [[CATALOG]]
    connection.close()
