"""Grafana as code: what is committed is what the code makes, and what Grafana's types allow."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from adlake.contracts import gauges
from adlake.io.sql.files import parameters
from adlake.metrics.query import load_metric
from adlake.settings import REPO_ROOT
from tests.fixtures.grafana_double import VARIABLE, sent_to_prometheus, sent_to_trino
from tools.grafana import alerting, operations, sources, trust
from tools.grafana.files import files
from tools.grafana.queries import Sql, number
from tools.grafana.types import SCHEMA

FOLDER = REPO_ROOT / "grafana"
DASHBOARDS = sorted((FOLDER / "dashboards").glob("*.json"))
PROVISIONED = sorted((FOLDER / "provisioning").rglob("*.*"))
UNITS = {"s", "short", "percentunit", "recps", "eps", "rowsps", "bytes", "locale"}
Json = dict[str, Any]


@cache
def read(path: Path) -> Json:
    text = path.read_text()
    content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    assert isinstance(content, dict)
    return content


def panels(dashboard: Path) -> list[Json]:
    return [panel for panel in read(dashboard)["panels"] if panel["type"] != "row"]


EVERY_PANEL = [panel for dashboard in DASHBOARDS for panel in panels(dashboard)]
made = cache(files)


def targets(panel: Json) -> list[Json]:
    found: list[Json] = panel.get("targets", [])
    return found


@pytest.mark.parametrize(
    "name",
    ["dashboards/operations.json", "dashboards/trust.json", "provisioning/alerting/trust.json"],
)
def test_a_generated_file_has_not_drifted(name: str) -> None:
    assert (FOLDER / name).read_text() == made()[FOLDER / name], "run `make grafana`"


def test_no_other_dashboard_lies_beside_the_generated_ones() -> None:
    assert set(DASHBOARDS) == {path for path in made() if path.parent.name == "dashboards"}
    assert len(made()) == 3


@cache
def kinds() -> dict[str, Draft7Validator]:
    """Kind of panel -> its schema: of one that fails, the panel's own error is told."""
    of_panel = json.loads(SCHEMA.read_text())["properties"]["panels"]["items"]["anyOf"]
    return {one["properties"]["type"]["const"]: Draft7Validator(one) for one in of_panel}


def problems(panel: Json) -> list[str]:
    found = kinds()[panel["type"]].iter_errors(panel)
    return [f"{'.'.join(map(str, one.absolute_path))}: {one.message}" for one in found]


def test_every_panel_has_grafanas_types() -> None:
    found = {panel["title"]: problems(panel) for panel in EVERY_PANEL}
    assert {title: wrong for title, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_has_grafanas_types(dashboard: Path) -> None:
    schema = Draft7Validator(json.loads(SCHEMA.read_text()))
    around = {**read(dashboard), "panels": []}
    assert [one.message for one in schema.iter_errors(around)] == []
    rows = [panel for panel in read(dashboard)["panels"] if panel["type"] == "row"]
    assert [problem for row in rows for problem in problems(row)] == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"titel": "x"}, "'titel' was unexpected"),
        ({"targets": [{"refId": "A", "expr": "up"}]}, "is not valid under any"),
        ({"gridPos": {"x": 0, "y": 0, "w": "wide", "h": 1}}, "'wide' is not of type 'number'"),
    ],
)
def test_a_panel_that_grafana_would_not_know_is_refused(change: Json, told: str) -> None:
    (first, *_) = panels(DASHBOARDS[0])
    assert any(told in problem for problem in problems({**first, **change}))


def test_ids_are_used_once_and_places_do_not_overlap() -> None:
    uids = [read(dashboard)["uid"] for dashboard in DASHBOARDS]
    uids += [
        rule["uid"]
        for rule in read(FOLDER / "provisioning/alerting/trust.json")["groups"][0]["rules"]
    ]
    assert len(uids) == len(set(uids))
    assert all(re.fullmatch(r"[a-z-]{1,40}", uid) for uid in uids)
    for dashboard in DASHBOARDS:
        everything = read(dashboard)["panels"]
        ids = [panel["id"] for panel in everything]
        assert sorted(ids) == list(range(1, len(ids) + 1))
        taken = [cell for panel in everything for cell in cells(panel["gridPos"])]
        assert len(taken) == len(set(taken))
        assert max(x for x, _ in taken) < 24


def cells(place: dict[str, int]) -> list[tuple[int, int]]:
    xs = range(place["x"], place["x"] + place["w"])
    return [(x, y) for x in xs for y in range(place["y"], place["y"] + place["h"])]


def test_every_panel_says_what_it_shows() -> None:
    for panel in EVERY_PANEL:
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        if panel["type"] != "alertlist":
            assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
            letters = [one["refId"] for one in targets(panel)]
            assert letters == ["A", "B", "C"][: len(letters)] != [], panel["title"]


def test_every_panel_asks_a_data_source_that_is_provisioned() -> None:
    known = {
        (one["type"], one["uid"])
        for one in read(FOLDER / "provisioning/datasources/adlake.yaml")["datasources"]
    }
    for panel in EVERY_PANEL:
        for target in targets(panel):
            asked = target["datasource"]
            assert asked == panel["datasource"]
            assert (asked["type"], asked["uid"]) in known
            assert ("rawSQL" in target) == (asked["uid"] == sources.TRINO.uid)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_sql_names_declared_variables_alone_and_all_of_them(dashboard: Path) -> None:
    declared = {one["name"]: one for one in read(dashboard)["templating"].get("list", [])}
    asked = {
        name
        for panel in panels(dashboard)
        for target in targets(panel)
        for name, _ in VARIABLE.findall(target.get("rawSQL", ""))
    }
    assert set(declared) == asked
    for name, variable in declared.items():
        assert variable["type"] in {"custom", "textbox"}
        assert variable["description"], name


