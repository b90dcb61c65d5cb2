"""Rule B on Spark: the Bernoulli CUSUM of a rate over its final windows, from verdict to verdict.

S goes up while a rate looks like half of the usual one, never below 0, and begins anew when it
fires. Where it fires is found in order, by one `aggregate`; between two alerts S is what the gains
sum to, less the least that they had summed to before.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from adlake.alerts.contract import CUSUM_DROP, CUSUM_LIMIT, Rule
from adlake.alerts.spark_moments import at

_SERIES: Final = ("campaign_id", "segment", "metric")
_K: Final = "least(k, n)"
_DROPPED: Final = f"(usual_rate * {CUSUM_DROP}D)"
_GAIN: Final = (
    f"{_K} * ln({_DROPPED} / usual_rate) + (n - {_K}) * ln((1 - {_DROPPED}) / (1 - usual_rate))"
)
_REACHED: Final = "greatest(0D, held.s + x.gain)"
_FIRED_AT: Final = f"""aggregate(
  steps,
  named_struct('s', s, 'at', CAST(array() AS ARRAY<BIGINT>)),
  (held, x) -> IF(
    {_REACHED} >= {CUSUM_LIMIT}D,
    named_struct('s', 0D, 'at', array_append(held.at, x.begin_ms)),
    named_struct('s', {_REACHED}, 'at', held.at)
  ),
  held -> held.at
)"""


def with_sums(verdicts: DataFrame, known: DataFrame) -> DataFrame:
    """Verdicts whose rows of rule B say whether they fire and recover, with S in `bound`.

    Args:
        verdicts: rows of `spark_verdicts.verdicts`, those of rule B with a usable `usual_rate`.
        known: campaign_id, segment, metric, s: what S was before them, where it was not 0.
    """
    is_relative = F.col("rule") == str(Rule.RELATIVE_RATE)
    gains = verdicts.where(is_relative).withColumn("gain", F.expr(_GAIN))
    begun = gains.join(F.broadcast(known), [*_SERIES], "left").withColumn(
        "s", F.coalesce("s", F.lit(0.0))
    )
    steps = F.array_sort(F.collect_list(F.struct("begin_ms", "gain"))).alias("steps")
    fired = (
        begun.groupBy(*_SERIES, "s")
        .agg(steps)
        .selectExpr(*_SERIES, f"explode({_FIRED_AT}) AS begin_ms", "TRUE AS has_fired")
    )
    in_order = Window.partitionBy(*_SERIES).orderBy("begin_ms")
    before = in_order.rowsBetween(Window.unboundedPreceding, -1)
    apart = begun.join(fired, [*_SERIES, "begin_ms"], "left").select(
        "*", F.coalesce(F.count("has_fired").over(before), F.lit(0)).alias("alerts_before")
    )
    since = Window.partitionBy(*_SERIES, "alerts_before").orderBy("begin_ms")
    so_far = since.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    # Only up to the first alert it goes on from what S was.
    from_s = F.expr("IF(alerts_before = 0, s, 0D)")
    summed = apart.withColumn("so_far", from_s + F.sum("gain").over(so_far))
    least = F.least(F.lit(0.0), F.min("so_far").over(so_far))
    told = summed.withColumn("bound", F.col("so_far") - least)
    relative = told.withColumns({
        "fires": F.coalesce("has_fired", F.lit(False)), "recovers": F.col("bound") == 0,
    })  # fmt: skip
    return verdicts.where(~is_relative).unionByName(relative.select(*verdicts.columns))


def sums_before(told: DataFrame, moments: DataFrame, known: DataFrame) -> DataFrame:
    """S after the last window before `next_ms`: columns as of `known`.

    Args:
        told: rows of `with_sums`, of each series at least the last one before `next_ms`.
        moments: see `spark_moments`.
        known: S before all of them.
    """
    last = (
        at(told, moments).where(f"rule = '{Rule.RELATIVE_RATE}' AND begin_ms < next_ms")
        .groupBy(*_SERIES)
        .agg(F.expr("max_by(IF(fires, 0D, bound), begin_ms) AS newest"))
    )  # fmt: skip
    return last.join(known, [*_SERIES], "full").selectExpr(*_SERIES, "coalesce(newest, s) AS s")
