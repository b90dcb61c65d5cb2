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
from adlake.alerts.spark_moments import at, settled
from adlake.contracts.windows import WINDOW_MS
from adlake.io.spark.lineage import FrozenFrames

_KEY: Final = ("campaign_id", "segment", "metric", "rule")
_VALUES: Final = ("value", "threshold", "k", "n")
# The newest verdict of a window that fires is its alert unless the one before did.
_STARTS: Final = "(fires AND NOT has_fired)"
_WITHDRAWS: Final = "(has_fired AND NOT fires)"
_ENDS_BY: Final = f"IF(rule = '{Rule.RELATIVE_RATE}', 'final', 'early')"
_WELL: Final = f"IF(evaluation = {_ENDS_BY}, recovers AND NOT fires, NULL)"
_IN_A_ROW: Final = f"IF(rule = '{Rule.SILENCE}', 1, 3)"
_SPAN: Final = "opened_ms BIGINT, opening_ms BIGINT, closed_ms BIGINT, state STRING"
_NO_SPAN: Final = f"CAST(array() AS ARRAY<STRUCT<{_SPAN}>>)"
_TEXTS: Final = "campaign_id STRING, segment STRING, metric STRING, rule STRING"
ALERT_SCHEMA: Final = (
    f"{_TEXTS}, begin_ms BIGINT, cutoff_ms BIGINT, evaluation STRING, value DOUBLE, "
    "threshold DOUBLE, k BIGINT, n BIGINT, bound DOUBLE, baseline_kind STRING, channels STRING, "
    "rule_version INT, withdrawn_ms BIGINT"
)
"""Of an alert before it is a row of the log."""
SPAN_SCHEMA: Final = f"{_TEXTS}, {_SPAN}"
"""Of an incident: when it opened and ended, and the window that opened it."""
OPEN_SCHEMA: Final = f"{_TEXTS}, opened_ms BIGINT, opening_ms BIGINT, alive INT, well INT"
"""Of an incident that is open: alerts that were not withdrawn, and windows in a row that are well.
"""
_ALERT: Final = tuple(one.split()[0] for one in ALERT_SCHEMA.split(", "))


class KnownAlerts(NamedTuple):
    """What windows before `from_ms` came to, as of `settled(from_ms)`."""

    log: DataFrame | None
    """Rows of gold.alerts_log, of windows before `from_ms`; None: there is no such window."""
    incidents: DataFrame | None
    """Rows of gold.alert_incidents that ended until then."""
    alerts: DataFrame
    """Of the same windows, as of ALERT_SCHEMA: those whose incident was open still."""
    ended: DataFrame
    """As of SPAN_SCHEMA: incidents that ended after `from_ms`, and until then."""
    open: DataFrame
    """As of OPEN_SCHEMA: those that were open."""


class AlertTables(NamedTuple):
    """Rows of gold.alerts_log and of gold.alert_incidents, and what the next build goes on from."""

    alerts: DataFrame
    incidents: DataFrame
    held: DataFrame
    """Alerts with the span of their incident: of windows that were judged now, or before them where
    the incident was open."""
    spans: DataFrame
    """Of incidents that ended after `from_ms`, or are open."""
    folded: DataFrame
    """_KEY with the incident that was open at `settled(next_ms)`, `then`."""

    def known(self, moments: DataFrame) -> KnownAlerts:
        """What windows before `next_ms` came to."""
        end_ms, span = settled("next_ms"), self.spans.columns
        alerts, incidents, held, spans = (
            at(one, moments) for one in (self.alerts, self.incidents, self.held, self.spans)
        )
        then = f"opened_ms <= {end_ms} AND coalesce(closed_ms > {end_ms}, TRUE)"
        return KnownAlerts(
            alerts.where("unix_millis(window_start) < next_ms").select(*self.alerts.columns),
            incidents.where(f"unix_millis(closed_at) <= {end_ms}").select(*self.incidents.columns),
            held.where(f"begin_ms < next_ms AND {then}").select(*_ALERT),
            spans.where(f"closed_ms > next_ms AND closed_ms <= {end_ms}").select(*span),
            self.folded.where("then.opened_ms IS NOT NULL").selectExpr(
                *_KEY, "then.opened_ms", "then.opening_ms", "then.alive", "then.well"
            ),
        )