def test_grafana_fills_in_everything_and_no_parameter_is_left() -> None:
    asked = [target for panel in EVERY_PANEL for target in targets(panel)]
    for target in asked:
        if "rawSQL" in target:
            sent = sent_to_trino(target["rawSQL"], {"campaign_id": "c'1"})
            assert parameters(sent) == set()
        else:
            assert sent_to_prometheus(target["expr"])


def test_promql_names_metrics_of_the_stream_with_labels_that_they_have() -> None:
    known = {one.name: set(one.labels) for one in gauges.METRICS} | {"up": {"job"}}
    known |= {f"{one.name}_bucket": {*one.labels, "le"} for one in gauges.METRICS if one.buckets}
    for target in (one for panel in EVERY_PANEL for one in targets(panel) if "expr" in one):
        named = re.findall(r"\b(adlake_\w+|up)\b(?:\{([^}]*)\})?", target["expr"])
        assert named != []
        for name, matchers in named:
            assert name in known, target["expr"]
            assert set(re.findall(r"(\w+)=", matchers)) <= known[name]
        legend = set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))
        assert legend <= set.union(*(known[name] for name, _ in named)), target


@pytest.mark.parametrize(
    "subject",
    [
        "latency", "since the last commit", "lag per partition", "throughput", "phases of a batch",
        "rejected by reason", "small files and delete debt", "jvm memory", "alerts",
    ],
)  # fmt: skip
def test_operations_shows_what_was_promised(subject: str) -> None:
    titles = [panel["title"].lower() for panel in panels(FOLDER / "dashboards/operations.json")]
    assert any(subject in title for title in titles)


@pytest.mark.parametrize(
    "subject",
    [
        "click bursts", "double clicks", "too fast conversions", "ctr outliers", "duplicate rate",
        "reused event ids", "invalid traffic", "alerts",
    ],
)  # fmt: skip
def test_trust_shows_what_was_promised(subject: str) -> None:
    titles = [panel["title"].lower() for panel in panels(FOLDER / "dashboards/trust.json")]
    assert any(subject in title for title in titles)


@pytest.mark.parametrize("rule", alerting.RULES, ids=lambda rule: rule.uid)
def test_a_rule_knows_no_variable_and_is_linked_to_the_panel_with_its_number(
    rule: alerting.Rule,
) -> None:
    (group,) = read(FOLDER / "provisioning/alerting/trust.json")["groups"]
    written = {one["uid"]: one for one in group["rules"]}[rule.uid]
    query, condition = written["data"]
    assert VARIABLE.findall(query["model"]["rawSQL"]) == []
    assert condition["model"]["conditions"][0]["evaluator"] == {
        "type": "gt",
        "params": [rule.limit],
    }
    assert (condition["model"]["expression"], written["condition"]) == ("A", "B")
    shown = {panel["id"]: panel["title"] for panel in panels(FOLDER / "dashboards/trust.json")}
    assert shown[written["panelId"]] == rule.panel
    # Grafana takes ${...} in annotations for variables of its environment.
    assert "$" not in json.dumps(written["annotations"])


def test_rules_notify_the_contact_point_that_is_provisioned() -> None:
    content = read(FOLDER / "provisioning/alerting/notifications.yaml")
    (contact,), (policy,) = content["contactPoints"], content["policies"]
    assert policy["receiver"] == contact["name"]
    (receiver,) = contact["receivers"]
    assert receiver["type"] == "prometheus-alertmanager"


@pytest.mark.parametrize("path", PROVISIONED, ids=lambda path: path.name)
def test_a_provisioned_file_says_its_version_and_no_secret(path: Path) -> None:
    assert read(path)["apiVersion"] == 1
    assert not re.search(r"password|token|secret", path.read_text(), re.IGNORECASE)


def test_a_number_is_cast_since_the_plug_in_gives_decimals_as_text() -> None:
    sql = Sql("roas", [number("ROAS", "roas")]).raw_sql
    assert sql.startswith("WITH shown AS (")
    assert sql.rstrip().endswith('SELECT\n    CAST(roas AS double) AS "ROAS"\nFROM shown')
    assert "${campaign_id:sqlstring}" in sql


def test_two_metrics_that_mean_different_things_by_one_name_are_refused() -> None:
    from tools.grafana import frame, panels

    defaults = {name: load_metric(name).parameters for name in ("throughput", "freshness")}
    assert defaults["throughput"][0].default != defaults["freshness"][0].default
    tiles = [
        panels.tile("x", "x", "s", Sql(name, [number("x", column)]))
        for name, column in (("throughput", "events"), ("freshness", "seconds_since_commit"))
    ]
    with pytest.raises(ValueError, match="differ in what minutes is"):
        frame.dashboard(frame.Frame("x", "x", "x", "now-1h", "1m"), [frame.Row("x", tiles)])


def test_each_file_of_rows_has_panels_of_both_data_sources() -> None:
    for rows in (operations.rows(), trust.rows()):
        built = [panel.build() for row in rows for panel in row.panels]
        asked = {panel.datasource.uid for panel in built if panel.datasource}
        assert asked == {sources.TRINO.uid, sources.PROMETHEUS.uid}
