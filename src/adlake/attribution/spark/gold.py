"""The law's projection (section 4): state -> Gold row, as Spark SQL expressions."""

from __future__ import annotations

from functools import cache

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from adlake.attribution.spark.fold import decoded_state_sql, encoded_state_sql, merged_states
from adlake.attribution.spark.segment_text import small_letters, usable
from adlake.contracts.law import LAW_V1, LawConstants
from adlake.contracts.tables import GOLD_COLUMNS

# 95 % of all rows are an impression only: they skip every array function below.
_IMPRESSION_ONLY = "(size(state) = 1 AND state[0].r = 0)"


def gold_rows(
    states: DataFrame, law: LawConstants = LAW_V1, kept: tuple[str, ...] = ()
) -> DataFrame:
    """Project states to Gold rows.

    Args:
        states: impression_id, slot, state (see `attribution.spark.fold`), any further columns.
        law: constants of the law version.
        kept: names of further input columns to carry along.

    Returns:
        The columns of `contracts.tables.GOLD_COLUMNS` and `kept`, one row per input row.
    """
    steps = (_with_events_by_type, _with_attribution, _with_region)
    enriched = states
    for step in steps:
        enriched = step(enriched, law)
    return enriched.selectExpr(*_output_columns(law), *kept)


def changed_rows(batch: DataFrame, known: DataFrame, law: LawConstants = LAW_V1) -> DataFrame:
    """Gold rows that a batch changes, among the impressions already known.

    Args:
        batch: impression_id, slot, state (see `attribution.spark.fold.batch_states`).
        known: impression_id, events_state, engaged: the stored rows.
        law: constants of the law version.

    Returns:
        The columns of Gold plus was_engaged (the side the stored row is on), events (how many
        there are now) and known_state (the stored encoding); a row whose state stays the same is
        left out, so that a repeated batch writes nothing.
    """
    merged = merged_states(batch, known)
    changed = merged.where(f"NOT ({encoded_state_sql('state')} <=> known_state)")
    counted = changed.selectExpr("*", "size(state) AS events")
    return gold_rows(counted, law, kept=("was_engaged", "events", "known_state"))


def rows_before(changed: DataFrame, law: LawConstants = LAW_V1) -> DataFrame:
    """Rows of `changed_rows` as Gold holds them until the batch is published."""
    state = decoded_state_sql("known_state")
    stored = changed.selectExpr("impression_id", "slot", f"{state} AS state")
    return gold_rows(stored, law)


def _with_events_by_type(states: DataFrame, _law: LawConstants) -> DataFrame:
    donor = (
        "named_struct('r', x.r, 't', x.t, 'e', x.e, 'c', x.c, 'cr', x.cr, "
        "'u', x.u, 'g', x.g, 'p', x.p, 'm', x.m, 'ch', x.ch, 'rg', x.rg)"
    )
    only_donor = donor.replace("x.", "state[0].")
    # Struct order is (t, r, e, m): a click comes before a conversion of the same moment.
    moments = (
        "sort_array(transform(filter(state, x -> x.r > 0), "
        "x -> named_struct('t', x.t, 'r', x.r, 'e', x.e, 'm', x.m)))"
    )
    lag_ms = "array_max(transform(state, x -> x.i - x.t))"
    return states.selectExpr(
        "*",
        f"{_IMPRESSION_ONLY} AS is_impression_only",
        f"CASE WHEN {_IMPRESSION_ONLY} THEN {only_donor} ELSE "
        f"array_min(transform(state, x -> {donor})) END AS donor",
        f"CASE WHEN {_IMPRESSION_ONLY} THEN NULL ELSE {moments} END AS moments",
        f"CASE WHEN {_IMPRESSION_ONLY} THEN state[0].i - state[0].t ELSE {lag_ms} END AS lag_ms",
        f"CASE WHEN {_IMPRESSION_ONLY} THEN state[0].i ELSE "
        "array_max(transform(state, x -> x.i)) END AS updated_ms",
    )


