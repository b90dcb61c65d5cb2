"""Compares spend of advertisers and rows of customers with what the generator says of them.

Its sums are functions of the set of events: they hold however often a record reached the topic.
While others send to the topic too, what it says is the least that must be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from adlake.contracts.source import topic_of_label
from adlake.contracts.tables import CUSTOMER_360, SPEND_LEDGER
from adlake.io.kafka.acks import UNPLACED
from adlake.io.sql.files import bind, sql_text
from adlake.io.trino.client import TrinoClient
from adlake.proof.pin import NothingToVerifyError, pinned_records
from adlake.proof.records_truth import RecordsTruth, incomparable
from adlake.proof.verdict import Failure, Pin

_MOST_PROBLEMS: Final = 10
Sums = Mapping[str, Sequence[int]]


class AccountsTruth(RecordsTruth, Protocol):
    """The right answer about what one run sent, and what the accounts of it come to."""

    @property
    def spend(self) -> Sums | None:
        """By advertiser the sums of `COMPARED`; None: the run does not tell."""

    @property
    def customers(self) -> Sums | None:
        """By user, likewise."""


LoadAccountsTruths = Callable[[], Sequence[AccountsTruth]]


@dataclass(frozen=True)
class ComparedTable:
    """A table whose rows come to sums that the generator knows."""

    table: str
    file: str
    """Of sql/proof; gives the sums by key."""
    key: str
    sums: tuple[str, ...]
    """In the order of the truth."""
    only_grow: int
    """The first so many get no smaller by the records of others."""
    told: Callable[[AccountsTruth], Sums | None]


COMPARED: Final = (
    ComparedTable(
        SPEND_LEDGER, "spend_by_advertiser", "advertiser_id",
        ("clicks", "gross_micros", "credit_micros"), 3, lambda one: one.spend,
    ),
    ComparedTable(
        CUSTOMER_360, "sums_of_customers", "user_id",
        ("orders", "lifetime_micros", "delivered", "failed"), 2, lambda one: one.customers,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class AccountsFacts:
    """One table against the truth."""

    table: str
    sentence: str
    failures: Sequence[Failure] = ()

    def lines(self) -> list[str]:
        """One line of the proof."""
        return [f"truth      {self.table}: {self.sentence}"]


def verify_accounts(trino: TrinoClient, load: LoadAccountsTruths) -> list[AccountsFacts]:
    """Compare each table that something has reached with every run of its topic.

    `load` reads the truth: before a snapshot is chosen, and again where something differs, to see
    whether the generator is still sending.
    """
    truths = load()
    found = []
    for compared in COMPARED if truths else ():
        try:
            pin = pinned_records(trino, compared.table)
        except NothingToVerifyError:
            # Built before such tables said of which records.
            continue
        if pin is not None:
            found.append(_facts(trino, pin, compared, truths, load))
    return found


def _facts(
    trino: TrinoClient,
    pin: Pin,
    compared: ComparedTable,
    truths: Sequence[AccountsTruth],
    load: LoadAccountsTruths,
) -> AccountsFacts:
    table, ours = compared.table, [one for one in truths if one.topic == topic_of_label(pin.topic)]
    if not ours:
        return AccountsFacts(table, "none: no run of the generator is known here")
    if reason := incomparable(pin, ours) or _untold(pin, compared, ours):
        return AccountsFacts(table, f"not compared: {reason}")
    sent = sum(acks.records for one in ours for acks in one.acks.values())
    unknown = sum(pin.next_offsets.values()) - sent
    held, told = _held(trino, pin, compared), _told(compared, ours)
    problems = list(_problems(compared, held, told, is_all=unknown <= 0))
    if problems and _records_sent(load()) != _records_sent(truths):
        return AccountsFacts(table, "not compared: the generator is sending")
    if problems:
        failure = Failure(f"{table} is not what its producers sent", problems[:_MOST_PROBLEMS])
        return AccountsFacts(table, f"{len(problems)} sums differ", [failure])
    runs = f"{len(ours)} runs of the generator, {len(told):,} rows"
    if unknown <= 0:
        return AccountsFacts(table, f"{runs}: every sum is equal")
    return AccountsFacts(table, f"{runs}, all there; {unknown:,} records are in no run's counts")


def _records_sent(truths: Sequence[AccountsTruth]) -> int:
    return sum(one.deliveries for one in truths)


def _untold(pin: Pin, compared: ComparedTable, truths: Sequence[AccountsTruth]) -> str:
    """Why the sums say nothing about this table; empty when they do."""
    silent = [one.run_id for one in truths if compared.told(one) is None]
    if silent:
        return f"{silent[0]} began before such sums were kept"
    # Of runs that do not know where their records lie the number alone tells.
    placeless = [one for one in truths if UNPLACED in one.acks]
    sent = sum(acks.records for one in truths for acks in one.acks.values())
    missing = sent - sum(pin.next_offsets.values())
    return f"{missing:,} records still in flight" if placeless and missing > 0 else ""


def _held(trino: TrinoClient, pin: Pin, compared: ComparedTable) -> dict[str, tuple[int, ...]]:
    sql = bind(sql_text(f"proof/{compared.file}"), {"table_snapshot": pin.bronze_snapshot})
    return {
        row[compared.key]: tuple(int(row[name]) for name in compared.sums)
        for row in trino.records(sql)
    }


def _told(compared: ComparedTable, truths: Sequence[AccountsTruth]) -> dict[str, tuple[int, ...]]:
    """The runs added up."""
    total: dict[str, tuple[int, ...]] = {}
    for one in truths:
        for key, sums in (compared.told(one) or {}).items():
            known = total.get(key, (0,) * len(sums))
            total[key] = tuple(a + b for a, b in zip(known, sums, strict=True))
    return total


def _problems(
    compared: ComparedTable,
    held: Mapping[str, tuple[int, ...]],
    told: Mapping[str, tuple[int, ...]],
    *,
    is_all: bool,
) -> Iterator[dict[str, Any]]:
    """Where the table has less than was sent; with `is_all`, also where it has other sums."""
    for key in sorted({*held, *told} if is_all else told):
        if key not in held or key not in told:
            where = "truth" if key not in held else "lake"
            yield {compared.key: key, "problem": f"in the {where} alone"}
            continue
        for place, name in enumerate(compared.sums):
            lake, truth = held[key][place], told[key][place]
            is_less = place < compared.only_grow and lake < truth
            if is_less or (is_all and lake != truth):
                yield {compared.key: key, "sum": name, "lake": lake, "truth": truth}
