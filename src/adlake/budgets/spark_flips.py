"""Decisions whether ads may be served, and where they changed, as Spark expressions.

The reference is `budgets/flips.py`. Every moment of a decision is a row; what was known then is
told by its step and era (`spark_account`), so each row is judged by itself and compared with the
one before.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from adlake.budgets.contract import (
    ACTIVE,
    CLOCK,
    DECISION_LAG_S,
    DEFAULT_ZONE,
    MOST_RESERVE,
    RATE_SHARE,
    RATE_WEIGHTS,
    Cause,
    EventType,
    Period,
)
from adlake.budgets.spark_account import (
    MINUTE_MS,
    era_name,
    eras_of,
    events_of_eras,
    held_contents,
    moves_of,
    records_that_count,
    spent_by_minute,
    steps_of,
    valid_states,
    with_steps,
)
from adlake.budgets.spark_events import told_name
from adlake.budgets.spark_history import advertiser_versions, budget_spans, money
from adlake.budgets.spark_spend import day_caps, overdelivered
from adlake.io.spark.lineage import FrozenFrames

TABLE_COLUMNS: Final = (
    "flip_id", "advertiser_id", "advertiser", "effective_at", "can_serve", "previous_can_serve",
    "net_spend", "valid_spend", "reserve", "budget_value", "period", "period_start", "cause",
    "flip_number",
)  # fmt: skip
QUIET_MONTHS: Final = 2
_WEIGHTS: Final = "array(" + ",".join(f"{one}BD" for one in RATE_WEIGHTS) + ")"
_SPAN: Final = ("start_ms", "end_ms")
_DAILY, _MONTHLY = str(Period.DAILY), str(Period.MONTHLY)


def serving_flips(
    contents: DataFrame, frozen: FrozenFrames, lag_s: int = DECISION_LAG_S
) -> DataFrame:
    """Rows of gold.serving_flips.

    Args:
        contents: of all advertisers' events, see `spark_events`.
        frozen: keeps what is read more than once.
        lag_s: until a decision is known to the ad server.
    """
    held = frozen.freeze(held_contents(contents))
    steps = frozen.freeze(steps_of(held))
    known = frozen.freeze(with_steps(held, steps))
    records = frozen.freeze(records_that_count(known))
    eras = frozen.freeze(eras_of(records))
    named = events_of_eras(records, eras)
    spans = frozen.freeze(budget_spans(named))
    versions = frozen.freeze(advertiser_versions(named))
    instants = frozen.freeze(_instants(_with_eras(steps, eras), spans, versions))
    states = frozen.freeze(valid_states(known))
    judged = _judged(instants, spans, versions)
    summed = _with_sums(judged, moves_of(states))
    reserved = _with_reserve(summed, spent_by_minute(known, steps), lag_s)
    flips = frozen.freeze(_flips(_decided(reserved, spans)))
    return _rows(flips, _net_spend(flips, states, spans), _names(flips, known))


def _with_eras(steps: DataFrame, eras: DataFrame) -> DataFrame:
    """Steps with their `name`: era and advertiser; 0 before the first record."""
    ranges = eras.select("advertiser_id", "era", F.col("from_step").alias("first"),
                           F.col("until_step").alias("after"))  # fmt: skip
    joined = steps.alias("s").join(
        ranges.alias("e"),
        F.expr("s.advertiser_id = e.advertiser_id AND s.step >= e.first AND s.step < e.after"),
        "left",
    )
    numbered = joined.select("s.*", F.coalesce("e.era", F.lit(0)).alias("era"))
    return numbered.withColumn("name", era_name("era", "advertiser_id")).drop("era", "place")


def _instants(steps: DataFrame, spans: DataFrame, versions: DataFrame) -> DataFrame:
    """advertiser_id, name, at_ms, step, is_delivery, trigger: every decision."""
    deliveries = steps.withColumn("is_delivery", F.lit(1))
    announced = _announced(steps, spans, versions)
    zoned = _zoned(deliveries.drop("trigger").unionByName(announced), versions)
    starts = _period_starts(zoned, spans)
    clock = announced.unionByName(starts).distinct().withColumn("trigger", F.lit(CLOCK))
    return deliveries.unionByName(clock)


def _announced(steps: DataFrame, spans: DataFrame, versions: DataFrame) -> DataFrame:
    """Where a known flight begins or ends, or a known budget or state comes into force."""
    flights = versions.select(
        F.col("advertiser_id").alias("name"),
        F.explode(F.array("flight_start_ms", "flight_end_ms")).alias("at_ms"), "start_ms", "end_ms",
    ).where("start_ms <= at_ms AND (end_ms IS NULL OR at_ms < end_ms)")  # fmt: skip
    moments = [
        frame.select(F.col("advertiser_id").alias("name"), F.col("start_ms").alias("at_ms"))
        for frame in (spans, versions)
    ]
    said = flights.select("name", "at_ms").unionByName(moments[0]).unionByName(moments[1])
    told = said.distinct().select(
        F.substring_index("name", " ", 1).alias("_"), "name", "at_ms", F.lit(0).alias("is_delivery")
    )
    own = told.withColumn("advertiser_id", F.expr("substring(name, length(_) + 2)")).drop("_")
    both = own.unionByName(
        steps.select("advertiser_id", "name", "at_ms", "step").withColumn("is_delivery", F.lit(1)),
        allowMissingColumns=True,
    )
    # Deliveries of the same millisecond come after it.
    in_order = Window.partitionBy("advertiser_id").orderBy("at_ms", "is_delivery", "step")
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    newest = F.last(F.when(F.col("is_delivery") == 1, F.struct("step", "name")), ignorenulls=True)
    known = both.withColumn("known", newest.over(so_far)).where("is_delivery = 0")
    in_era = known.where("known.name = name")
    return in_era.select("advertiser_id", "name", "at_ms", F.col("known.step").alias("step"),
                           F.lit(0).alias("is_delivery"))  # fmt: skip


def _zoned(rows: DataFrame, versions: DataFrame) -> DataFrame:
    zones = versions.where("end_ms IS NULL").select(
        F.col("advertiser_id").alias("name"), "time_zone"
    )
    both = rows.join(zones, ["name"], "left")
    return both.withColumn("time_zone", F.coalesce("time_zone", F.lit(DEFAULT_ZONE)))


def _day(at_ms: str) -> Column:
    return F.expr(f"to_date(from_utc_timestamp(timestamp_millis({at_ms}), time_zone))")


def _start(day: str) -> Column:
    return F.expr(f"unix_millis(to_utc_timestamp(CAST({day} AS TIMESTAMP), time_zone))")


def _period_starts(others: DataFrame, spans: DataFrame) -> DataFrame:
    """Starts of periods up to the next other decision, as long as one could change anything."""
    in_order = Window.partitionBy("advertiser_id").orderBy("at_ms", "is_delivery", "step")
    gaps = others.withColumn("next_ms", F.lead("at_ms").over(in_order)).withColumn(
        "first", F.date_add(_day("at_ms"), 1)
    )
    quiet = F.add_months(F.trunc(_day("at_ms"), "MM"), QUIET_MONTHS)
    until = F.least(quiet, F.coalesce(_day("next_ms"), quiet))
    days = gaps.withColumn("until", until).where("until >= first").select(
        "advertiser_id", "name", "time_zone", "step", F.col("at_ms").alias("after_ms"), "next_ms",
        F.explode(F.sequence("first", "until")).alias("day"),
    )  # fmt: skip
    starts = days.withColumn("at_ms", _start("day")).where(
        "at_ms > after_ms AND (next_ms IS NULL OR at_ms <= next_ms)"
    )
    begins = (F.col("period") == _DAILY) | (
        (F.col("period") == _MONTHLY) & (F.col("day") == F.trunc("day", "MM"))
    )
    return (
        _in_force(starts, spans)
        .where(begins)
        .select("advertiser_id", "name", "at_ms", "step", F.lit(0).alias("is_delivery"))
    )


def _in_force(rows: DataFrame, spans: DataFrame) -> DataFrame:
    """Adds `budget` and `period`: in force at `at_ms`, before the first one its kind."""
    firsts = spans.groupBy(F.col("advertiser_id").alias("name")).agg(
        F.min_by("period", "start_ms").alias("first_period")
    )
    told = spans.select(F.col("advertiser_id").alias("whose"), F.col("micros").alias("budget"),
                        F.col("period").alias("told_period"), "start_ms", "end_ms")  # fmt: skip
    holds = "name = whose AND at_ms >= start_ms AND (end_ms IS NULL OR at_ms < end_ms)"
    both = rows.join(told, F.expr(holds), "left").join(firsts, ["name"], "left")
    period = F.coalesce("told_period", "first_period", F.lit(_DAILY))
    return both.withColumn("period", period).drop(
        "whose", "told_period", "first_period", "start_ms", "end_ms"
    )


def _judged(instants: DataFrame, spans: DataFrame, versions: DataFrame) -> DataFrame:
    """Decisions with budget, status and flight of their moment, and its day and month."""
    told = versions.select(F.col("advertiser_id").alias("whose"), "status", "flight_start_ms",
                           "flight_end_ms", "start_ms", "end_ms")  # fmt: skip
    holds = "name = whose AND at_ms >= start_ms AND (end_ms IS NULL OR at_ms < end_ms)"
    both = _zoned(_in_force(instants, spans), versions).join(told, F.expr(holds), "left")
    return both.withColumns({
        "is_active": F.coalesce("status", F.lit(ACTIVE)) == ACTIVE,
        "is_in_flight": F.expr("coalesce(flight_start_ms <= at_ms, true) "
                               "AND coalesce(at_ms < flight_end_ms, true)"),
        "spend_day": _day("at_ms"),
        "spend_month": F.trunc(_day("at_ms"), "MM"),
    }).drop("whose", "status", "flight_start_ms", "flight_end_ms", *_SPAN)  # fmt: skip


def _with_sums(judged: DataFrame, moves: DataFrame) -> DataFrame:
    """Adds `valid` of the period and `month_valid`, of what was known at the step."""
    zones = judged.select("advertiser_id", "time_zone").distinct()
    filed = moves.join(zones, ["advertiser_id"]).withColumns({
        "spend_day": _day("ts_ms"), "spend_month": F.trunc(_day("ts_ms"), "MM"),
        "is_instant": F.lit(0),
    }).drop("ts_ms")  # fmt: skip
    both = judged.withColumn("is_instant", F.lit(1)).unionByName(filed, allowMissingColumns=True)

    def so_far(*grain: str) -> Column:
        known = Window.partitionBy("advertiser_id", "time_zone", *grain).orderBy(
            "step", "is_instant"
        )
        return F.coalesce(F.sum("brought").over(known), F.lit(0))

    sums = both.withColumns(
        {"of_day": so_far("spend_day"), "month_valid": so_far("spend_month"), "of_all": so_far()}
    )
    valid = (
        F.when(F.col("period") == _DAILY, F.col("of_day"))
        .when(F.col("period") == _MONTHLY, F.col("month_valid"))
        .otherwise(F.col("of_all"))
    )
    kept = sums.where("is_instant = 1").withColumn("valid", valid)
    return kept.drop("is_instant", "brought", "of_day", "of_all")


def _with_reserve(rows: DataFrame, minutes: DataFrame, lag_s: int) -> DataFrame:
    """Adds `reserve`: what is spent until a decision of that minute is known to the ad server."""
    timed = rows.withColumn("now", F.expr(f"at_ms DIV {MINUTE_MS}"))
    nows = timed.select("advertiser_id", "now").distinct()
    told = minutes.select(F.col("advertiser_id").alias("whose"), "minute", "brought")
    near = f"advertiser_id = whose AND minute < now AND minute >= now - {len(RATE_WEIGHTS)}"
    weight = F.expr(f"element_at({_WEIGHTS}, CAST(now - minute AS INT))")
    weighed = (
        nows.join(told, F.expr(near))
        .groupBy("advertiser_id", "now")
        .agg(F.sum(F.col("brought").cast("decimal(24,0)") * weight).alias("weighed"))
    )
    most = MOST_RESERVE * RATE_SHARE // max(1, lag_s)
    share = (
        f"(CAST({2 * lag_s} AS DECIMAL(10, 0)) * least(weighed, {most}BD) + {RATE_SHARE}BD) "
        f"DIV {2 * RATE_SHARE}BD"
    )
    reserve = F.expr(f"IF(coalesce(weighed, 0BD) <= 0BD, 0L, {share})")
    return timed.join(weighed, ["advertiser_id", "now"], "left").withColumn("reserve", reserve)


def _decided(rows: DataFrame, spans: DataFrame) -> DataFrame:
    """Adds `can_serve` and when the period began."""
    by_era = rows.select(
        F.col("name").alias("advertiser_id"), "time_zone", "spend_month", "spend_day"
    )
    caps = day_caps(by_era, spans).select(
        F.col("advertiser_id").alias("name"), "spend_day", "month_cap"
    )
    both = rows.join(caps, ["name", "spend_day"], "left")
    has_room = F.expr(
        f"coalesce(valid + reserve < budget AND (period <> '{_DAILY}' "
        "OR coalesce(month_valid + reserve < month_cap, false)), false)"
    )
    start = F.when(F.col("period") == _DAILY, F.col("spend_day")).when(
        F.col("period") == _MONTHLY, F.col("spend_month")
    )
    return both.withColumns(
        {"can_serve": F.col("is_active") & F.col("is_in_flight") & has_room, "first_day": start}
    ).withColumn("period_start_ms", _start("first_day"))


def _flips(decided: DataFrame) -> DataFrame:
    """The first decision of each advertiser, and those that say otherwise than the one before."""
    in_order = Window.partitionBy("advertiser_id").orderBy("at_ms", "is_delivery", "step")
    told = F.struct("can_serve", "is_active", "is_in_flight", "budget", "period",
                    "period_start_ms", "valid")  # fmt: skip
    before = decided.withColumn("before", F.lag(told).over(in_order))
    flipped = before.where("before IS NULL OR before.can_serve <> can_serve")
    same = Window.partitionBy("advertiser_id", "at_ms", "trigger").orderBy("is_delivery", "step")
    numbers = {"again": F.row_number().over(same), "number": F.row_number().over(in_order)}
    return flipped.withColumns(numbers | {"cause": _cause()}).withColumn("flip_id", _flip_id())


def _cause() -> Column:
    was = F.col("before")
    differs = {
        Cause.STATUS: was["is_active"] != F.col("is_active"),
        Cause.FLIGHT: was["is_in_flight"] != F.col("is_in_flight"),
        Cause.BUDGET: ~was["budget"].eqNullSafe(F.col("budget"))
        | (was["period"] != F.col("period")),
        Cause.PERIOD_START: ~was["period_start_ms"].eqNullSafe(F.col("period_start_ms")),
        Cause.CREDIT: F.col("can_serve") & F.col("trigger").startswith(str(EventType.CREDIT)),
        Cause.RESERVE: F.col("can_serve") & (F.col("valid") >= was["valid"]),
    }
    found = F.when(was.isNull(), str(Cause.FIRST_SEEN))
    for cause, holds in differs.items():
        found = found.when(holds, str(cause))
    return found.otherwise(str(Cause.SPEND))


def _flip_id() -> Column:
    trigger = F.when(F.col("again") == 1, F.col("trigger")).otherwise(
        F.concat_ws(" ", "trigger", F.col("again").cast("string"))
    )
    parts = (_json(F.col("advertiser_id")), F.col("at_ms").cast("string"), _json(trigger))
    return F.sha2(F.concat(F.lit("["), F.concat_ws(",", *parts), F.lit("]")), 256)


def _json(text: Column) -> Column:
    """Ids hold no control characters."""
    escaped = F.replace(F.replace(text, F.lit("\\"), F.lit("\\\\")), F.lit('"'), F.lit('\\"'))
    return F.concat(F.lit('"'), escaped, F.lit('"'))


def _net_spend(flips: DataFrame, states: DataFrame, spans: DataFrame) -> DataFrame:
    """flip_id, net_spend: of the flip's period, by what was known then. Flips are few."""
    at = flips.select("flip_id", F.col("advertiser_id").alias("whose"), "name", "step", "time_zone",
                      F.col("period").alias("kind"), F.col("first_day"))  # fmt: skip
    clicks = states.join(
        at, F.expr("advertiser_id = whose AND from_step <= step AND step < until_step")
    ).select(F.col("flip_id").alias("advertiser_id"), "click_id", "ts_ms", "valid", "time_zone",
             "kind", "first_day")  # fmt: skip
    of_flips = spans.withColumnRenamed("advertiser_id", "name").join(
        at.select("flip_id", "name"), ["name"]
    )
    known = of_flips.drop("name").withColumnRenamed("flip_id", "advertiser_id")
    owed = overdelivered(clicks, known)
    start = F.when(F.col("kind") == _DAILY, F.col("spend_day")).when(
        F.col("kind") == _MONTHLY, F.col("spend_month")
    )
    inside = owed.where(start.eqNullSafe(F.col("first_day")))
    return inside.groupBy(F.col("advertiser_id").alias("flip_id")).agg(
        F.sum(F.col("valid") - F.col("over")).alias("net")
    )


