"""Verdicts of the KPI-alert rules on each window, as Spark SQL expressions.

`alerts/rules.py` is the reference form; the two share the contract alone, and tests hold them
equal. Rule B is a sum over windows and comes after them (`spark_cusum`).
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from adlake.alerts.contract import (
    CHANCE,
    FAMILY_ALPHA,
    LEAST_BASELINE,
    RECOVERED,
    RECOVERED_VOLUME,
    SILENT_WINDOWS,
    VOLUME_DROP,
    Multiplicity,
    Rule,
    Z,
)
from adlake.alerts.spark_moments import at
from adlake.alerts.spark_windows import KEY
from adlake.contracts.windows import EARLY_MS, FINAL_MS, WINDOW_MS

_MOST_CAMPAIGNS: Final = 2_000
"""More of one window are taken for so many: z hardly grows any more."""
_RULE: Final = (
    "rule_id", "rule", "threshold", "z", "resolve_factor", "multiplicity", "channels", "enabled",
    "rule_version",
)  # fmt: skip


def verdicts(
    usual: DataFrame, rules: DataFrame, campaigns: DataFrame, moments: DataFrame
) -> DataFrame:
    """What the rules say of every window from `from_ms` on at `until_ms`.

    Args:
        usual: rows of `spark_baselines.usual`.
        rules: dims.alert_rules.
        campaigns: versions of dims.dim_campaigns.
        moments: see `spark_moments`.

    Returns:
        KEY, metric, rule, begin_ms, evaluation, cutoff_ms, fires, recovers (NULL: it says nothing),
        value, threshold, k, n, bound, baseline_kind, usual_rate, channels, rule_version; rule B
        does neither yet (`spark_cusum`).
    """
    evaluated = _with_campaigns(_with_silence(_evaluated(usual, moments)))
    counted = _while_active(_with_rules(evaluated, rules), campaigns)
    p, z = "(k / n)", "(wide_z)"
    spread = f"({z} * sqrt({p} * (1 - {p}) / n + {z} * {z} / (4D * n * n)))"
    wilson = f"({p} + {z} * {z} / (2D * n) + {spread}) / (1 + {z} * {z} / n)"
    told = counted.selectExpr(
        "*", f"{_z()} * sqrt(phi) AS wide_z",
    ).selectExpr(
        "*",
        f"""CASE rule
          WHEN '{Rule.STATIC_RATE}' THEN IF(n > 0 AND k < n, {wilson}, NULL)
          WHEN '{Rule.VOLUME_DROP}'
            THEN IF(k >= 1 AND k <= {VOLUME_DROP}D * expected, {_poisson()}, NULL)
          WHEN '{Rule.SILENCE}' THEN IF(k = 0, exp(-greatest(expected, silent_together)), NULL)
        END AS bound""",
    )  # fmt: skip
    rated = f"rule IN ('{Rule.STATIC_RATE}', '{Rule.RELATIVE_RATE}')"
    return told.selectExpr(
        *KEY, "metric", "rule", "begin_ms", "evaluation", "cutoff_ms",
        f"{_FIRES} AS fires", f"{_RECOVERS} AS recovers",
        f"IF({rated}, IF(n > 0, k / n, NULL), CAST(k AS DOUBLE)) AS value",
        f"{_THRESHOLD} AS threshold", "k", "n", "bound", f"{_KIND} AS baseline_kind",
        "usual_rate", "channels", "rule_version",
    )  # fmt: skip


_FIRES: Final = f"""CASE rule
  WHEN '{Rule.STATIC_RATE}' THEN coalesce(bound < threshold, FALSE)
  WHEN '{Rule.RELATIVE_RATE}' THEN FALSE
  WHEN '{Rule.COUNT_FLOOR}' THEN coalesce(k < threshold, FALSE)
  ELSE coalesce(bound < {CHANCE}D, FALSE)
END"""
_RECOVERS: Final = f"""CASE rule
  WHEN '{Rule.STATIC_RATE}' THEN IF(n > 0, k / n >= resolve_factor * threshold, NULL)
  WHEN '{Rule.VOLUME_DROP}' THEN k >= {RECOVERED_VOLUME}D * expected
  WHEN '{Rule.SILENCE}' THEN k > 0
  WHEN '{Rule.COUNT_FLOOR}' THEN k >= resolve_factor * threshold
END"""
_THRESHOLD: Final = f"""CASE
  WHEN rule IN ('{Rule.STATIC_RATE}', '{Rule.COUNT_FLOOR}') THEN threshold
  WHEN rule = '{Rule.RELATIVE_RATE}' THEN usual_rate / 2
  ELSE expected
END"""
_KIND: Final = f"""CASE
  WHEN rule = '{Rule.RELATIVE_RATE}' THEN rate_kind
  WHEN rule IN ('{Rule.VOLUME_DROP}', '{Rule.SILENCE}') THEN expected_kind
  ELSE ''
