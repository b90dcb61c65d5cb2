"""Crowded impressions: so many events on one id that it is hardly one impression (law, section 5).

A producer's default id ("undefined") gathers events of strangers. None is dropped, and each batch
that adds one reads all that are stored: it has to be seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from pyspark.sql import Column
from pyspark.sql import functions as F

from adlake.contracts.law import CROWDED_EVENTS

MOST_NAMED = 10
"""Crowded impressions that a batch names, largest first: bounds what leaves Spark."""


class Crowd(NamedTuple):
    """One crowded impression; `events` is how many it has after the batch."""

    events: int
    impression_id: str


def largest_crowds(events_sql: str) -> Column:
    """Aggregate: the most crowded impressions of a frame as structs (events, impression_id).

    Args:
        events_sql: number of events of a row, as an expression.
    """
    found = (
        f"CASE WHEN {events_sql} >= {CROWDED_EVENTS} THEN "
        f"struct({events_sql} AS events, impression_id) END"
    )
    return F.expr(f"slice(sort_array(collect_list({found}), false), 1, {MOST_NAMED})")


def joined_crowds(*several: Iterable[Any]) -> tuple[Crowd, ...]:
    """The largest of several aggregates, each impression once with its largest number."""
    largest: dict[str, int] = {}
    for one in several:
        for events, impression_id in one:
            largest[impression_id] = max(events, largest.get(impression_id, 0))
    crowds = [Crowd(events, impression_id) for impression_id, events in largest.items()]
    return tuple(sorted(crowds, reverse=True)[:MOST_NAMED])
