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

_SERIES: Final = ("campaign_id", "segment", "metric")
_K: Final = "least(k, n)"
_DROPPED: Final = f"(usual_rate * {CUSUM_DROP}D)"
_GAIN: Final = (
    f"{_K} * ln({_DROPPED} / usual_rate) + (n - {_K}) * ln((1 - {_DROPPED}) / (1 - usual_rate))"
)
_REACHED: Final = "greatest(0D, held.s + x.gain)"
_FIRED_AT: Final = f"""aggregate(
  steps,
  named_struct('s', 0D, 'at', CAST(array() AS ARRAY<BIGINT>)),
  (held, x) -> IF(
    {_REACHED} >= {CUSUM_LIMIT}D,
    named_struct('s', 0D, 'at', array_append(held.at, x.begin_ms)),
    named_struct('s', {_REACHED}, 'at', held.at)
  ),
  held -> held.at
)"""


def with_sums(verdicts: DataFrame) -> DataFrame:
    """Verdicts whose rows of rule B say whether they fire and recover, with S in `bound`.

    Args:
        verdicts: rows of `spark_verdicts.verdicts`, those of rule B with a usable `usual_rate`.
    """
    is_relative = F.col("rule") == str(Rule.RELATIVE_RATE)
    gains = verdicts.where(is_relative).withColumn("gain", F.expr(_GAIN))
    steps = F.array_sort(F.collect_list(F.struct("begin_ms", "gain"))).alias("steps")
    fired = (
        gains.groupBy(*_SERIES)
        .agg(steps)
        .selectExpr(*_SERIES, f"explode({_FIRED_AT}) AS begin_ms", "TRUE AS has_fired")
    )
    in_order = Window.partitionBy(*_SERIES).orderBy("begin_ms")
    before = in_order.rowsBetween(Window.unboundedPreceding, -1)
    apart = gains.join(fired, [*_SERIES, "begin_ms"], "left").select(
        "*", F.coalesce(F.count("has_fired").over(before), F.lit(0)).alias("alerts_before")
    )
    since = Window.partitionBy(*_SERIES, "alerts_before").orderBy("begin_ms")
    so_far = since.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    summed = apart.withColumn("so_far", F.sum("gain").over(so_far))
    least = F.least(F.lit(0.0), F.min("so_far").over(so_far))
    told = summed.withColumn("bound", F.col("so_far") - least)
    relative = told.withColumns({
        "fires": F.coalesce("has_fired", F.lit(False)), "recovers": F.col("bound") == 0,
    })  # fmt: skip
    return verdicts.where(~is_relative).unionByName(relative.select(*verdicts.columns))