END"""


def _evaluated(usual: DataFrame, moments: DataFrame) -> DataFrame:
    """Each window once for each of its cutoffs that has passed."""
    both = (
        f"named_struct('evaluation', 'early', 'cutoff_ms', begin_ms + {WINDOW_MS + EARLY_MS}L, "
        "'seen_k', early_k, 'seen_n', early_n)",
        f"named_struct('evaluation', 'final', 'cutoff_ms', begin_ms + {WINDOW_MS + FINAL_MS}L, "
        "'seen_k', k, 'seen_n', n)",
    )
    kept = ("usual_rate", "cases", "rate_kind", "expected", "expected_kind", "phi")
    return (
        at(usual, moments).selectExpr(
            *KEY, "metric", "first_ms", "begin_ms", *kept, "until_ms", "from_ms",
            f"inline(array({', '.join(both)}))",
        )
        .where("cutoff_ms <= until_ms")
        .withColumnsRenamed({"seen_k": "k", "seen_n": "n"})
    )  # fmt: skip


def _with_silence(evaluated: DataFrame) -> DataFrame:
    """The expected count of this window and the two before, where all three are empty; else 0."""
    in_order = "PARTITION BY campaign_id, segment, kind, metric, evaluation ORDER BY begin_ms"
    row = f"OVER ({in_order} ROWS BETWEEN {SILENT_WINDOWS - 1} PRECEDING AND CURRENT ROW)"
    return evaluated.selectExpr(
        "*",
        f"IF(count(*) {row} = {SILENT_WINDOWS} AND sum(n) {row} = 0, sum(expected) {row}, 0D) "
        "AS silent_together",
    ).where("begin_ms >= from_ms")


def _with_rules(evaluated: DataFrame, rules: DataFrame) -> DataFrame:
    """Each window with each rule of its metric that is in force; a campaign's own rule wins."""
    defaults = {"z": Z, "resolve_factor": RECOVERED}
    held = ", ".join(
        f"'{name}', {f'coalesce({name}, {defaults[name]}D)' if name in defaults else name}"
        for name in _RULE
    )
    known = (
        "named_struct('is_general', campaign_id IS NULL, 'rule_id', rule_id, "
        "'newest', -rule_version, 'of_campaign', campaign_id, 'from_ms', unix_millis(valid_from), "
        f"'to_ms', unix_millis(valid_to), 'row', named_struct({held}))"
    )
    candidates = rules.groupBy("metric", F.col("segment").alias("kind"), "rule").agg(
        F.collect_list(F.expr(known)).alias("candidates")
    )
    in_force = (
        "get(array_sort(filter(candidates, c -> c.from_ms <= begin_ms AND begin_ms < c.to_ms "
        "AND (c.is_general OR c.of_campaign = campaign_id))), 0).row"
    )
    by_metric = candidates.drop("rule")
    return (
        evaluated.join(F.broadcast(by_metric), ["kind", "metric"])
        .withColumn("in_force", F.expr(in_force))
        .where("in_force.enabled")
        .selectExpr(*evaluated.columns, "in_force.*")
        .where(_IS_JUDGED)
    )


# B: by final evaluations alone, with cases and a usable rate.
_IS_JUDGED: Final = (
    f"CASE rule WHEN '{Rule.RELATIVE_RATE}' THEN evaluation = 'final' AND n > 0 "
    f"AND cases >= {LEAST_BASELINE} AND usual_rate > 0 AND usual_rate < 1 "
    f"WHEN '{Rule.STATIC_RATE}' THEN n > 0 ELSE TRUE END"
)


def _with_campaigns(evaluated: DataFrame) -> DataFrame:
    """Campaigns with cases in the window: `bonferroni` asks for more, the more there are."""
    others = "PARTITION BY segment, kind, metric, begin_ms, evaluation"
    return evaluated.selectExpr("*", f"count_if(n > 0) OVER ({others}) AS campaigns")


def _while_active(ruled: DataFrame, campaigns: DataFrame) -> DataFrame:
    """Counts say something only of windows during all of which the campaign was active."""
    paused = (
        campaigns.where("status <> 'ACTIVE'")
        .groupBy(F.col("campaign_id").alias("of_campaign"))
        .agg(F.collect_list(F.expr("struct(start_ts, end_ts)")).alias("pauses"))
    )
    rated = f"'{Rule.STATIC_RATE}', '{Rule.RELATIVE_RATE}'"
    during = (
        f"exists(pauses, p -> p.start_ts < timestamp_millis(begin_ms + {WINDOW_MS}) "
        "AND p.end_ts > timestamp_millis(begin_ms))"
    )
    both = ruled.join(F.broadcast(paused), F.expr("of_campaign = campaign_id"), "left")
    return both.where(f"rule IN ({rated}) OR NOT coalesce({during}, FALSE)")


def _z() -> str:
    """Of rule A: that of its row, or the one that keeps all campaigns of a window together."""
    normal = NormalDist()
    table = ", ".join(
        f"{normal.inv_cdf(1 - FAMILY_ALPHA / many)!r}D" for many in range(1, _MOST_CAMPAIGNS + 1)
    )
    place = f"CAST(greatest(1, least(campaigns, {_MOST_CAMPAIGNS})) AS INT)"
    return f"IF(multiplicity = '{Multiplicity.BONFERRONI}', element_at(array({table}), {place}), z)"


def _poisson() -> str:
    """P(X <= k) of a Poisson number with the mean `expected`, k at most half of it.

    The terms fall from the last one down by half and more, so a hundred are more than enough. The
    logarithm of a factorial is Stirling's series (Abramowitz and Stegun 6.1.41) where k is large.
    """
    x = "(k + 1D)"
    stirling = (
        f"(({x} - 0.5D) * ln({x}) - {x} + 0.9189385332046727D + 1 / (12 * {x}) "
        f"- 1 / (360 * pow({x}, 3)) + 1 / (1260 * pow({x}, 5)))"
    )
    factorial = f"IF(k <= 20, ln(factorial(CAST(least(k, 20L) AS INT))), {stirling})"
    last = f"exp(k * ln(expected) - expected - {factorial})"
    terms = (
        "aggregate(sequence(k, greatest(k - 100, 1L), -1L), struct(1D AS term, 1D AS total), "
        "(held, i) -> struct(held.term * i / expected AS term, "
        "held.total + held.term * i / expected AS total), held -> held.total)"
    )
    return f"least(1D, {last} * {terms})"
