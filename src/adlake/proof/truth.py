"""Compares the lake with the ground truth that the generator wrote beside its events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from adlake.contracts.law import LAW_V1
from adlake.io.sql.files import bind, sql_text
from adlake.io.trino.client import TrinoClient
from adlake.proof.verdict import Failure, LakeFacts, Pin, Totals


class RunTruth(Protocol):
    """The right answer of one run, complete for its first `deliveries` deliveries.

    `totals` and the values of `by_campaign` are dataclasses of integer sums over Gold rows, money
    in micros. `resent_at_most` deliveries may have reached the topic a second time.
    """

    deliveries: int
    admitted: int
    rejected: dict[str, int]
    resent_at_most: int
    totals: Any
    by_campaign: Any


class CampaignSums:
    """Sums over Gold by campaign: those that are `known` of the same snapshot, else asked once."""

    def __init__(
        self, trino: TrinoClient, pin: Pin, known: Sequence[Mapping[str, Any]] | None = None
    ) -> None:
        self._trino, self._pin, self.known = trino, pin, known

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """One row per campaign, sums as whole numbers."""
        if self.known is None:
            values = {"gold_snapshot": self._pin.gold_snapshot}
            found = self._trino.records(bind(sql_text("proof/gold_by_campaign"), values))
            self.known = [
                {k: v if k == "campaign_id" else int(v) for k, v in row.items()} for row in found
            ]
        return self.known


LoadTruths = Callable[[], Sequence[RunTruth]]


def truth_verdict(
    sums: CampaignSums, facts: LakeFacts, truths: Sequence[RunTruth], load_truths: LoadTruths
) -> tuple[str, list[Failure]]:
    """One sentence, and what differs where the truth is complete for what Bronze holds.

    Args:
        sums: over Gold by campaign.
        facts: what the pinned snapshots hold.
        truths: every run's truth, read before the snapshots were pinned.
        load_truths: reads them again, to see whether the generator is still sending.
    """
    if not truths:
        return "none: no run of the generator is known here", []
    sent = sum(truth.deliveries for truth in truths)
    resent = sum(truth.resent_at_most for truth in truths)
    if reason := _incomparable(facts, sent, resent):
        return f"not compared: {reason}", []
    problems = _campaign_problems(sums, truths)
    problems += _conversion_problems(truths, facts.totals)
    if resent == 0:
        problems += _delivery_problems(truths, facts)
    if problems and sum(truth.deliveries for truth in load_truths()) != sent:
        return "not compared: the generator is sending", []
    if problems:
        shown = problems[:_MOST_PROBLEMS]
        return f"{len(problems)} sums differ", [Failure("the generator's truth differs", shown)]
    return f"{len(truths)} runs of the generator, {sent:,} deliveries: every sum is equal", []


def _incomparable(facts: LakeFacts, sent: int, resent: int) -> str:
    """Why the truth says nothing about this lake; empty when it does."""
    if facts.pin.law_version != LAW_V1.law_version:
        version = facts.pin.law_version
        return f"the generator knows law version {LAW_V1.law_version}, Gold follows {version}"
    if facts.offsets < sent:
        return f"{sent - facts.offsets:,} of {sent:,} deliveries still in flight"
    if facts.offsets > sent + resent:
        return f"Bronze holds {facts.offsets - sent:,} deliveries that it does not know (yet)"
    return ""


def _campaign_problems(sums: CampaignSums, truths: Sequence[RunTruth]) -> list[dict[str, Any]]:
    held = {row["campaign_id"]: row for row in sums.rows()}
    told: dict[str, Counter[str]] = {}
    for truth in truths:
        for campaign, counters in truth.by_campaign.items():
            told.setdefault(campaign, Counter()).update(asdict(counters))
    return [
        {"campaign_id": campaign, "sum": name, "gold": gold, "truth": expected}
        for campaign in sorted({*held, *told}, key=str)
        for name in _SUMS_BY_CAMPAIGN
        if (gold := int(held.get(campaign, {}).get(name, 0)))
        != (expected := told.get(campaign, Counter())[name])
    ]


def _conversion_problems(truths: Sequence[RunTruth], totals: Totals) -> list[dict[str, Any]]:
    sums = {"conversions": totals.conversions, "conversion_micros": totals.conversion_micros}
    return [
        {"sum": name, "lake": lake, "truth": told}
        for name, lake in sums.items()
        if (told := sum(getattr(truth.totals, name) for truth in truths)) != lake
    ]


def _delivery_problems(truths: Sequence[RunTruth], facts: LakeFacts) -> list[dict[str, Any]]:
    told: Counter[str] = Counter()
    for truth in truths:
        told.update({"admitted": truth.admitted, **truth.rejected})
    lake = Counter({"admitted": facts.admitted, **facts.rejected})
    return [
        {"deliveries": reason, "lake": lake[reason], "truth": told[reason]}
        for reason in sorted({*told, *lake})
        if told[reason] != lake[reason]
    ]


_SUMS_BY_CAMPAIGN = (
    *("rows", "impressions", "clicked", "converted", "cost_micros", "revenue_micros"),
    *("out_of_window_micros", "orphan_rows", "orphan_clicked", "orphan_converted"),
    "orphan_revenue_micros",
)
_MOST_PROBLEMS = 10