def since_first_alert(verdicts: DataFrame, moments: DataFrame, open_ones: DataFrame) -> DataFrame:
    """The few that matter: before the first alert of its kind nothing opens, and most have none.

    Args:
        verdicts: rows of `spark_cusum.with_sums`.
        moments: see `spark_moments`.
        open_ones: `KnownAlerts.open`: theirs matter all. So does the last one of rule B before
            `next_ms`: it has S.
    """
    of_key = Window.partitionBy(*_KEY)
    by_sum = f"IF(rule = '{Rule.RELATIVE_RATE}' AND begin_ms < next_ms, begin_ms, NULL)"
    keys = open_ones.select(*_KEY, F.lit(True).alias("is_open"))
    told = at(verdicts, moments).withColumns({
        "first_ms": F.min(F.expr("IF(fires, cutoff_ms, NULL)")).over(of_key),
        "sum_ms": F.max(F.expr(by_sum)).over(of_key),
    }).join(F.broadcast(keys), [*_KEY], "left")  # fmt: skip
    matters = "cutoff_ms >= first_ms OR begin_ms = sum_ms OR is_open"
    return told.where(f"coalesce({matters}, FALSE)").select(*verdicts.columns)


def alert_tables(
    verdicts: DataFrame, moments: DataFrame, known: KnownAlerts, frozen: FrozenFrames
) -> AlertTables:
    """Both tables.

    Args:
        verdicts: rows of `since_first_alert`, of windows from `from_ms` on.
        moments: see `spark_moments`.
        known: what became of the windows before.
        frozen: holds what is read several times.
    """
    same_window = Window.partitionBy(*_KEY, "begin_ms").orderBy("cutoff_ms")
    early = F.coalesce(F.lag("fires").over(same_window), F.lit(False))
    told = verdicts.select(
        "*", early.alias("has_fired"), F.lag("cutoff_ms").over(same_window).alias("early_ms")
    )
    folded = frozen.keep(_folded(told, moments, known.open))
    spans = _spans(folded)
    # An early verdict on one of these windows may have come before what is known.
    every_span = frozen.keep(spans.unionByName(known.ended))
    alerts = frozen.keep(_alerts(told).unionByName(known.alerts))
    held = frozen.keep(_of_incident(alerts, every_span))
    log = _log_rows(at(held, moments).where("begin_ms >= from_ms"))
    incidents = _incident_rows(_of_incident(alerts, spans), verdicts)
    return AlertTables(
        log if known.log is None else log.unionByName(known.log),
        incidents if known.incidents is None else incidents.unionByName(known.incidents),
        held, every_span, folded,
    )  # fmt: skip


def _alerts(told: DataFrame) -> DataFrame:
    """The verdict that fired first of each window, and when the other one withdrew it."""
    same_window = Window.partitionBy(*_KEY, "begin_ms").orderBy(F.desc("cutoff_ms"))
    later = F.lag(F.expr(f"IF({_WITHDRAWS}, cutoff_ms, NULL)")).over(same_window)
    return told.withColumn("withdrawn_ms", later).where(_STARTS).select(*_ALERT)


def _folded(told: DataFrame, moments: DataFrame, open_ones: DataFrame) -> DataFrame:
    """What is open of each key, and what was over by then: at `settled(next_ms)`, and now."""
    verdict = (
        f"struct(cutoff_ms, begin_ms, {_STARTS} AS starts, "
        f"IF({_WITHDRAWS}, early_ms, NULL) AS withdrawn_ms, {_WELL} AS is_well)"
    )
    new = at(told, moments).where(f"cutoff_ms > {settled('from_ms')}")
    in_order = new.groupBy(*_KEY).agg(
        F.array_sort(F.collect_list(F.expr(verdict))).alias("verdicts")
    )
    begin = (
        "named_struct('opened_ms', opened_ms, 'opening_ms', opening_ms, "
        f"'alive', coalesce(alive, 0), 'well', coalesce(well, 0), 'over', {_NO_SPAN})"
    )

    def applied(condition: str, held: str) -> str:
        some = f"filter(verdicts, v -> v.cutoff_ms {condition} {settled('next_ms')})"
        return f"coalesce(aggregate({some}, {held}, (held, v) -> {_STEP}), {held})"

    both = at(in_order.join(open_ones, [*_KEY], "full"), moments)
    return (
        both.withColumn("begun", F.expr(begin))
        .withColumn("then", F.expr(applied("<=", "begun")))
        .withColumn("now", F.expr(applied(">", "then")))
        .select(*_KEY, "then", "now")
    )


