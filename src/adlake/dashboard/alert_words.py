"""Alerts as people read them: plain labels, and numbers in the unit of their metric."""

from __future__ import annotations

import re
from typing import Final

from adlake.alerts.contract import RATES
from adlake.dashboard import formats
from adlake.dashboard.lake import Record

METRICS: Final = {
    "ctr": "CTR", "cvr": "CVR", "click_to_signup": "Click to sign-up",
    "signup_to_activation": "Sign-up to activation", "share_rate": "Share rate",
    "completion_rate": "Completion rate", "impressions": "Impressions", "clicks": "Clicks",
    "conversions": "Conversions",
}  # fmt: skip
RULES: Final = {
    "A": "below a fixed limit", "B": "fell to half of the usual rate",
    "C": "half of the expected count, or less", "D": "silence", "E": "count below a fixed limit",
}  # fmt: skip
MEANINGS: Final = {
    "A": "The rate is below the limit, and chance does not explain it: its upper bound is, too",
    "B": "A rate is about half of what it used to be at this hour of the week",
    "C": "The count is half of the expected one or less, and chance does not explain it",
    "D": "Nothing came where something was expected",
    "E": "The count is below the limit; no statistics",
}
STATES: Final = {"open": "Open", "resolved": "Resolved", "withdrawn": "Withdrawn"}
STATES_HELP: Final = (
    "Resolved: the metric was well again. Withdrawn: events that came within the hour after the "
    "window took every alert of the incident back"
)
EVERY_CAMPAIGN: Final = "every campaign"
EVERYBODY: Final = "all that are on"
_LONGEST: Final = 60
"""Characters of a name in a sentence: events name campaigns, so they may be anything."""
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:@&])")


def is_rate(metric: str) -> bool:
    """Whether it is shown as a percentage."""
    return metric in RATES


def shown(metric: str, value: float | None) -> str:
    """A value or a limit of a metric."""
    if value is None or is_rate(metric):
        return formats.percent(value)
    # An expected count has a fraction, which matters where it is small.
    return f"{value:,.1f}".removesuffix(".0")


def cases(row: Record) -> str:
    """What a rate is made of; a count is its own."""
    if not is_rate(row["metric"]):
        return formats.UNKNOWN
    return f"{formats.count(row['sample_k'])} of {formats.count(row['sample_n'])}"


def metric_name(metric: str) -> str:
    """Its label; a metric that this version does not know by its own name."""
    return METRICS.get(metric, metric)


def rule_name(rule: str) -> str:
    """Its letter and label."""
    return f"{rule}: {RULES[rule]}" if rule in RULES else rule


def plain(name: str) -> str:
    """A name of the lake within a sentence: one line, cut, without anything of Markdown."""
    line = " ".join(name.split())
    cut = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
    return _MARKDOWN.sub(r"\\\1", cut)


def whose(row: Record) -> str:
    """Metric, campaign and segment of an incident, for a sentence."""
    segment = "" if row["segment"] == "all" else f", {plain(row['segment'])}"
    return f"{metric_name(row['metric'])} of {plain(row['campaign_id'])}{segment}"


def told(row: Record) -> str:
    """An open incident in a few words."""
    value = shown(row["metric"], row["last_value"])
    limit = shown(row["metric"], row["threshold"])
    what = "expected" if row["rule"] in {"C", "D"} else "limit"
    return f"{whose(row)}: {value} ({what} {limit})"


def titled(row: Record) -> str:
    """An incident in a list to choose from."""
    segment = "" if row["segment"] == "all" else f" {row['segment']}"
    begin = formats.minute(row["first_window_start"])
    return (
        f"{begin} - {row['campaign_id']}{segment} - {metric_name(row['metric'])} - "
        f"{rule_name(row['rule'])} - {row['state']}"
    )
