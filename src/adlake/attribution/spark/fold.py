"""The law's merge (section 3) as Spark SQL expressions.

A state is `array<struct<e,t,r,m,c,cr,u,g,p,i,ch,rg>>` (contracts.tables.EVENTS_STATE_SCHEMA) with
one element per event id, sorted by event id. Struct order compares (event id, content tuple,
first ingest) left to right, NULL first and strings by UTF-8 bytes, which is the law's total
order: the first element of each event id is the winner of the merge. What it says of channel and
region is all there is to say where no event id comes twice; else they are looked for in the same
way, among the elements of its content.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from adlake.attribution.spark.slot import slot_sql
from adlake.contracts.tables import EVENTS_STATE_SCHEMA
from adlake.payload.spark.let import let_sql

EVENT_STRUCT = (
    "named_struct('e', event_id, 't', ts_ms, 'r', type_rank, 'm', micros, 'c', campaign_id, "
    "'cr', creative_id, 'u', user_id, 'g', geo_country, 'p', platform, 'i', ingest_ms, "
    "'ch', channel, 'rg', region)"
)
_CONTENT = ("e", "t", "r", "m", "c", "cr", "u", "g", "p")
_FIRST = "filter({0}, (x, n) -> n = 0 OR x.e <> {0}[n - 1].e)"
"""The smallest element of each event id of a sorted array; linear in its size."""

SLOTS_PER_BUCKET = 6
"""A minute of impressions: small enough to spread, wide enough to keep slots together."""


def winners_sql(sorted_events: str) -> str:
    """Keep the winner of each event id of a sorted array, with the segments of its content.

    Linear in its size; where an event id comes twice, two more sorts.
    """
    winners = let_sql("w", _FIRST.format("s"), f"IF(size(w) = size(s), w, {_WITH_SEGMENTS})")
    winners = let_sql("s", sorted_events, winners)
    return f"CASE WHEN size({sorted_events}) = 1 THEN {sorted_events} ELSE {winners} END"


def _smallest_sql(member: str) -> str:
    """The smallest known `member` of each winning content, in the order of the winners."""
    content = ", ".join(f"'{name}', x.{name}" for name in _CONTENT)
    told = (
        f"sort_array(transform(s, x -> named_struct({content}, "
        f"'is_unknown', x.{member} IS NULL, 'told', x.{member})))"
    )
    return let_sql("a", told, _FIRST.format("a"))


_WITH_SEGMENTS = let_sql(
    "c", _smallest_sql("ch"),
    let_sql(
        "g", _smallest_sql("rg"),
        "transform(w, (x, n) -> named_struct("
        + ", ".join(f"'{name}', x.{name}" for name in (*_CONTENT, "i"))
        + ", 'ch', c[n].told, 'rg', g[n].told))",
    ),
)  # fmt: skip


def batch_states(deliveries: DataFrame) -> DataFrame:
    """Fold admitted deliveries into one state per impression.

    Args:
        deliveries: admitted rows of `attribution.spark.admit`, one per delivery.

    Returns:
        impression_id, slot, state; one row per impression_id.
    """
    return (
        deliveries.selectExpr("impression_id", f"{EVENT_STRUCT} AS event")
        .groupBy("impression_id")
        .agg(F.sort_array(F.collect_list("event")).alias("sorted_events"))
        .selectExpr(
            "impression_id",
            f"{slot_sql('impression_id')} AS slot",
            f"{winners_sql('sorted_events')} AS state",
        )
    )


def all_states(judged: DataFrame, tasks: int, known: DataFrame | None = None) -> DataFrame:
    """Fold judged deliveries of any number: one shuffle, whole minutes of impressions per task.

    Repeats of an offset need no step of their own: merging a delivery again changes nothing.

    Args:
        judged: rows of `attribution.spark.admit`, rejected ones too. They are left out here and
            not by a filter, which the planner would push through the whole of admission.
        tasks: tasks of the shuffle; bounds what one task holds.
        known: rows of Gold whose states are folded in too; None: nothing is known.

    Returns:
        impression_id, slot, state; one row per impression_id.
    """
    events = judged.selectExpr(
        "impression_id",
        f"{slot_sql('impression_id')} AS slot",
        f"CASE WHEN reject_reason IS NULL THEN {EVENT_STRUCT} END AS event",
    )
    if known is not None:
        stored = f"explode({decoded_state_sql('events_state')}) AS event"
        events = events.unionAll(known.selectExpr("impression_id", "slot", stored))
    return (
        events.selectExpr("*", f"slot DIV {SLOTS_PER_BUCKET} AS bucket")
        .repartition(tasks, "bucket")
        .groupBy("bucket", "slot", "impression_id")
        .agg(F.sort_array(F.collect_list("event")).alias("sorted_events"))
        .where("size(sorted_events) > 0")
        .selectExpr("impression_id", "slot", f"{winners_sql('sorted_events')} AS state")
    )


def merged_states(batch: DataFrame, known: DataFrame) -> DataFrame:
    """Merge the states of a batch with the stored states of the same impressions.

    Args:
        batch: impression_id, slot, state (see `batch_states`).
        known: impression_id, events_state, engaged: rows of Gold, at most one per impression_id.

    Returns:
        impression_id, slot, state, known_state (the stored encoding), was_engaged; one row per
        impression_id that is in both.
    """
    stored = decoded_state_sql("events_state")
    merged = let_sql("m", f"sort_array(concat(state, {stored}))", winners_sql("m"))
    return batch.join(F.broadcast(known), "impression_id", "inner").selectExpr(
        "impression_id",
        "slot",
        f"{merged} AS state",
        "events_state AS known_state",
        "engaged AS was_engaged",
    )


def encoded_state_sql(state: str) -> str:
    """The stored form of a state: JSON, NULL members left out, in the order of the schema."""
    return f"to_json({state})"


def decoded_state_sql(text: str) -> str:
    """The state of its stored form."""
    return f"from_json({text}, '{EVENTS_STATE_SCHEMA}')"
