"""From verdicts to the alert log and its incidents, as Spark SQL expressions.

`alerts/incidents.py` is the reference form. Which alerts there are, and which of them the final
evaluation withdrew, each window says alone. When an incident opens and ends depends on the verdicts
before, so those of one campaign, segment, metric and rule are applied in order by one `aggregate`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from adlake.alerts.contract import ALERT_TYPES, Rule
from adlake.contracts.windows import WINDOW_MS

_KEY: Final = ("campaign_id", "segment", "metric", "rule")
_VALUES: Final = ("value", "threshold", "k", "n")
# The newest verdict of a window that fires is its alert unless the one before did.
_STARTS: Final = "(fires AND NOT has_fired)"
_WITHDRAWS: Final = "(has_fired AND NOT fires)"
_ENDS_BY: Final = f"IF(rule = '{Rule.RELATIVE_RATE}', 'final', 'early')"
_WELL: Final = f"IF(evaluation = {_ENDS_BY}, recovers AND NOT fires, NULL)"
_IN_A_ROW: Final = f"IF(rule = '{Rule.SILENCE}', 1, 3)"
_NO_SPAN: Final = (
    "CAST(array() AS ARRAY<STRUCT<opened_ms: BIGINT, closed_ms: BIGINT, state: STRING>>)"
)


class AlertTables(NamedTuple):
    """Rows of gold.alerts_log and of gold.alert_incidents."""

    alerts: DataFrame
    incidents: DataFrame


def since_first_alert(verdicts: DataFrame) -> DataFrame:
    """The few that matter: before the first alert of its kind nothing opens, and most have none."""
    first_ms = F.min(F.expr("IF(fires, cutoff_ms, NULL)")).over(Window.partitionBy(*_KEY))
    return verdicts.withColumn("first_ms", first_ms).where("cutoff_ms >= first_ms").drop("first_ms")


def alert_tables(verdicts: DataFrame) -> AlertTables:
    """Both tables.

    Args:
        verdicts: rows of `since_first_alert`, of `spark_cusum.with_sums`.
    """
    same_window = Window.partitionBy(*_KEY, "begin_ms").orderBy("cutoff_ms")
    early = F.coalesce(F.lag("fires").over(same_window), F.lit(False))
    told = verdicts.select(
        "*", early.alias("has_fired"), F.lag("cutoff_ms").over(same_window).alias("early_ms")
    )
    alerts = _alerts(told)
    spans = _spans(told)
    return AlertTables(_log_rows(alerts, spans), _incident_rows(alerts, spans, verdicts))


def _alerts(told: DataFrame) -> DataFrame:
    """The verdict that fired first of each window, and when the other one withdrew it."""
    same_window = Window.partitionBy(*_KEY, "begin_ms").orderBy(F.desc("cutoff_ms"))
    later = F.lag(F.expr(f"IF({_WITHDRAWS}, cutoff_ms, NULL)")).over(same_window)
    return told.withColumn("withdrawn_ms", later).where(_STARTS)


def _spans(told: DataFrame) -> DataFrame:
    """When each incident opened, ended (NULL: not yet) and how."""
    verdict = (
        f"struct(cutoff_ms, {_STARTS} AS starts, IF({_WITHDRAWS}, early_ms, NULL) AS withdrawn_ms, "
        f"{_WELL} AS is_well)"
    )
    in_order = F.array_sort(F.collect_list(F.expr(verdict))).alias("verdicts")
    folded = told.groupBy(*_KEY).agg(in_order).selectExpr(
        *_KEY, f"aggregate(verdicts, {_START}, (held, v) -> {_STEP}) AS held"
    )  # fmt: skip
    open_one = "named_struct('opened_ms', held.opened_ms, 'closed_ms', NULL, 'state', 'open')"
    every = f"IF(held.opened_ms IS NULL, held.over, array_append(held.over, {open_one}))"
    return folded.selectExpr(*_KEY, f"inline({every})")


_START: Final = (
    f"named_struct('opened_ms', CAST(NULL AS BIGINT), 'alive', 0, 'well', 0, 'over', {_NO_SPAN})"
)
_IS_OPEN: Final = "held.opened_ms IS NOT NULL"
# Alerts that fired while it was open are its own.
_LOSES: Final = "coalesce(v.withdrawn_ms >= held.opened_ms, FALSE)"
_NOW_WELL: Final = "IF(v.is_well IS NULL, held.well, IF(v.is_well, held.well + 1, 0))"


def _ended(state: str) -> str:
    span = (
        f"named_struct('opened_ms', held.opened_ms, 'closed_ms', v.cutoff_ms, 'state', '{state}')"
    )
    return (
        "named_struct('opened_ms', CAST(NULL AS BIGINT), 'alive', 0, 'well', 0, "
        f"'over', array_append(held.over, {span}))"
    )


_STEP: Final = f"""CASE
  WHEN v.starts AND NOT {_IS_OPEN}
    THEN named_struct('opened_ms', v.cutoff_ms, 'alive', 1, 'well', 0, 'over', held.over)
  WHEN NOT {_IS_OPEN} THEN held
  WHEN {_LOSES} AND held.alive = 1 THEN {_ended("withdrawn")}
  WHEN {_NOW_WELL} >= {_IN_A_ROW} THEN {_ended("resolved")}
  ELSE named_struct(
    'opened_ms', held.opened_ms,
    'alive', held.alive + IF(v.starts, 1, 0) - IF({_LOSES}, 1, 0),
    'well', {_NOW_WELL},
    'over', held.over
  )
