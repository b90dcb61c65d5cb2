"""What was known of advertisers after each delivery, as Spark expressions.

The reference is `budgets/account.py`. Steps number the deliveries that changed an advertiser's
account, in the order of arrival. A content is held from the step that brought it until the one that
brought a smaller one; an era is a run of steps under one set of budgets and states.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from adlake.budgets.contract import EventType
from adlake.budgets.spark_events import FIELDS, KEY, PLACE, RANKED, of_type

NEVER: Final = 2**62
"""As a step: it has not come."""
MINUTE_MS: Final = 60_000


def held_contents(contents: DataFrame) -> DataFrame:
    """Contents that counted for a while: columns of contents, `from_place`, `until_place`."""
    in_order = Window.partitionBy(*KEY).orderBy(*PLACE)
    earlier = in_order.rowsBetween(Window.unboundedPreceding, -1)
    rank = F.struct(*RANKED)
    kept = contents.withColumn("best", F.min(rank).over(earlier)).where(
        F.col("best").isNull() | (rank < F.col("best"))
    )
    placed = kept.withColumn("from_place", F.struct(*PLACE)).drop("best")
    return placed.withColumn("until_place", F.lead("from_place").over(in_order))


def steps_of(held: DataFrame) -> DataFrame:
    """advertiser_id, step, at_ms, place, trigger: a row for each change of an account.

    Who loses an event to another advertiser changes with the delivery that takes it.
    """
    trigger = F.concat("event_type", F.lit(" "), F.col("counted_id")).alias("trigger")
    brought = held.select("advertiser_id", F.col("from_place").alias("place"), trigger)
    lost = held.where("until_place IS NOT NULL").select(
        "advertiser_id", F.col("until_place").alias("place"), trigger
    )
    once = brought.unionByName(lost).distinct()
    number = F.row_number().over(Window.partitionBy("advertiser_id").orderBy("place"))
    return once.select("advertiser_id", number.cast("bigint").alias("step"),
                       F.col("place.ingest_ms").alias("at_ms"), "place", "trigger")  # fmt: skip


def with_steps(held: DataFrame, steps: DataFrame) -> DataFrame:
    """Held contents with `from_step` and `until_step` instead of places."""
    begun = steps.select("advertiser_id", F.col("place").alias("from_place"),
                         F.col("step").alias("from_step"))  # fmt: skip
    ended = steps.select("advertiser_id", F.col("place").alias("until_place"),
                         F.col("step").alias("until_step"))  # fmt: skip
    both = held.join(begun, ["advertiser_id", "from_place"]).join(
        ended, ["advertiser_id", "until_place"], "left"
    )
    return both.withColumn("until_step", F.coalesce("until_step", F.lit(NEVER))).drop(
        "from_place", "until_place"
    )


def valid_states(known: DataFrame) -> DataFrame:
    """advertiser_id, click_id, ts_ms, valid, from_step, until_step: what credits left of clicks."""
    clicks = of_type(known, EventType.CLICK).select(
        "advertiser_id", F.col("counted_id").alias("click_id"), F.col("from_step").alias("step"),
        "ts_ms", F.col("micros").alias("amount"), F.lit(0).cast("decimal(20,0)").alias("given"),
    )  # fmt: skip
    given = of_type(known, EventType.CREDIT)
    credits_ = _turns(given, "micros", "click_id").select(
        "advertiser_id", "click_id", "step", F.lit(None).cast("bigint").alias("ts_ms"),
        F.lit(None).cast("bigint").alias("amount"), F.col("brought").alias("given"),
    )  # fmt: skip
    at_step = (
        clicks.unionByName(credits_)
        .groupBy("advertiser_id", "click_id", "step")
        .agg(F.max("ts_ms").alias("ts_ms"), F.max("amount").alias("amount"),
             F.sum("given").alias("given"))
    )  # fmt: skip
    in_order = Window.partitionBy("advertiser_id", "click_id").orderBy("step")
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    amount = F.last("amount", ignorenulls=True).over(so_far)
    credit = F.least(amount.cast("decimal(38,0)"), F.sum("given").over(so_far))
    return at_step.select(
        "advertiser_id", "click_id", F.last("ts_ms", ignorenulls=True).over(so_far).alias("ts_ms"),
        (amount - credit).cast("decimal(20,0)").alias("valid"), F.col("step").alias("from_step"),
        F.coalesce(F.lead("step").over(in_order), F.lit(NEVER)).alias("until_step"),
    ).where("ts_ms IS NOT NULL")  # fmt: skip


def moves_of(states: DataFrame) -> DataFrame:
    """advertiser_id, step, ts_ms, brought: what each step added to valid spend, by event time."""
    return _turns(states, "valid", "ts_ms")


def spent_by_minute(known: DataFrame, steps: DataFrame) -> DataFrame:
    """advertiser_id, minute, brought: what the deliveries of a minute brought to gross spend."""
    turned = _turns(of_type(known, EventType.CLICK), "micros", "counted_id")
    at = steps.select("advertiser_id", "step", F.expr(f"at_ms DIV {MINUTE_MS}").alias("minute"))
    summed = turned.join(at, ["advertiser_id", "step"]).groupBy("advertiser_id", "minute")
    return summed.agg(F.sum("brought").alias("brought"))


def _turns(spans: DataFrame, amount: str, *kept: str) -> DataFrame:
    """An amount that holds for some steps: what its first one adds and its last one takes off."""
    micros = F.col(amount).cast("decimal(20,0)")
    begun = spans.select("advertiser_id", *kept, F.col("from_step").alias("step"),
                         micros.alias("brought"))  # fmt: skip
    ended = spans.where(F.col("until_step") < NEVER).select(
        "advertiser_id", *kept, F.col("until_step").alias("step"), (-micros).alias("brought")
    )
    return begun.unionByName(ended)


def records_that_count(known: DataFrame) -> DataFrame:
    """Budgets and states, less the clicks that carry what an earlier one carried before them.

    Clicks by (event time, id) are runs of one budget. Of a run only the earliest known one matters,
    so one that comes after an earlier one that stays says nothing.
    """
    others = known.where(F.col("event_type").isin(str(EventType.BUDGET), str(EventType.STATUS)))
    carried = of_type(known, EventType.CLICK).where("budget_micros IS NOT NULL")
    in_time = Window.partitionBy("advertiser_id").orderBy("ts_ms", "counted_id", "from_step")
    differs = ~F.lag("budget_micros").over(in_time).eqNullSafe(F.col("budget_micros"))
    so_far = in_time.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    run = F.sum(F.col("differs").cast("int")).over(so_far)
    moment = F.struct("ts_ms", "counted_id")
    earlier = (
        Window.partitionBy("advertiser_id", "run")
        .orderBy("from_step")
        .rowsBetween(Window.unboundedPreceding, -1)
    )
    stays = F.when(F.col("until_step") == NEVER, moment)
    runs = carried.withColumn("differs", differs).withColumn("run", run)
    numbered = runs.withColumn("least", F.min(stays).over(earlier))
    matters = F.col("least").isNull() | (moment < F.col("least"))
    return others.unionByName(numbered.where(matters).drop("differs", "run", "least"))


def eras_of(records: DataFrame) -> DataFrame:
    """advertiser_id, era, from_step, until_step: runs of steps under one set of records.

    The first one begins with the first step, before any record.
    """
    begun = records.select("advertiser_id", F.col("from_step").alias("from_step"))
    ended = records.where(F.col("until_step") < NEVER).select(
        "advertiser_id", F.col("until_step").alias("from_step")
    )
    in_order = Window.partitionBy("advertiser_id").orderBy("from_step")
    once = begun.unionByName(ended).distinct()
    return once.select(
        "advertiser_id", F.row_number().over(in_order).alias("era"), "from_step",
        F.coalesce(F.lead("from_step").over(in_order), F.lit(NEVER)).alias("until_step"),
    )  # fmt: skip


def events_of_eras(records: DataFrame, eras: DataFrame) -> DataFrame:
    """The records known in each era, under a name of advertiser and era as `advertiser_id`.

    So the functions of `spark_history` make the spans of each era.
    """
    known = records.alias("r").join(
        eras.alias("e"),
        F.expr(
            "r.advertiser_id = e.advertiser_id AND r.from_step <= e.from_step "
            "AND e.from_step < r.until_step"
        ),
    )
    name = era_name("e.era", "e.advertiser_id").alias("advertiser_id")
    fields = [f"r.{one}" for one in ("event_type", "counted_id", "ts_ms", "micros", *FIELDS)
              if one != "advertiser_id"]  # fmt: skip
    return known.select(name, *fields)


def era_name(era: str, advertiser: str) -> Column:
    """One text for both."""
    return F.concat_ws(" ", F.col(era).cast("string"), F.col(advertiser))