def _names(flips: DataFrame, known: DataFrame) -> DataFrame:
    """flip_id, advertiser: the newest name that was known."""
    told = known.select(F.col("advertiser_id").alias("whose"), "ts_ms", "counted_id",
                        told_name().alias("advertiser"), "from_step", "until_step")  # fmt: skip
    at = flips.select("flip_id", "advertiser_id", "step")
    holds = "advertiser_id = whose AND from_step <= step AND step < until_step"
    both = at.join(told.where("advertiser IS NOT NULL"), F.expr(holds))
    newest = F.max(F.struct("ts_ms", "counted_id", "advertiser"))["advertiser"]
    return both.groupBy("flip_id").agg(newest.alias("advertiser"))


def _rows(flips: DataFrame, net: DataFrame, names: DataFrame) -> DataFrame:
    expressions = {
        "advertiser": "coalesce(advertiser, advertiser_id)",
        "effective_at": "timestamp_millis(at_ms)",
        "previous_can_serve": "before.can_serve",
        "net_spend": "CAST(coalesce(net, 0) / 1000000 AS DECIMAL(38, 6))",
        "valid_spend": "CAST(valid / 1000000 AS DECIMAL(38, 6))",
        "reserve": money("reserve"),
        "budget_value": money("budget"),
        "period_start": "timestamp_millis(period_start_ms)",
        "flip_number": "CAST(number AS BIGINT)",
    }
    both = flips.join(net, ["flip_id"], "left").join(names, ["flip_id"], "left")
    return both.selectExpr(*(f"{expressions.get(name, name)} AS {name}" for name in TABLE_COLUMNS))