END"""


def _of_incident(alerts: DataFrame, spans: DataFrame) -> DataFrame:
    """Each alert with the incident that was open when it fired, or that it opened."""
    joined = alerts.join(spans, [*_KEY])
    return joined.where("cutoff_ms >= opened_ms AND (closed_ms IS NULL OR cutoff_ms < closed_ms)")


def _log_rows(alerts: DataFrame, spans: DataFrame) -> DataFrame:
    of_incident = Window.partitionBy(*_KEY, "opened_ms").orderBy("cutoff_ms")
    first_ms = F.first("begin_ms").over(of_incident)
    return _of_incident(alerts, spans).withColumn("first_ms", first_ms).select(
        _alert_id().alias("alert_id"), *_KEY, _alert_type().alias("alert_type"),
        F.timestamp_millis("begin_ms").alias("window_start"),
        F.timestamp_millis(F.col("begin_ms") + WINDOW_MS).alias("window_end"),
        F.timestamp_millis("cutoff_ms").alias("alert_time"), "value", "threshold",
        F.col("k").alias("sample_k"), F.col("n").alias("sample_n"), "bound", "baseline_kind",
        "evaluation",
        F.expr("IF(withdrawn_ms IS NULL, 'fired', 'withdrawn')").alias("status"),
        _incident_id("first_ms").alias("incident_id"), "rule_version",
    )  # fmt: skip


def _incident_rows(alerts: DataFrame, spans: DataFrame, verdicts: DataFrame) -> DataFrame:
    """An incident shows what it had when it ended; later withdrawals change the log alone."""
    held = _of_incident(alerts, spans).withColumn(
        "is_alive", F.expr("withdrawn_ms IS NULL OR coalesce(withdrawn_ms > closed_ms, FALSE)")
    )
    values = ", ".join(("begin_ms", *_VALUES))
    told = held.groupBy(*_KEY, "opened_ms", "closed_ms", "state").agg(
        F.expr(f"min_by(struct({values}, bound, channels, rule_version), cutoff_ms)").alias("o"),
        F.expr(f"max_by(struct({values}), begin_ms) FILTER (WHERE is_alive)").alias("newest"),
        F.count_if("is_alive").alias("fired_windows"),
        F.expr("min(value) FILTER (WHERE is_alive)").alias("worst_value"),
    )
    ends = verdicts.selectExpr(*_KEY, "cutoff_ms AS closed_ms", f"struct({values}) AS closing")
    rows = told.join(ends, [*_KEY, "closed_ms"], "left").selectExpr(
        "*", f"coalesce(newest, struct({', '.join(f'o.{name}' for name in values.split(', '))})) "
        "AS last"
    )  # fmt: skip
    shown = (
        f"{part}.{name} AS {of}_{name}"
        for part, of in (("o", "opening"), ("closing", "closing"), ("last", "last"))
        for name in _VALUES
    )
    return rows.select(
        _incident_id("o.begin_ms").alias("incident_id"), *_KEY, _alert_type().alias("alert_type"),
        "state", F.timestamp_millis("opened_ms").alias("opened_at"),
        F.timestamp_millis("closed_ms").alias("closed_at"),
        F.timestamp_millis("o.begin_ms").alias("first_window_start"),
        F.timestamp_millis("last.begin_ms").alias("last_window_start"),
        "fired_windows", "worst_value", "o.channels", F.col("o.bound").alias("opening_bound"),
        F.timestamp_millis("closing.begin_ms").alias("closing_window_start"),
        "o.rule_version", *(F.expr(one) for one in shown),
    )  # fmt: skip


def _alert_type() -> Column:
    types = ", ".join(f"'{rule}', '{name}'" for rule, name in ALERT_TYPES.items())
    return F.expr(f"map({types})[rule]")


def _alert_id() -> Column:
    return _identity("campaign_id", "segment", "metric", _iso("begin_ms"), "rule")


def _incident_id(first_ms: str) -> Column:
    return _identity("campaign_id", "segment", "metric", "rule", _iso(first_ms))


def _identity(*parts: str) -> Column:
    """SHA-256 of the canonical JSON array of texts."""
    return F.sha2(F.expr(f"to_json(array({', '.join(parts)}))"), 256)


def _iso(moment_ms: str) -> str:
    return f"date_format(timestamp_millis({moment_ms}), \"yyyy-MM-dd'T'HH:mm:ss.SSS'Z'\")"
