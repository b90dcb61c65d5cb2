"""The law's projection (section 4): state -> Gold row, as Spark SQL expressions."""

from __future__ import annotations

from pyspark.sql import DataFrame

from adlake.contracts.law import LAW_V1, LawConstants
from adlake.contracts.tables import GOLD_COLUMNS
from adlake.transforms.fold import encoded_state_sql, merged_states

# 95 % of all rows are one lone impression: they skip every array function below.
_IS_LONE = "(size(state) = 1 AND state[0].r = 0)"


def gold_rows(
    states: DataFrame, law: LawConstants = LAW_V1, kept: tuple[str, ...] = ()
) -> DataFrame:
    """Project states to Gold rows.

    Args:
        states: impression_id, slot, state (see `transforms.fold`), any further columns.
        law: constants of the law version.
        kept: names of further input columns to carry along.

    Returns:
        The columns of `contracts.tables.GOLD_COLUMNS` and `kept`, one row per input row.
    """
    steps = (_with_events_by_type, _with_attributed_conversion, _with_credited_click)
    enriched = states
    for step in steps:
        enriched = step(enriched, law)
    return enriched.selectExpr(*_output_columns(law), *kept)


def changed_rows(batch: DataFrame, known: DataFrame, law: LawConstants = LAW_V1) -> DataFrame:
    """Gold rows that a batch changes, among the impressions already known.

    Args:
        batch: impression_id, slot, state (see `transforms.fold.batch_states`).
        known: impression_id, events_state, engaged: the stored rows.
        law: constants of the law version.

    Returns:
        The columns of Gold plus was_engaged (the side the stored row is on); a row whose state
        stays the same is left out, so that a repeated batch writes nothing.
    """
    merged = merged_states(batch, known)
    changed = merged.where(f"NOT ({encoded_state_sql('state')} <=> known_state)")
    return gold_rows(changed, law, kept=("was_engaged",))


def _with_events_by_type(states: DataFrame, _law: LawConstants) -> DataFrame:
    donor = (
        "named_struct('r', x.r, 't', x.t, 'e', x.e, 'c', x.c, 'cr', x.cr, "
        "'u', x.u, 'g', x.g, 'p', x.p, 'm', x.m)"
    )
    lone_donor = donor.replace("x.", "state[0].")
    clicks = "sort_array(transform(filter(state, x -> x.r = 1), x -> x.t))"
    conversions = (
        "sort_array(transform(filter(state, x -> x.r = 2), "
        "x -> named_struct('t', x.t, 'e', x.e, 'm', x.m)))"
    )
    lag_ms = "array_max(transform(state, x -> x.i - x.t))"
    return states.selectExpr(
        "*",
        f"{_IS_LONE} AS is_lone",
        f"CASE WHEN {_IS_LONE} THEN {lone_donor} ELSE "
        f"array_min(transform(state, x -> {donor})) END AS donor",
        f"CASE WHEN {_IS_LONE} THEN NULL ELSE {clicks} END AS click_times",
        f"CASE WHEN {_IS_LONE} THEN NULL ELSE {conversions} END AS conversions",
        f"CASE WHEN {_IS_LONE} THEN state[0].i - state[0].t ELSE {lag_ms} END AS lag_ms",
        f"CASE WHEN {_IS_LONE} THEN state[0].i ELSE array_max(transform(state, x -> x.i)) END "
        "AS updated_ms",
    )


def _with_attributed_conversion(states: DataFrame, law: LawConstants) -> DataFrame:
    last_click_before = "array_max(filter(click_times, c -> c <= v.t))"
    is_in_window = f"v.t - {last_click_before} <= {_window_ms(law)}"
    first_in_window = f"get(filter(conversions, v -> {is_in_window}), 0)"
    return states.selectExpr("*", f"{first_in_window} AS attributed")


def _window_ms(law: LawConstants) -> str:
    """W at the time of conversion `v`: one literal for a law that never changed."""
    if not law.window_changes:
        return str(law.attribution_window_ms)
    newest_first = " ".join(
        f"WHEN v.t >= {valid_from_ms} THEN {window_ms}"
        for valid_from_ms, window_ms in reversed(law.window_changes)
    )
    return f"(CASE {newest_first} ELSE {law.attribution_window_ms} END)"


def _with_credited_click(states: DataFrame, _law: LawConstants) -> DataFrame:
    credited = "array_max(filter(click_times, c -> attributed IS NULL OR c <= attributed.t))"
    # Exact beyond 64 bits: a sum of many conversions must not overflow.
    total = (
        "aggregate(conversions, CAST(0 AS DECIMAL(38, 0)), "
        "(sum, v) -> CAST(sum + v.m AS DECIMAL(38, 0)))"
    )
    return states.selectExpr(
        "*",
        f"{credited} AS credited_click_ms",
        f"COALESCE({total}, CAST(0 AS DECIMAL(38, 0))) - COALESCE(attributed.m, 0) "
        "AS out_of_window_micros",
    )


def _output_columns(law: LawConstants) -> list[str]:
    late = f"CASE WHEN lag_ms > {law.late_tolerance_ms} THEN lag_ms ELSE 0L END"
    expressions = {
        "impression_id": "impression_id",
        "campaign_id": "donor.c",
        "creative_id": "donor.cr",
        "user_id": "donor.u",
        "geo_country": "donor.g",
        "platform": "donor.p",
        "is_clicked": "COALESCE(size(click_times) > 0, FALSE)",
        "is_converted": "attributed IS NOT NULL",
        "impression_time": "timestamp_millis(CASE WHEN donor.r = 0 THEN donor.t END)",
        "click_time": "timestamp_millis(credited_click_ms)",
        "conversion_time": "timestamp_millis(attributed.t)",
        "cost": _money("CASE WHEN donor.r = 0 THEN donor.m END", 18),
        "revenue": _money("COALESCE(attributed.m, 0L)", 18),
        "eligible": "CASE WHEN size(conversions) > 0 THEN attributed IS NOT NULL END",
        "late_by_ms": late,
        "is_late": f"({late}) > 0",
        "revenue_out_of_window": _money("out_of_window_micros", 38),
        "last_updated_ts": "timestamp_millis(updated_ms)",
        "events_state": encoded_state_sql("state"),
        "law_version": str(law.law_version),
        "slot": "slot",
        "engaged": "NOT is_lone",
    }
    return [f"{expressions[name]} AS {name}" for name in GOLD_COLUMNS]


def _money(micros: str, precision: int) -> str:
    """Exact micros -> DECIMAL(precision, 6): a product with 0.000001 never rounds."""
    return f"CAST(CAST({micros} AS DECIMAL(32, 0)) * 0.000001BD AS DECIMAL({precision}, 6))"
