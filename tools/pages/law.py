"""docs/law.md: rows of the law's truth table as tables and drawn timelines.

The page says which rows it shows: a part named `row 10` between the two comments is row 10. What a
row says comes from the table, never from the code that the table judges.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from adlake.contracts.law import LAW_V1, LawConstants
from tests.golden import BASE_MS, DeliveryFixture, LawCase, law_cases
from tools.pages.markdown import as_table
from tools.pages.moments import moment, span
from tools.pages.timeline import drawn

_SHOWN: Final = re.compile(r"<!-- generated: row (\d+) -->")
FOLDER: Final = "img/law"
COLUMNS: Final = (
    "is_clicked", "is_converted", "eligible", "click_time", "conversion_time", "cost", "revenue",
    "revenue_out_of_window", "late_by_ms",
)  # fmt: skip
"""Of the Gold row, shown under each picture."""


def shown_rows(page: str) -> list[int]:
    """Numbers of the rows that the page shows."""
    return [int(number) for number in _SHOWN.findall(page)]


def parts(page: str) -> dict[str, str]:
    """Each generated part of the page by its name."""
    cases = {case.number: case for case in law_cases()}
    rows = {f"row {number}": example(cases[number]) for number in shown_rows(page)}
    return rows | {"truth table": whole_table(cases.values()), "constants": constants()}


def pictures(page: str) -> dict[str, str]:
    """Each picture of the page by its name below docs/."""
    cases = {case.number: case for case in law_cases()}
    return {f"{FOLDER}/row-{n}.svg": drawn(cases[n]) for n in shown_rows(page)}


def constants(law: LawConstants = LAW_V1) -> str:
    """The three lengths of time that the rules have."""
    return as_table(("name", "length", "what it bounds"), (
        ("lookback", span(law.attribution_window_ms),
         "from a click to a conversion that it may get, the end included"),
        ("late tolerance", span(law.late_tolerance_ms),
         "an event that arrives later than this after it happened is late"),
        ("future tolerance", span(law.future_tolerance_ms),
         "an event may be stamped so far ahead of its arrival"),
    ))  # fmt: skip


def example(case: LawCase) -> str:
    """Picture, deliveries and Gold row of one row of the table."""
    return "\n".join((
        f"![Row {case.number}: {case.story}]({FOLDER}/row-{case.number}.svg)",
        "",
        as_table(("delivery", "event", "happened", "arrived", "what became of it"), (
            _told(case, number, one) for number, one in enumerate(case.deliveries, start=1)
        )),
        "",
        *_gold_lines(case),
    ))  # fmt: skip


def whole_table(cases: Iterable[LawCase]) -> str:
    """Every row in one line."""
    head = ("row", "story", "revenue", "out of window", "cost", "what became of the events")
    return as_table(head, ((case.number, case.story, *_sums(case), _fates(case)) for case in cases))


def _sums(case: LawCase) -> list[str]:
    if not case.rows:
        return ["no row"] * 3
    names = ("revenue", "revenue_out_of_window", "cost")
    return [value(name, case.rows[0][name]) for name in names]


def value(column: str, held: int | str | bool | None) -> str:
    """A column of Gold as the page writes it: money in units, times from T."""
    if held is None:
        return "NULL"
    if isinstance(held, bool):
        return str(held).lower()
    if isinstance(held, str):
        return held
    if column in ("cost", "revenue", "revenue_out_of_window"):
        return f"{(Decimal(held) / 1_000_000).normalize():f}"
    return moment(held - BASE_MS) if column.endswith(("_time", "_ts")) else str(held)


def _told(case: LawCase, number: int, delivery: DeliveryFixture) -> tuple[object, ...]:
    """Cells of one delivery."""
    event = json.loads(delivery.payload, parse_float=Decimal)
    money = {"IMPRESSION": "bid_price", "CONVERSION": "conversion_value"}.get(event["event_type"])
    price = f", {event[money]}" if money else ""
    happened = event["event_timestamp"]
    late_ms = delivery.ingest_ms - happened
    arrived = {True: f"{span(late_ms)} later", False: f"{span(-late_ms)} before"}[late_ms > 0]
    return (
        number, f"{event['event_type']} `{event['event_id']}`{price}",
        moment(happened - BASE_MS), arrived if late_ms else "at once",
        _fate(case, event["event_id"], delivery),
    )  # fmt: skip


def _fate(case: LawCase, event_id: str, delivery: DeliveryFixture) -> str:
    if delivery.rejected or delivery.finding:
        return f"{'rejected: ' if delivery.rejected else ''}{delivery.rejected or delivery.finding}"
    told = [case.dispositions[event_id]] if event_id in case.dispositions else []
    told += ["credited click"] if event_id == case.credited_click else []
    return ", ".join((*told, *sorted(case.flags.get(event_id, ())))) or "counts"


def _fates(case: LawCase) -> str:
    return ", ".join(_each_fate(case)) or "-"


def _each_fate(case: LawCase) -> Iterator[str]:
    yield from (f"{one} {fate}" for one, fate in sorted(case.dispositions.items()))
    for delivery in case.deliveries:
        if delivery.rejected or delivery.finding:
            event_id = json.loads(delivery.payload)["event_id"]
            yield f"{event_id} {delivery.rejected or delivery.finding}"
    yield from (f"{one} {flag}" for one, flags in case.flags.items() for flag in sorted(flags))


def _gold_lines(case: LawCase) -> Iterator[str]:
    """In two lines: what happened, then money and lateness."""
    if not case.rows:
        yield "Gold: no row."
        return
    told = [f"`{name}` {value(name, case.rows[0][name])}" for name in COLUMNS]
    yield f"Gold: {', '.join(told[:5])},"
    yield f"{', '.join(told[5:])}."
