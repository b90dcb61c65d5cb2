"""The plain Python law over one impression with very many events: `adlake explain` uses it."""

from __future__ import annotations

import time

from adlake.attribution.law.rules import (
    AdmittedDelivery,
    delivery_findings,
    event_outcomes,
    project,
    state_of,
)
from adlake.attribution.law.state import Event

FIRST_MS = 1_772_445_600_000
FEW, MANY = 2_000, 16_000


def crowd(events: int) -> list[AdmittedDelivery]:
    """Conversions before clicks, so that no conversion finds its click soon."""
    return [
        AdmittedDelivery(
            "undefined",
            Event(
                f"e{n}", FIRST_MS + n, 2 if n < events // 2 else 1, 1,
                None, None, None, None, None, FIRST_MS + n,
            ),
            "ad_events", 0, n,
        )
        for n in range(events)
    ]  # fmt: skip


def seconds(events: int) -> float:
    deliveries = crowd(events)
    started = time.process_time()
    state = state_of(deliveries)
    project("undefined", state)
    assert len(event_outcomes(state)) == events
    assert delivery_findings(deliveries) == {}
    return time.process_time() - started


def test_the_law_costs_at_most_linear_in_the_events_of_one_impression() -> None:
    few, many = (min(seconds(events) for _ in range(2)) for events in (FEW, MANY))
    assert many < 20 * max(few, 0.02), f"{FEW}: {few:.2f} s, {MANY}: {many:.2f} s"
