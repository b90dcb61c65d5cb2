"""Alert rules that need SQL, as Grafana's files of provisioned rules have them.

What Prometheus can see is the business of its own rules. These ask Trino about the last hour, with
every parameter fixed: rules know no variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from adlake.io.sql.literals import SqlValue
from tools.grafana.queries import AS_TABLE, Sql, number
from tools.grafana.sources import EXPRESSION, TRINO

FOLDER: Final = "adlake"
SPAN_SECONDS: Final = 3600
"""Rules look at the last hour."""
EVERY: Final = "5m"
FOR: Final = "10m"
_NOW: Final = {"from": SPAN_SECONDS, "to": 0}


@dataclass(frozen=True)
class Rule:
    """Fires while a number of a metric is above a limit."""

    uid: str
    title: str
    summary: str
    """What is wrong."""
    advice: str
    """What to do."""
    metric: str
    value: str
    """An expression over the columns of the metric that gives one number."""
    limit: float
    fixed: Mapping[str, SqlValue]
    panel: str
    """Title of the panel of the dashboard of trust that shows it."""

    @property
    def query(self) -> Sql:
        """The number."""
        return Sql(self.metric, [number("value", self.value)], fixed=self.fixed)


def _share(part: str, whole: str, at_least: int) -> str:
    """No number where there is too little traffic to say: a rule without one is content."""
    share = f"CAST(sum({part}) AS double) / sum({whole})"
    return f"CASE WHEN sum({whole}) >= {at_least} THEN {share} END"


_CLICKS: Final[Mapping[str, SqlValue]] = {
    "bucket": "hour", "burst_clicks": 5, "burst_pause_ms": 3000, "double_click_ms": 1000,
    "fast_conversion_ms": 1000,
}  # fmt: skip
RULES: Final = (
    Rule(
        "adlake-invalid-traffic", "Invalid traffic",
        "More than 5 % of the last hour's impressions have events that contradict them.",
        "Look at the kinds on the dashboard; `.venv/bin/adlake explain IMPRESSION_ID` shows one of "
        "them.",
        "invalid_traffic_share", "invalid_traffic_share", 0.05, {"campaign_id": None},
        "Invalid traffic",
    ),
    Rule(
        "adlake-click-bursts", "Clicks in bursts",
        "More than 20 % of the last hour's clicks come in bursts.",
        "The list of the largest bursts says which users click; block them where ads are served.",
        "click_fraud_over_time",
        _share("burst_clicks", "clicks", at_least=100), 0.2, _CLICKS,
        "Click bursts",
    ),
    Rule(
        "adlake-fast-conversions", "Too fast conversions",
        "More than 10 % of the last hour's attributed conversions follow their click in less than "
        "a second.",
        "The list by campaign says whose they are, and how much revenue hangs on them.",
        "click_fraud_over_time",
        _share("fast_conversions", "conversions", at_least=20), 0.1, _CLICKS,
        "Too fast conversions",
    ),
    Rule(
        "adlake-ctr-outliers", "CTR outliers among platforms",
        "The click rate of a platform is 8 standard deviations or more away from that of all.",
        "The list of outliers says which one, and in which direction.",
        "ctr_outliers", "coalesce(max(outliers), 0)", 0,
        {"outlier_by": "platform", "sigmas": 8, "min_impressions": 1000, "most": 1},
        "CTR outliers",
    ),
)  # fmt: skip


def groups(shown_by: Dashboard) -> dict[str, Any]:
    """The content of a file of provisioned rules, each with the panel that shows its number."""
    panels = {panel.title: panel.id_val for panel in shown_by.panels or ()}
    rules = [_provisioned(rule, shown_by.uid, panels[rule.panel]) for rule in RULES]
    group = {"orgId": 1, "name": "trust", "folder": FOLDER, "interval": EVERY, "rules": rules}
    return {"apiVersion": 1, "groups": [group]}


def _provisioned(rule: Rule, dashboard_uid: str | None, panel_id: int | None) -> dict[str, Any]:
    return {
        "uid": rule.uid,
        "title": rule.title,
        "condition": "B",
        "data": [_number(rule), _condition(rule)],
        "noDataState": "OK",
        "execErrState": "Error",
        "for": FOR,
        "annotations": {"summary": rule.summary, "description": rule.advice},
        "labels": {"severity": "warning", "room": "trust"},
        "isPaused": False,
        "dashboardUid": dashboard_uid,
        "panelId": panel_id,
    }


def _number(rule: Rule) -> dict[str, Any]:
    return {
        "refId": "A",
        "relativeTimeRange": _NOW,
        "datasourceUid": TRINO.uid,
        "model": {"refId": "A", "rawSQL": rule.query.raw_sql, "format": AS_TABLE},
    }


def _condition(rule: Rule) -> dict[str, Any]:
    above = {"evaluator": {"type": "gt", "params": [rule.limit]}}
    return {
        "refId": "B",
        "relativeTimeRange": _NOW,
        "datasourceUid": EXPRESSION,
        "model": {"refId": "B", "type": "threshold", "expression": "A", "conditions": [above]},
    }
