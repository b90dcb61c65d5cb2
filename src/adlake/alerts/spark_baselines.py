"""What is usual at a window, as Spark SQL expressions: rates and counts of its past.

All of it is made of final counts of windows that ended an hour before the window or earlier, so
both evaluations of a window share it. Running sums stand for sliding frames: a week has 2,016
windows, and a frame of so many would be summed again for each row.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from adlake.alerts.contract import NEW_WEEK_SHARE, OVERDISPERSION_WINDOWS, RATES, SILENT_WINDOWS
from adlake.alerts.spark_moments import at
from adlake.alerts.spark_windows import FINAL, FINAL_COUNTS, KEY, MEASURED
from adlake.contracts.law import DAY_MS
from adlake.contracts.windows import WINDOW_MS

HOUR_MS: Final = 3_600_000
_HOUR: Final = f"begin_ms - begin_ms % {HOUR_MS}"
"""Of a window."""
_PER_HOUR: Final = HOUR_MS // WINDOW_MS
_PER_DAY: Final = DAY_MS // WINDOW_MS
_PER_WEEK: Final = 7 * _PER_DAY
_HOURS_PER_WEEK: Final = 7 * 24
WEEK_MS: Final = 7 * DAY_MS
_WEEKS: Final = 4
HOURS_KEPT_MS: Final = _WEEKS * WEEK_MS + HOUR_MS
"""So far the hours go back that are asked for: four weeks, and of the hour before the first window
that is judged, too."""
_SERIES: Final = (*KEY, "metric")

# Of windows with cases alone; what a standardised rate and its square are made of.
_RUNNING: Final = {
    "sum_k": "k",
    "sum_n": "n",
    "cases_k": "IF(n > 0, k, 0)",
    "windows": "IF(n > 0, 1, 0)",
    "k_by_root": "IF(n > 0, k / sqrt(n), 0D)",
    "roots": "IF(n > 0, sqrt(n), 0D)",
    "squares": "IF(n > 0, CAST(k AS DOUBLE) * k / n, 0D)",
}


def hour_sums(windows: DataFrame, moments: DataFrame, known: DataFrame) -> DataFrame:
    """Final counts of each hour that what is usual looks back on.

    Args:
        windows: rows of `spark_windows.every_window`.
        moments: see `spark_moments`.
        known: the same of the hours before `from_ms`.

    Returns:
        KEY, hour_ms, FINAL_COUNTS.
    """
    new = at(windows, moments).where("begin_ms >= from_ms").selectExpr(
        *KEY, f"{_HOUR} AS hour_ms", *FINAL_COUNTS
    )  # fmt: skip
    sums = new.groupBy(*KEY, "hour_ms").agg(*(F.sum(name).alias(name) for name in FINAL_COUNTS))
    return sums.unionByName(known)


def usual_of_hours(sums: DataFrame, moments: DataFrame, known: DataFrame) -> DataFrame:
    """The usual rate and count of each hour by the same hour of the weeks before.

    Args:
        sums: rows of `hour_sums`: one for each hour of a series.
        moments: see `spark_moments`.
        known: KEY, metric, week_place, known_rate, known_cases: what had come out before `from_ms`.

    Returns:
        KEY, metric, hour_ms, week_count, week_rate, week_cases, from the hour before `from_ms` on.
    """
    rows = ", ".join(
        f"named_struct('metric', '{metric}', 'k', {FINAL}_{k}, 'n', {FINAL}_{n})"
        for metric, (k, n) in MEASURED.items()
    )
    hours = sums.selectExpr(*KEY, "hour_ms", f"inline(array({rows}))")
    in_order = Window.partitionBy(*_SERIES).orderBy("hour_ms")
    before = [
        F.lag(F.struct("k", "n"), week * _HOURS_PER_WEEK).over(in_order)
        for week in range(1, _WEEKS + 1)
    ]
    weeks = at(
        hours.select(*_SERIES, "hour_ms", F.array_compact(F.array(*before)).alias("weeks")), moments
    ).where(f"hour_ms >= from_ms - {HOUR_MS}L")
    middles = weeks.selectExpr(
        *_SERIES, "hour_ms", "hour_ms >= from_ms AS is_new", f"hour_ms % {WEEK_MS} AS week_place",
        f"{_median('transform(weeks, w -> CAST(w.n AS DOUBLE))')} AS week_count",
        f"{_median('transform(filter(weeks, w -> w.n > 0), w -> w.k / w.n)')} AS middle",
        "aggregate(weeks, 0L, (sum, w) -> sum + w.n) AS cases",
    )  # fmt: skip
    same_hour = Window.partitionBy(*_SERIES, "week_place").orderBy("hour_ms")
    found = F.when(F.expr("is_new AND middle IS NOT NULL"), F.struct("middle", "cases"))
    return (
        middles.withColumn("past", F.collect_list(found).over(same_hour))
        .join(known, [*_SERIES, "week_place"], "left")
        .selectExpr(
            *_SERIES, "hour_ms", "week_count",
            "aggregate(past, known_rate, (usual, week) -> coalesce("
            f"{NEW_WEEK_SHARE}D * week.middle + {1 - NEW_WEEK_SHARE}D * usual, week.middle)) "
            "AS week_rate",
            "coalesce(try_element_at(past, -1).cases, known_cases) AS week_cases",
        )
    )  # fmt: skip


def rates_before(hours: DataFrame, moments: DataFrame, known: DataFrame) -> DataFrame:
    """What the usual rate of each hour of the week had come to before `next_ms`.

    Args:
        hours: rows of `usual_of_hours`.
        moments: see `spark_moments`.
        known: the same before `from_ms`.
    """
    rates = ", ".join(f"'{name}'" for name in RATES)
    place = [*_SERIES, "week_place"]
    newest = (
        at(hours, moments)
        .where(f"hour_ms >= from_ms AND hour_ms < next_ms AND metric IN ({rates})")
        .where("week_rate IS NOT NULL")
        .groupBy(*_SERIES, F.expr(f"hour_ms % {WEEK_MS} AS week_place"))
        .agg(F.expr("max_by(struct(week_rate, week_cases), hour_ms) AS newest"))
    )
    return newest.join(known, place, "full").selectExpr(
        *place, "coalesce(newest.week_rate, known_rate) AS known_rate",
        "coalesce(newest.week_cases, known_cases) AS known_cases",
    )  # fmt: skip


def usual(measures: DataFrame, hours: DataFrame, moments: DataFrame) -> DataFrame:
    """Rows of `spark_windows.measures` with what is usual at their window.

    Args:
        measures: of them those are told that are judged, and the two windows before.
        hours: rows of `usual_of_hours`.
        moments: see `spark_moments`.

    Returns:
        Its columns and usual_rate, cases, rate_kind, expected, expected_kind, phi.
    """
    beside_ms = (SILENT_WINDOWS - 1) * WINDOW_MS
    windows = at(_with_last_day(measures), moments).where(f"begin_ms >= from_ms - {beside_ms}L")
    both = windows.withColumn("hour_ms", F.expr(_HOUR)).join(hours, [*_SERIES, "hour_ms"])
    return both.selectExpr(
        *_SERIES, "first_ms", "begin_ms", "early_k", "early_n", "k", "n", f"{_PHI} AS phi",
        "coalesce(week_rate, IF(day_n > 0, day_k / day_n, 0D)) AS usual_rate",
        "IF(week_rate IS NULL, day_n, week_cases) AS cases",
        "IF(week_rate IS NULL, 'trailing_24h', 'hour_of_week') AS rate_kind",
        f"coalesce(week_count / {_PER_HOUR}, day_n / {_PER_DAY}) AS expected",
        "IF(week_count IS NULL, 'trailing_24h', 'hour_of_week') AS expected_kind",
    )  # fmt: skip


def _with_last_day(measures: DataFrame) -> DataFrame:
    """The 24 hours that end an hour before the window, and how much the week before varies."""
    in_order = Window.partitionBy(*_SERIES).orderBy("begin_ms")
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    running = measures.select(
        "*", *(F.sum(F.expr(text)).over(so_far).alias(name) for name, text in _RUNNING.items())
    )
    recent = _PER_HOUR + 1
    # There is a row for every window, so rows before are windows before.
    day = {
        f"day_{name}": F.lag(f"sum_{name}", recent, 0).over(in_order)
        - F.lag(f"sum_{name}", recent + _PER_DAY, 0).over(in_order)
        for name in ("k", "n")
    }
    week = {
        f"week_{name}": F.lag(name, recent, 0).over(in_order)
        - F.lag(name, recent + _PER_WEEK, 0).over(in_order)
        for name in _RUNNING
    }
    return running.select("*", *(column.alias(name) for name, column in (day | week).items()))


_P: Final = "(week_cases_k / week_sum_n)"
_PQ: Final = f"({_P} * (1 - {_P}))"
_SCORES: Final = f"((week_k_by_root - {_P} * week_roots) / sqrt({_PQ}))"
_SQUARES: Final = f"((week_squares - 2 * {_P} * week_cases_k + {_P} * {_P} * week_sum_n) / {_PQ})"
# The sample variance of the standardised rates; n is 0 where there are no cases.
_PHI: Final = (
    f"CASE WHEN week_windows < {OVERDISPERSION_WINDOWS} OR week_cases_k <= 0 "
    "OR week_cases_k >= week_sum_n THEN 1D ELSE greatest(1D, "
    f"({_SQUARES} - {_SCORES} * {_SCORES} / week_windows) / (week_windows - 1)) END"
)


def _median(values: str) -> str:
    """Of an array of numbers; of an even count the mean of the two in the middle, of none NULL."""
    middle = "(get(s, (size(s) - 1) DIV 2) + get(s, size(s) DIV 2)) / 2"
    return f"aggregate(array(array_sort({values})), CAST(NULL AS DOUBLE), (none, s) -> {middle})"
