"""Paths and credits of the attribution models in Spark; `models.rules` is the reference form.

A frame of steps has one row per touch of a path, numbered by `place`. What the chain of the Markov
model needs of all paths is counted here; the chain itself, a matrix of campaigns, is solved in
`models.markov`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from adlake.contracts.law import MICROS_PER_UNIT, LawConstants
from adlake.io.spark.rows import frame_of
from adlake.models.contract import DECAY_TERMS, LN2, UNIT, Model
from adlake.models.markov import CONVERSION, NOTHING, START, Removal, State

GOLD_COLUMNS: Final = (
    "impression_id", "user_id", "campaign_id", "creative_id", "impression_time", "click_time",
    "conversion_time", "is_converted", "revenue",
)  # fmt: skip
"""What the models read of Gold."""
CREDIT_COLUMNS: Final = (
    "conversion_id", "impression_id", "user_id", "campaign_id", "creative_id", "converted_at",
    "touched_at", "place", "places", "value_micros", *(f"{model}_micros" for model in Model),
)  # fmt: skip
"""Of gold.attribution_credits."""
EFFECT_COLUMNS: Final = ("campaign_id", "lost", "converts")
"""Of gold.campaign_removal_effects."""
_OF_CAMPAIGNS: Final = (Model.MARKOV, Model.SHAPLEY)
"""What claims a part of a conversion under them is a campaign, not a touch."""
_UNIT_DIGITS: Final = 12


def slice_of_visitors(gold: DataFrame, slices: int, number: int) -> DataFrame:
    """The rows of one slice: all of a user's are in the same one."""
    visitor = "xxhash64(coalesce(user_id, impression_id))"
    return gold.select(*GOLD_COLUMNS).where(f"pmod({visitor}, {slices}) = {number}")


def steps_of_conversions(gold: DataFrame, law: LawConstants) -> DataFrame:
    """The steps of every path that led to a conversion, `value_micros` its value.

    Args:
        gold: GOLD_COLUMNS; all rows of each user that is in it.
        law: its lookback at the time of the conversion is that of the path.
    """
    is_before = F.expr("visitor = buyer AND earlier_ms <= conversion_ms")
    matched = _touches(gold).join(_conversions(gold, law), is_before, "inner")
    latest = F.expr("IF(later_ms <= conversion_ms, later_ms, earlier_ms)")
    counted = matched.withColumn("at_ms", latest).where(
        "at_ms >= first_ms OR impression_id = conversion_id"
    )
    return _numbered(counted.drop("visitor", "buyer"), "conversion_id")


def steps_of_nothing(gold: DataFrame, converting: DataFrame, law: LawConstants) -> DataFrame:
    """The steps of the paths that led to no conversion: touches on none of the others, by runs."""
    used = converting.select("impression_id")
    rest = _touches(gold).join(used, "impression_id", "left_anti")
    rest = rest.withColumnRenamed("later_ms", "at_ms")
    in_order = Window.partitionBy("visitor").orderBy("at_ms", "impression_id")
    gap_ms = F.col("at_ms") - F.lag("at_ms").over(in_order)
    is_first = F.coalesce(gap_ms > F.expr(_lookback_ms("at_ms", law)), F.lit(False)).cast("int")
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    runs = rest.withColumn("begins", is_first).withColumn("run", F.sum("begins").over(so_far))
    return _numbered(runs, "visitor", "run")


def moves_of_paths(converting: DataFrame, nothing: DataFrame) -> Counter[tuple[State, State]]:
    """How often paths went from campaign to campaign, from the start, and to their ends."""
    moves: Counter[tuple[State, State]] = Counter()
    ends: tuple[tuple[DataFrame, str, tuple[str, ...]], ...] = (
        (converting, CONVERSION, ("conversion_id",)), (nothing, NOTHING, ("visitor", "run")),
    )  # fmt: skip
    for steps, end, path in ends:
        in_order = Window.partitionBy(*path).orderBy("place")
        campaign = F.struct("campaign_id")
        before = F.lag(campaign).over(in_order)
        arrivals = steps.select(
            before.alias("before"), campaign.alias("here"),
            (F.col("place") == F.col("places")).alias("is_last"),
        )  # fmt: skip
        # A repeat of the same campaign is one visit.
        visits = arrivals.where(~F.col("before").eqNullSafe(F.col("here")))
        for row in visits.groupBy("before", "here").count().collect():
            moves[_state(row.before, START), (row.here.campaign_id,)] += row["count"]
        for row in arrivals.where("is_last").groupBy("here").count().collect():
            moves[(row.here.campaign_id,), end] += row["count"]
    return moves


