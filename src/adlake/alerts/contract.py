"""What the KPI-alert rules look at, and their constants. Data only."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Rule(StrEnum):
    """The five rules, by the letter they have in the alert log."""

    STATIC_RATE = "A"
    """A rate is below a threshold, beyond its sampling error."""
    RELATIVE_RATE = "B"
    """A rate fell to half of what it used to be (Bernoulli CUSUM)."""
    VOLUME_DROP = "C"
    """A count is half of what is expected or less, and not by chance."""
    SILENCE = "D"
    """Nothing came where something was expected."""
    COUNT_FLOOR = "E"
    """A count is below a number; off until somebody gives one."""


class Evaluation(StrEnum):
    """Which of the two that each window gets."""

    EARLY = "early"
    FINAL = "final"


class Multiplicity(StrEnum):
    """What rule A does about many campaigns that are judged at once."""

    NONE = "none"
    """Nothing: each has the z of its row."""
    BONFERRONI = "bonferroni"
    """All campaigns of a window together keep to `FAMILY_ALPHA`."""


class Segment(StrEnum):
    """Which part of a campaign's events a row of rules is about."""

    ALL = "all"
    CHANNEL = "channel"
    """Each channel by itself; its key is `channel=<value>`."""
    REGION = "region"


class AlertType(StrEnum):
    """What an alert is called."""

    PERFORMANCE_DROP = "performance_drop"
    VOLUME_DROP = "volume_drop"
    SILENCE = "silence"


ALERT_TYPES: Final = {
    Rule.STATIC_RATE: AlertType.PERFORMANCE_DROP,
    Rule.RELATIVE_RATE: AlertType.PERFORMANCE_DROP,
    Rule.VOLUME_DROP: AlertType.VOLUME_DROP,
    Rule.SILENCE: AlertType.SILENCE,
    Rule.COUNT_FLOOR: AlertType.PERFORMANCE_DROP,
}

RATES: Final = {
    "ctr": ("clicks", "impressions"),
    "cvr": ("conversions", "clicks"),
    "click_to_signup": ("signups", "clicks"),
    "signup_to_activation": ("activations", "signups"),
    "share_rate": ("shares", "impressions"),
    "completion_rate": ("completions", "impressions"),
}
"""Metric -> what is counted, and of how many: k and n."""
AD_COUNTS: Final = ("impressions", "clicks", "conversions")
"""Names of counts of ad events."""
FUNNEL_COUNTS: Final = {
    "SIGNUP": "signups", "ACTIVATION": "activations", "SHARE": "shares",
    "COMPLETION": "completions",
}  # fmt: skip
"""Type of an event of the funnel -> the name it is counted by."""
STATIC_THRESHOLDS: Final = {"ctr": 0.015, "cvr": 0.02}
"""Of rule A where no row of the configuration says another one."""
VOLUMES: Final = ("impressions", "clicks", "conversions")
"""Metrics of rule C."""

FLOORS: Final = ("impressions", "conversions")
"""Metrics of rule E."""
SILENT: Final = ("impressions",)
"""Metrics of rule D."""

Z: Final = 2.326
"""Of rule A: one window in a hundred of a rate at the threshold, on one side."""
FAMILY_ALPHA: Final = 0.01
"""With `bonferroni`: of all campaigns of a window together."""
CUSUM_LIMIT: Final = 10.0
CUSUM_DROP: Final = 0.5
"""The rate that rule B looks for, as a part of the usual one."""
LEAST_BASELINE: Final = 1_000
"""Fewer cases make no usual rate: rule B is off."""
NEW_WEEK_SHARE: Final = 0.2
"""Of the usual rate; the rest is the one of the week before."""
RECOVERED: Final = 1.1
"""Of a threshold: what looks well again under rules A and E, where no row says another one."""
RECOVERED_VOLUME: Final = 0.8
"""Of the expected count: the same under rule C."""
JUDGED_DAYS: Final = 28
"""So long after its last event a campaign is judged; what says nothing so long has ended."""
CHANCE: Final = 1e-6
"""What is less likely happened for a reason (rules C and D)."""
VOLUME_DROP: Final = 0.5
"""Of the expected count, at most."""
SILENT_WINDOWS: Final = 3
"""So many empty windows in a row are judged together."""
OVERDISPERSION_WINDOWS: Final = 288
"""Fewer windows of the last week say nothing about how much a rate varies by itself."""