def _with_attribution(states: DataFrame, law: LawConstants) -> DataFrame:
    """One walk through clicks and conversions in the order of time: linear after the sort.

    `walk` is NULL for an impression only, else, each NULL where there is none: time of the last
    click, of the click credited by a conversion, time and micros of the attributed conversion, and
    the micros of all conversions.
    """
    # Exact beyond 64 bits: a sum of many conversions must not overflow.
    start = _walk("NULL", "NULL", "NULL", "NULL", "NULL")
    total = "COALESCE(a.total, 0) + x.m"
    is_attributed = f"a.converted_ms IS NULL AND x.t - a.last_click_ms <= {window_sql(law, 'x.t')}"
    click = _walk("x.t", "a.credited_ms", "a.converted_ms", "a.revenue", "a.total")
    attributed = _walk("a.last_click_ms", "a.last_click_ms", "x.t", "x.m", total)
    other = _walk("a.last_click_ms", "a.credited_ms", "a.converted_ms", "a.revenue", total)
    step = f"CASE WHEN x.r = 1 THEN {click} WHEN {is_attributed} THEN {attributed} ELSE {other} END"
    return states.selectExpr("*", f"aggregate(moments, {start}, (a, x) -> {step}) AS walk")


def _with_region(states: DataFrame, _law: LawConstants) -> DataFrame:
    """A region that no delivery names is the donor's country, in the form of a region."""
    for name, column in _region_steps().items():
        states = states.withColumn(name, column)
    return states


@cache
def _region_steps() -> dict[str, Column]:
    """Columns by name, step by step, so that small letters are made once for each row."""
    country = F.when(F.col("donor.rg").isNull(), small_letters(F.col("donor.g")))
    region = F.coalesce(F.col("donor.rg"), usable(F.col("small_country")))
    return {"small_country": country, "region": region}


def _walk(last_click_ms: str, credited_ms: str, converted_ms: str, revenue: str, total: str) -> str:
    return (
        f"named_struct('last_click_ms', CAST({last_click_ms} AS BIGINT), "
        f"'credited_ms', CAST({credited_ms} AS BIGINT), "
        f"'converted_ms', CAST({converted_ms} AS BIGINT), "
        f"'revenue', CAST({revenue} AS BIGINT), 'total', CAST({total} AS DECIMAL(38, 0)))"
    )


def window_sql(law: LawConstants, conversion_ms: str) -> str:
    """W at the time of a conversion: one literal for a law that never changed."""
    if not law.window_changes:
        return str(law.attribution_window_ms)
    newest_first = " ".join(
        f"WHEN {conversion_ms} >= {valid_from_ms} THEN {window_ms}"
        for valid_from_ms, window_ms in reversed(law.window_changes)
    )
    return f"(CASE {newest_first} ELSE {law.attribution_window_ms} END)"


def _output_columns(law: LawConstants) -> list[str]:
    late = f"CASE WHEN lag_ms > {law.late_tolerance_ms} THEN lag_ms ELSE 0L END"
    expressions = {
        "impression_id": "impression_id",
        "campaign_id": "donor.c",
        "creative_id": "donor.cr",
        "user_id": "donor.u",
        "geo_country": "donor.g",
        "platform": "donor.p",
        "is_clicked": "walk.last_click_ms IS NOT NULL",
        "is_converted": "walk.converted_ms IS NOT NULL",
        "impression_time": "timestamp_millis(CASE WHEN donor.r = 0 THEN donor.t END)",
        "click_time": "timestamp_millis(COALESCE(walk.credited_ms, walk.last_click_ms))",
        "conversion_time": "timestamp_millis(walk.converted_ms)",
        "cost": _money("CASE WHEN donor.r = 0 THEN donor.m END", 18),
        "revenue": _money("COALESCE(walk.revenue, 0L)", 18),
        "eligible": "CASE WHEN walk.total IS NOT NULL THEN walk.converted_ms IS NOT NULL END",
        "late_by_ms": late,
        "is_late": f"({late}) > 0",
        "revenue_out_of_window": _money("COALESCE(walk.total, 0) - COALESCE(walk.revenue, 0)", 38),
        "last_updated_ts": "timestamp_millis(updated_ms)",
        "events_state": encoded_state_sql("state"),
        "law_version": str(law.law_version),
        "slot": "slot",
        "engaged": "NOT is_impression_only",
        "channel": "donor.ch",
        "region": "region",
    }
    return [f"{expressions[name]} AS {name}" for name in GOLD_COLUMNS]


def _money(micros: str, precision: int) -> str:
    """Exact micros -> DECIMAL(precision, 6): a product with 0.000001 never rounds."""
    return f"CAST(CAST({micros} AS DECIMAL(32, 0)) * 0.000001BD AS DECIMAL({precision}, 6))"