def _spans(folded: DataFrame) -> DataFrame:
    """When each incident opened, ended (NULL: not yet) and how; by which windows."""
    open_one = (
        "named_struct('opened_ms', now.opened_ms, 'opening_ms', now.opening_ms, "
        "'closed_ms', NULL, 'state', 'open')"
    )
    every = f"IF(now.opened_ms IS NULL, now.over, array_append(now.over, {open_one}))"
    return folded.selectExpr(*_KEY, f"inline({every})")


_NOTHING: Final = "'opened_ms', CAST(NULL AS BIGINT), 'opening_ms', CAST(NULL AS BIGINT)"
_IS_OPEN: Final = "held.opened_ms IS NOT NULL"
# Alerts that fired while it was open are its own.
_LOSES: Final = "coalesce(v.withdrawn_ms >= held.opened_ms, FALSE)"
_NOW_WELL: Final = "IF(v.is_well IS NULL, held.well, IF(v.is_well, held.well + 1, 0))"


def _ended(state: str) -> str:
    span = (
        "named_struct('opened_ms', held.opened_ms, 'opening_ms', held.opening_ms, "
        f"'closed_ms', v.cutoff_ms, 'state', '{state}')"
    )
    return (
        f"named_struct({_NOTHING}, 'alive', 0, 'well', 0, 'over', array_append(held.over, {span}))"
    )


_STEP: Final = f"""CASE
  WHEN v.starts AND NOT {_IS_OPEN}
    THEN named_struct(
      'opened_ms', v.cutoff_ms, 'opening_ms', v.begin_ms, 'alive', 1, 'well', 0, 'over', held.over
    )
  WHEN NOT {_IS_OPEN} THEN held
  WHEN {_LOSES} AND held.alive = 1 THEN {_ended("withdrawn")}
  WHEN {_NOW_WELL} >= {_IN_A_ROW} THEN {_ended("resolved")}
  ELSE named_struct(
    'opened_ms', held.opened_ms,
    'opening_ms', held.opening_ms,
    'alive', held.alive + IF(v.starts, 1, 0) - IF({_LOSES}, 1, 0),
    'well', {_NOW_WELL},
    'over', held.over
  )
END"""


def _of_incident(alerts: DataFrame, spans: DataFrame) -> DataFrame:
    """Each alert with the incident that was open when it fired, or that it opened."""
    joined = alerts.join(spans, [*_KEY])
    return joined.where("cutoff_ms >= opened_ms AND (closed_ms IS NULL OR cutoff_ms < closed_ms)")


def _log_rows(held: DataFrame) -> DataFrame:
    return held.select(
        _alert_id().alias("alert_id"), *_KEY, _alert_type().alias("alert_type"),
        F.timestamp_millis("begin_ms").alias("window_start"),
        F.timestamp_millis(F.col("begin_ms") + WINDOW_MS).alias("window_end"),
        F.timestamp_millis("cutoff_ms").alias("alert_time"), "value", "threshold",
        F.col("k").alias("sample_k"), F.col("n").alias("sample_n"), "bound", "baseline_kind",
        "evaluation",
        F.expr("IF(withdrawn_ms IS NULL, 'fired', 'withdrawn')").alias("status"),
        _incident_id("opening_ms").alias("incident_id"), "rule_version",
    )  # fmt: skip


def _incident_rows(held_alerts: DataFrame, verdicts: DataFrame) -> DataFrame:
    """An incident shows what it had when it ended; later withdrawals change the log alone."""
    held = held_alerts.withColumn(
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
