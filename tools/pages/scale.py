"""The tables of docs/scale.md: what was measured on one machine, multiplied.

Nothing here was measured on more than one machine; the page says so above each table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from tools.pages.benchmarks import REPORTS, Report
from tools.pages.markdown import as_table

RATES: Final = (5_000, 25_000, 100_000, 1_000_000)
"""Events a second."""
BUSY: Final = 0.6
"""Of the cores, in the mean: the rest is for peaks, and to catch up after a restart."""
RATE_OF_A_PARTITION: Final = 10_000
"""Events a second: one core reads and judges more, and a restart has to catch up."""
CORES_OF_AN_EXECUTOR: Final = 4
DOLLARS_A_CORE_HOUR: Final = 0.05
DOLLARS_A_GIB_MONTH: Final = 0.023
"""Examples: what a core of a rented machine and a place in an object store cost about."""
_SECONDS_A_DAY: Final = 86_400
_BILLION: Final = 1_000_000_000


@dataclass(frozen=True)
class EventCost:
    """What one event takes: microseconds of a core, bytes on the disk."""

    stream_us: float
    broker_us: float
    table_bytes: float
    topic_bytes: float

    @property
    def all_us(self) -> float:
        """Of stream and broker; readers come beside them."""
        return self.stream_us + self.broker_us


def parts(reports: Path = REPORTS) -> dict[str, str]:
    """Each generated part of the page by its name."""
    drain = json.loads((reports / "drain.json").read_text())
    cost = json.loads((reports / "cost.json").read_text())
    one = event_cost(drain, cost)
    return {
        "cost of an event": _event(one, drain["machine"], cost["machine"]),
        "machines by rate": by_rate(one),
        "cost of a billion": of_a_billion(one),
    }


def event_cost(drain: Report, cost: Report) -> EventCost:
    """From the reports of `make bench-drain` and `make bench-cost`."""
    mib = 2**20 / 1e6
    disk = cost["disk"]
    return EventCost(
        stream_us=median(one["cpu_microseconds_per_event"] for one in drain["runs"]["now"]),
        broker_us=cost["services"]["kafka"]["cpu_seconds_per_million_records"],
        table_bytes=sum(disk["tables_mib_per_million_records"].values()) * mib,
        topic_bytes=disk["topics_mib_per_million_records"] * mib,
    )


def _event(one: EventCost, drained: Report, watched: Report) -> str:
    said = (
        f"Stream: `drain.json`, {drained['processor']}, commit {drained['commit']}. The rest: "
        f"`cost.json`, {watched['processor']}, commit {watched['commit']}."
    )
    shown = as_table(("what", "an event"), [
        ("stream, batches of 250,000", f"{one.stream_us:.0f} us of a core"),
        ("broker", f"{one.broker_us:.0f} us of a core"),
        ("all tables", f"{one.table_bytes:.0f} bytes"),
        ("the topic, until its limit", f"{one.topic_bytes:.0f} bytes"),
    ])  # fmt: skip
    return f"{said}\n\n{shown}"


def by_rate(one: EventCost) -> str:
    """Cores, partitions and disk for each of RATES."""
    head = (
        "events a second", "cores of the stream", f"executors of {CORES_OF_AN_EXECUTOR} cores",
        "cores of the broker", "partitions", "tables, GiB a day", "topic, GiB a day",
    )  # fmt: skip
    return as_table(head, [_row(one, rate) for rate in RATES])


def _row(one: EventCost, rate: int) -> tuple[str, ...]:
    cores = rate * one.stream_us / 1e6 / BUSY
    gib_a_day = rate * _SECONDS_A_DAY / 2**30
    return (
        f"{rate:,}", f"{cores:,.1f}", f"{-(-cores // CORES_OF_AN_EXECUTOR):,.0f}",
        f"{rate * one.broker_us / 1e6 / BUSY:,.1f}", f"{max(4, -(-rate // RATE_OF_A_PARTITION)):,}",
        f"{gib_a_day * one.table_bytes:,.0f}", f"{gib_a_day * one.topic_bytes:,.0f}",
    )  # fmt: skip


def of_a_billion(one: EventCost) -> str:
    """Core hours and disk of a billion events, and what they cost at the example prices."""
    core_hours = _BILLION * one.all_us / 1e6 / 3_600 / BUSY
    gib = _BILLION * one.table_bytes / 2**30
    return as_table(("a billion events", "amount", f"at ${DOLLARS_A_CORE_HOUR} a core hour, "
                     f"${DOLLARS_A_GIB_MONTH} a GiB and month"), [
        ("cores of stream and broker", f"{core_hours:,.0f} hours",
         f"${core_hours * DOLLARS_A_CORE_HOUR:,.2f}"),
        ("tables", f"{gib:,.0f} GiB", f"${gib * DOLLARS_A_GIB_MONTH:,.2f} a month"),
    ])  # fmt: skip
