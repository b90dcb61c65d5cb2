"""Rows of rules: which rule looks at what, by which numbers, and in which time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from adlake.alerts.contract import (
    FLOORS,
    RATES,
    RECOVERED,
    SILENT,
    STATIC_THRESHOLDS,
    VOLUMES,
    Multiplicity,
    Rule,
    Segment,
    Z,
)

FOREVER_MS: Final = 253_402_214_400_000
"""9999-12-31: the end of a row that nothing has ended."""
METRICS: Final = {
    Rule.STATIC_RATE: tuple(STATIC_THRESHOLDS),
    Rule.RELATIVE_RATE: tuple(RATES),
    Rule.VOLUME_DROP: VOLUMES,
    Rule.SILENCE: SILENT,
    Rule.COUNT_FLOOR: FLOORS,
}
"""What each rule may look at."""
WITH_THRESHOLD: Final = frozenset({Rule.STATIC_RATE, Rule.COUNT_FLOOR})
"""Rules whose threshold a row says; the others find theirs."""


@dataclass(frozen=True)
class RuleRow:
    """One version of one row; times are epoch milliseconds."""

    rule_id: str
    rule: Rule
    metric: str
    campaign_id: str | None = None
    """None: every campaign that has no row of its own for the same."""
    segment: Segment = Segment.ALL
    threshold: float | None = None
    z: float | None = None
    """Of rule A; 0 is the plain comparison."""
    resolve_factor: float | None = None
    """Of rules A and E: so much of the threshold looks well again."""
    multiplicity: Multiplicity = Multiplicity.NONE
    channels: str = ""
    """Who is told, by commas; empty: everybody who is configured."""
    enabled: bool = True
    rule_version: int = 1
    valid_from_ms: int = 0
    valid_to_ms: int = FOREVER_MS

    @property
    def target(self) -> tuple[Rule, str, str | None, Segment]:
        """What it is about; versions of one row never change that, and no two rows share it."""
        return self.rule, self.metric, self.campaign_id, self.segment

    def covers(self, at_ms: int) -> bool:
        """Whether it holds at a moment."""
        return self.valid_from_ms <= at_ms < self.valid_to_ms


def _default(rule: Rule, metric: str) -> RuleRow:
    has_factor = rule in WITH_THRESHOLD
    return RuleRow(
        f"{rule}-{metric}", rule, metric,
        threshold=STATIC_THRESHOLDS[metric] if rule is Rule.STATIC_RATE else None,
        z=Z if rule is Rule.STATIC_RATE else None,
        resolve_factor=RECOVERED if has_factor else None,
        enabled=rule is not Rule.COUNT_FLOOR,
    )  # fmt: skip


DEFAULT_ROWS: Final = tuple(
    _default(rule, metric) for rule, metrics in METRICS.items() for metric in metrics
)
"""What a lake begins with: a floor is off until somebody says how high it is."""


def in_force(rows: Iterable[RuleRow], campaign_id: str, at_ms: int) -> RuleRow | None:
    """The row that judges a campaign at a moment; its own row wins, and may switch the rule off.

    Args:
        rows: of one rule, metric and segment.
        campaign_id: whose own rows count, and those of every campaign.
        at_ms: beginning of the window.
    """
    found = [one for one in rows if one.campaign_id in (campaign_id, None) and one.covers(at_ms)]
    # By id, should two rows say the same: the table comes from a command that refuses that.
    found.sort(key=lambda one: (one.campaign_id is None, one.rule_id.encode(), -one.rule_version))
    return found[0] if found and found[0].enabled else None
