"""What advertisers spend too much on a day of simulated traffic, behind an ad server that obeys.

A day of the generator's clicks, with its delays and faults, is played to the reference form of the
serving decisions. Each advertiser has a third of what its clicks of the day come to. The ad server
refuses clicks `--lag` seconds after a decision to stop; played again, it refuses impressions, and
clicks on what was shown before are billed. Nothing is timed, so nothing else need rest. Writes
benchmarks/reports/overspend.json.

    .venv/bin/python benchmarks/overspend.py --rate 10
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.budgets.contract import DECISION_LAG_S, EventType, Period
from adlake.budgets.events import Told
from adlake.business.contract import BusinessType
from adlake.contracts.events import RejectReason
from adlake.contracts.law import DAY_MS
from adlake.generator.business_faults import BusinessDelivery, verdict_on
from adlake.generator.business_stream import BusinessStream
from adlake.generator.dimensions import advertisers_of
from adlake.generator.faults import parse_faults
from adlake.generator.options import GeneratorOptions
from adlake.settings import REPO_ROOT
from tests.fixtures.budgets.ad_server import OBEYS_NOTHING, Offered, PlayedDay, played_day
from tests.fixtures.generated_streams import timeline_of
from tests.fixtures.machine import machine_facts

REPORT = REPO_ROOT / "benchmarks" / "reports" / "overspend.json"
DAY_BEGIN_MS: Final = 1_772_409_600_000
"""2026-03-02 00:00 UTC. The day changes nothing."""
SHARE_OF_DAY: Final = 3
TYPES: Final = {
    BusinessType.AD_CLICK: (EventType.CLICK, "click_id"),
    BusinessType.SPEND_CREDIT: (EventType.CREDIT, "credit_id"),
}


def main() -> int:
    arguments = parse_arguments()
    days = {faults: measured(faults, arguments) for faults in ("none", "default")}
    verdict = {
        "below_the_bound": all(day["clicks_refused"]["within_bound"] for day in days.values()),
        "below_twice_the_budget": all(
            day[how]["below_twice_budget"]
            for day in days.values()
            for how in ("clicks_refused", "impressions_refused")
        ),
    }
    report = {
        "what": f"one UTC day of {arguments.rate:g} ad events a second with day and night, seed "
        f"{arguments.seed}; each advertiser's daily budget is 1/{SHARE_OF_DAY} of what its clicks "
        f"of the day come to; decisions are obeyed after {arguments.lag} s; units of money",
        "machine": machine_facts(),
        "faults": days,
        "verdict": verdict,
    }
    arguments.report.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if all(verdict.values()) else 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=10.0, help="ad events a second")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--lag", type=int, default=DECISION_LAG_S, help="seconds")
    parser.add_argument("--report", type=Path, default=REPORT)
    return parser.parse_args()


def measured(faults: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One day, three times: nobody obeys, clicks are refused, impressions are refused."""
    options = GeneratorOptions(
        seed=arguments.seed, rate=arguments.rate, faults=parse_faults(faults),
        start_at_ms=DAY_BEGIN_MS, daily_rhythm=True,
    )  # fmt: skip
    by_advertiser: dict[str, list[Offered]] = defaultdict(list)
    for one in offered_of(options):
        by_advertiser[one.told.advertiser_id].append(one)
    played: dict[str, list[PlayedDay]] = defaultdict(list)
    for advertiser, offered in sorted(by_advertiser.items()):
        endless = played_day(budget_of(advertiser, 1 << 50), offered, OBEYS_NOTHING)
        budget = budget_of(advertiser, max(1, endless.valid_spend // SHARE_OF_DAY))
        at_click = [replace(one, served_ms=None) for one in offered]
        played["nobody_obeys"].append(played_day(budget, offered, OBEYS_NOTHING))
        played["clicks_refused"].append(played_day(budget, at_click, arguments.lag))
        played["impressions_refused"].append(played_day(budget, offered, arguments.lag))
    told = {how: facts_of(days, arguments.lag) for how, days in played.items()}
    return {"advertisers": len(by_advertiser), **told}


def facts_of(days: list[PlayedDay], lag_s: int) -> dict[str, Any]:
    """All advertisers of one day; what nobody obeys has no bound."""
    facts: dict[str, Any] = {
        "budgets": units(sum(one.budget for one in days)),
        "valid_spend": units(sum(one.valid_spend for one in days)),
        "most_overspent": units(max(one.overspend for one in days)),
        "most_overspent_of_budget": round(max(one.overspend / one.budget for one in days), 4),
        "most_left": units(max(-one.overspend for one in days)),
        "advertisers_that_overspent": sum(one.overspend > 0 for one in days),
        "below_twice_budget": all(one.keeps_twice for one in days),
        "clicks_refused": sum(one.refused for one in days),
        "changes_of_mind": sum(len(one.decisions) - 1 for one in days),
    }
    if all(one.lag_s == lag_s for one in days):
        facts |= {
            "within_bound": all(one.keeps_bound for one in days),
            "most_overspent_of_bound": round(
                max((one.overspend - one.late) / one.bound for one in days), 4
            ),
            "delivered_later_than_lag": units(sum(one.late for one in days)),
        }
    return facts


def units(micros: int) -> float:
    """For reading; the comparisons are those of whole micros."""
    return round(micros / 1_000_000, 2)


def budget_of(advertiser: str, micros: int) -> Told:
    return Told(
        EventType.BUDGET, advertiser, "budget", DAY_BEGIN_MS, micros, b"", DAY_BEGIN_MS, (0, 0),
        period=Period.DAILY,
    )  # fmt: skip


def offered_of(options: GeneratorOptions) -> Iterator[Offered]:
    """Admitted clicks of the day and their credits, as the generator sends them."""
    timeline = timeline_of(options, DAY_BEGIN_MS)
    stream = BusinessStream(
        options.run_key(DAY_BEGIN_MS), timeline.planner, timeline.encoder,
        advertisers_of(options.seed), options.faults,
    )  # fmt: skip
    born: list[tuple[int, int, int]] = []
    timeline.on_journey = lambda *journey: born.append(journey)
    end_ms, number = DAY_BEGIN_MS + DAY_MS, 0
    while timeline.clock.time_of(timeline.deliveries) < end_ms:
        timeline.chunk(20_000, end_ms - 1)
        for journey in born:
            scene, _ = timeline.planner.journey(*journey)
            for delivery in stream._plan(*journey):
                number += 1
                one = told_of(delivery, number)
                if one is not None and one.ingest_ms < end_ms and one.event_ms < end_ms:
                    yield Offered(one, scene.impression_ms)
            stream._plans.clear()
        born.clear()


def told_of(delivery: BusinessDelivery, number: int) -> Told | None:
    """What an account takes of a delivery; None: it is rejected, or about something else."""
    event = delivery.event
    known = TYPES.get(event.event_type)
    if known is None or isinstance(verdict_on(delivery), RejectReason):
        return None
    kind, name = known
    return Told(
        kind, str(event.fields["advertiser_id"]), str(event.fields[name]), event.stamped_ms,
        event.micros, str(event.variant).encode(), delivery.due_ms, (1, number),
        click_id=str(event.fields["click_id"]),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
