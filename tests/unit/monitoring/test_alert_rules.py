"""The alert rules: right by promtool, about metrics that exist, each with its three steps."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from adlake.contracts.gauges import JOB, METRICS, Kind
from adlake.devstack.services.watching import hurried
from adlake.settings import REPO_ROOT

FOLDER = REPO_ROOT / "infra" / "prometheus"
RULES_FILE = FOLDER / "alerts.yml"
RULES = [
    rule for group in yaml.safe_load(RULES_FILE.read_text())["groups"] for rule in group["rules"]
]
NAMES = [rule["alert"] for rule in RULES]
OPERATE = (REPO_ROOT / "docs" / "operate.md").read_text()
OF_PROMETHEUS = {"process_start_time_seconds"}
"""Metrics of the client library and of Prometheus itself."""


def promtool(*arguments: str) -> str:
    program = shutil.which("promtool")
    assert program, "the tests of alerts need Debian's Prometheus: apt-get install prometheus"
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def told_series() -> set[str]:
    """Names as Prometheus stores them."""
    endings = ("_bucket", "_sum", "_count")
    histograms = {m.name + end for m in METRICS if m.kind is Kind.HISTOGRAM for end in endings}
    return {m.name for m in METRICS if m.kind is not Kind.HISTOGRAM} | histograms | OF_PROMETHEUS


def test_the_rules_are_quiet_on_a_healthy_stream_and_fire_for_their_faults() -> None:
    assert "SUCCESS" in promtool("test", "rules", str(FOLDER / "alerts.test.yml"))


@pytest.mark.parametrize("pace", [1, 0.01])
def test_the_rules_are_valid_as_written_and_hurried(tmp_path: Path, pace: float) -> None:
    file = tmp_path / "alerts.yml"
    file.write_text(hurried(RULES_FILE.read_text(), pace, 0.5))
    assert f"{len(RULES)} rules found" in promtool("check", "rules", str(file))


def test_the_rules_ask_for_metrics_that_are_told() -> None:
    for rule in RULES:
        asked = set(re.findall(r"\b(?:adlake|process)_[a-z_]+", rule["expr"]))
        assert asked <= told_series(), rule["alert"]
        assert set(re.findall(r'job="(\w+)"', rule["expr"])) <= {JOB}
        # A label that no metric of the expression has would be an empty word in the message.
        labels = {name for m in METRICS if m.name in asked for name in m.labels}
        words = " ".join(rule["annotations"].values())
        assert set(re.findall(r"\$labels\.(\w+)", words)) <= labels, rule["alert"]


def test_every_rule_has_a_test_that_it_fires() -> None:
    tested = (FOLDER / "alerts.test.yml").read_text()
    assert [name for name in NAMES if f"  - name: {name}" not in tested] == []


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_every_alert_says_what_is_wrong_and_leads_to_three_steps(rule: dict[str, object]) -> None:
    annotations, labels = rule["annotations"], rule["labels"]
    assert isinstance(annotations, dict)
    assert isinstance(labels, dict)
    assert labels["severity"] in {"critical", "warning"}
    assert set(annotations) == {"summary", "description", "runbook"}
    name = str(rule["alert"])
    assert annotations["runbook"] == f"docs/operate.md#alert-{name.lower()}"
    section = OPERATE.partition(f"\n### Alert {name}\n")[2].partition("\n#")[0]
    assert re.findall(r"(?m)^(\d)\. ", section) == ["1", "2", "3"]


def test_the_page_knows_no_other_alert() -> None:
    assert re.findall(r"(?m)^### Alert (\w+)$", OPERATE) == NAMES