def effect_rows(session: SparkSession, removal: Removal) -> DataFrame:
    """Rows of gold.campaign_removal_effects."""
    rows = [
        (campaign, _probability(lost), _probability(removal.converts))
        for campaign, lost in removal.lost.items()
    ]
    money = f"DECIMAL(18, {_UNIT_DIGITS})"
    return frame_of(session, rows, f"campaign_id STRING, lost {money}, converts {money}")


def credit_rows(steps: DataFrame, effects: DataFrame, half_life_ms: int) -> DataFrame:
    """Rows of gold.attribution_credits.

    Args:
        steps: of the paths that led to a conversion (`steps_of_conversions`).
        effects: see `effect_rows`.
        half_life_ms: of time decay.
    """
    names = [name for name in CREDIT_COLUMNS if not name.endswith("_micros")]
    credits_ = _credited(_claims(_weighed(steps, effects, half_life_ms)))
    by_touch = credits_.groupBy(*names, "value_micros")
    of_model = {
        f"{model}_micros": F.max(F.when(F.col("model") == str(model), F.col("credit")))
        for model in Model
    }
    wide = by_touch.agg(*(credit.alias(name) for name, credit in of_model.items()))
    return wide.select(*CREDIT_COLUMNS)


def _touches(gold: DataFrame) -> DataFrame:
    """Ads that somebody was shown; one moment alone is both of them."""
    return gold.selectExpr(
        "impression_id", "user_id", "campaign_id", "creative_id", f"{_VISITOR} AS visitor",
        "least(unix_millis(impression_time), unix_millis(click_time)) AS earlier_ms",
        "greatest(unix_millis(impression_time), unix_millis(click_time)) AS later_ms",
    ).where("later_ms IS NOT NULL")  # fmt: skip


def _conversions(gold: DataFrame, law: LawConstants) -> DataFrame:
    return (
        gold.where("is_converted")
        .selectExpr(
            "impression_id AS conversion_id",
            f"{_VISITOR} AS buyer",
            "unix_millis(conversion_time) AS conversion_ms",
            f"CAST(revenue * {MICROS_PER_UNIT} AS BIGINT) AS value_micros",
        )
        .selectExpr("*", f"conversion_ms - {_lookback_ms('conversion_ms', law)} AS first_ms")
    )


_VISITOR: Final = (
    "named_struct('known', user_id IS NOT NULL, 'id', coalesce(user_id, impression_id))"
)
"""Whose path it is on: the user's, or the impression's own where the user is not known."""


def _lookback_ms(moment: str, law: LawConstants) -> str:
    """The lookback at a moment."""
    text = str(law.attribution_window_ms)
    for valid_from_ms, window_ms in law.window_changes:
        text = f"IF({moment} >= {valid_from_ms}, {window_ms}, {text})"
    return text


def _numbered(steps: DataFrame, *path: str) -> DataFrame:
    of_path = Window.partitionBy(*path)
    place = F.row_number().over(of_path.orderBy("at_ms", "impression_id"))
    places = F.count(F.lit(1)).over(of_path).cast("int")
    return steps.withColumn("place", place).withColumn("places", places)


def _state(struct: Mapping[str, str | None] | None, otherwise: str) -> State:
    return otherwise if struct is None else (struct["campaign_id"],)


def _probability(units: int) -> Decimal:
    return Decimal(units).scaleb(-_UNIT_DIGITS)


