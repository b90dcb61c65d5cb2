"""Customers and their stages from the events that count, in plain Python: the reference form.

A customer is a function of the set of its events. Events of one moment take effect together, so a
history has one entry a moment at most. `customers/spark_customers.py` says the same in Spark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, pairwise
from operator import attrgetter

from adlake.customers.contract import DELIVERED, RULE_VERSION, CustomerType
from adlake.customers.events import CustomerEvent
from adlake.customers.rules import Standing, band_of, score_of, segments_of, stage_of


@dataclass(frozen=True)
class StageEntry:
    """A stage that a customer entered, with the standing that led there; times are epoch ms."""

    stage: str
    entered_ms: int
    left_ms: int | None
    """None: the present one."""
    standing: Standing


@dataclass(frozen=True)
class Customer:
    """One row of gold.customer_360, and the rows of its history."""

    user_id: str
    name: str | None
    email_sha256: str | None
    geo_country: str | None
    created_ms: int | None
    """Of the first profile."""
    standing: Standing
    first_order_ms: int | None
    last_order_ms: int | None
    history: tuple[StageEntry, ...]
    score: int
    """Millionths."""
    band: str
    segments: tuple[str, ...]
    as_of: date | None
    rule_version: int
    last_updated_ms: int

    @property
    def stage(self) -> str:
        """The present one."""
        return self.history[-1].stage

    @property
    def previous_stage(self) -> str | None:
        """The one before; None: there was none."""
        return self.history[-2].stage if len(self.history) > 1 else None


def customers_of(events: Iterable[CustomerEvent], as_of: date | None = None) -> list[Customer]:
    """Every customer that an event counts for, by user id.

    Args:
        events: rows of gold.customer_events, in any order.
        as_of: the day on which customers have lapsed or not; None: none has.
    """
    of_user: dict[str, list[CustomerEvent]] = defaultdict(list)
    for one in events:
        if one.is_counted:
            of_user[one.user_id].append(one)
    return [_customer(user, of_user[user], as_of) for user in sorted(of_user)]


def _customer(user_id: str, events: list[CustomerEvent], as_of: date | None) -> Customer:
    in_order = sorted(events, key=attrgetter("event_ms", "counted_id"))
    profiles = [one for one in in_order if one.event_type == CustomerType.CUSTOMER_PROFILE]
    orders = [one.event_ms for one in in_order if one.event_type == CustomerType.ORDER]
    latest = profiles[-1] if profiles else None
    moments = list(_moments(in_order))
    standing, last_order_ms = moments[-1][1], orders[-1] if orders else None
    score = score_of(standing)
    return Customer(
        user_id,
        latest.name if latest else None,
        latest.email_sha256 if latest else None,
        latest.geo_country if latest else None,
        profiles[0].event_ms if profiles else None,
        standing,
        orders[0] if orders else None,
        last_order_ms,
        _history(moments),
        score,
        str(band_of(score)),
        tuple(map(str, segments_of(standing, last_order_ms, as_of))),
        as_of,
        RULE_VERSION,
        max(one.first_ingest_ms for one in events),
    )


def _moments(in_order: list[CustomerEvent]) -> Iterator[tuple[int, Standing]]:
    """The standing after each moment at which something happened."""
    standing, statuses = Standing(), dict[str | None, str | None]()
    for moment_ms, at_once in groupby(in_order, key=attrgetter("event_ms")):
        for one in at_once:
            if one.event_type == CustomerType.ORDER:
                standing = replace(
                    standing, order_count=standing.order_count + 1,
                    lifetime_micros=standing.lifetime_micros + (one.micros or 0),
                )  # fmt: skip
            elif one.event_type == CustomerType.MESSAGE_STATUS:
                # The latest status of a message is its status.
                statuses[one.activation_id] = one.status
        delivered = sum(status == DELIVERED for status in statuses.values())
        failed = len(statuses) - delivered
        standing = replace(standing, delivered_count=delivered, failed_count=failed)
        yield moment_ms, standing


def _history(moments: list[tuple[int, Standing]]) -> tuple[StageEntry, ...]:
    entered = [(ms, standing, stage_of(standing)) for ms, standing in moments]
    changes = [entered[0], *(after for before, after in pairwise(entered) if before[2] != after[2])]
    ends: list[int | None] = [after[0] for _, after in pairwise(changes)]
    return tuple(
        StageEntry(str(stage), entered_ms, left_ms, standing)
        for (entered_ms, standing, stage), left_ms in zip(changes, [*ends, None], strict=True)
    )