def _weighed(steps: DataFrame, effects: DataFrame, half_life_ms: int) -> DataFrame:
    """Steps with what they weigh under each model, and the place of their campaign in the path."""
    of_campaign = Window.partitionBy("conversion_id", "campaign_id")
    is_same = F.col("step.campaign_id").eqNullSafe(F.col("effect.campaign_id"))
    known = steps.alias("step").join(F.broadcast(effects).alias("effect"), is_same, "inner")
    return (
        known.select("step.*", "effect.lost")
        .withColumn("campaign_place", F.min("place").over(of_campaign))
        .withColumn("campaign_turn", F.row_number().over(of_campaign.orderBy("place")))
        .withColumn("campaign_turns", F.count(F.lit(1)).over(of_campaign).cast("int"))
        .selectExpr(
            "*",
            f"CASE WHEN places < 3 THEN 1 WHEN place IN (1, places) THEN 2 * (places - 2) ELSE 1 "
            f"END AS {Model.POSITION}",
            f"{_decay('conversion_ms - at_ms', half_life_ms)} AS {Model.TIME_DECAY}",
            f"greatest(1, CAST(lost * {UNIT} AS BIGINT)) AS {Model.MARKOV}",
            "timestamp_millis(conversion_ms) AS converted_at",
            "timestamp_millis(at_ms) AS touched_at",
        )
    )


def _decay(age_ms: str, half_life_ms: int) -> str:
    """2^(-age / half-life) in 1/UNIT, at least 1: halved, and the series of e^(-y) for the rest."""
    exponent = f"CAST({LN2} AS DECIMAL(20, 0)) * (({age_ms}) % {half_life_ms}) DIV {half_life_ms}"
    value = str(UNIT)
    for term in range(DECAY_TERMS, 0, -1):
        product = f"CAST({exponent} AS DECIMAL(18, 0)) * CAST({value} AS DECIMAL(18, 0))"
        value = f"{UNIT} - ({product}) DIV {UNIT * term}"
    halvings = f"CAST(least(({age_ms}) DIV {half_life_ms}, 62) AS INT)"
    return f"greatest(1, shiftright({value}, {halvings}))"


def _claims(weighed: DataFrame) -> DataFrame:
    """A row for each model: its weight, and which touches share a part evenly, each in its turn.

    A claim is named by the place of its first touch; the others of it weigh nothing.
    """
    weights = {
        Model.LAST: "IF(place = places, 1, 0)", Model.FIRST: "IF(place = 1, 1, 0)",
        Model.LINEAR: "1", Model.SHAPLEY: "1",
    }  # fmt: skip
    rows = []
    for model in Model:
        weight, claim = weights.get(model, str(model)), ("place", "1", "1")
        if model in _OF_CAMPAIGNS:
            weight = f"IF(campaign_turn = 1, {weight}, 0)"
            claim = ("campaign_place", "campaign_turn", "campaign_turns")
        fields = {"model": f"'{model}'", "weight": f"CAST({weight} AS DECIMAL(18, 0))"}
        fields |= dict(zip(("claim", "turn", "turns"), claim, strict=True))
        members = ", ".join(f"'{name}', {value}" for name, value in fields.items())
        rows.append(f"named_struct({members})")
    return weighed.selectExpr("*", f"inline(array({', '.join(rows)}))")


def _credited(claims: DataFrame) -> DataFrame:
    """Claims with their `credit`, by the method of largest remainders (`models.apportion`)."""
    of_path = Window.partitionBy("model", "conversion_id")
    of_claim = Window.partitionBy("model", "conversion_id", "claim")
    by_remainder = of_path.orderBy(F.col("remainder").desc(), "place")
    return (
        claims.withColumn("whole", F.sum("weight").over(of_path))
        .selectExpr("*", "CAST(value_micros AS DECIMAL(20, 0)) * weight AS scaled")
        .selectExpr("*", "scaled DIV whole AS part", "scaled % whole AS remainder")
        .withColumn("left_over", F.col("value_micros") - F.sum("part").over(of_path))
        .withColumn("position_of_remainder", F.row_number().over(by_remainder))
        .selectExpr("*", "part + IF(position_of_remainder <= left_over, 1, 0) AS claimed")
        .withColumn("of_claim", F.max("claimed").over(of_claim))
        .selectExpr("*", "of_claim DIV turns + IF(turn <= of_claim % turns, 1, 0) AS credit")
    )
