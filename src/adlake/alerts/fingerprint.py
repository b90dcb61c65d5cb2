"""Whether windows that were judged are still what they were: checksums of what they were judged by.

Counts of a window are added up from rows, so a checksum is a sum, too: each count times a number
that its window gives. It stays the same however rows are cut, folded, or written in another order,
and whatever comes too late to be counted. Files that both snapshots name are not read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Final, NamedTuple

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from adlake.alerts.contract import AD_COUNTS
from adlake.alerts.spark_moments import EVER, Moments, at
from adlake.contracts.law import DAY_MS
from adlake.contracts.tables import (
    ALERT_RULES,
    DIM_CAMPAIGNS,
    FUNNEL_EVENTS,
    GOLD_WINDOWS,
    UNKNOWN,
)
from adlake.contracts.windows import EARLY_MS, FINAL_MS, WINDOW_MS
from adlake.io.iceberg.live_files import least_by_file
from adlake.io.iceberg.table import IcebergTable

TIMES: Final = {GOLD_WINDOWS: "window_start", FUNNEL_EVENTS: "event_time"}
"""Of the tables with counts: the column that says which window a row is about."""
_LARGEST: Final = 2**31 - 1
"""Of the numbers: six of them times counts fit a BIGINT."""
_DAY: Final = "unix_date(CAST({} AS DATE))"
LeastByFile = Mapping[str, int | None]
Sums = Mapping[tuple[str, int], int]
"""Table and day of its windows -> checksum of those before a moment."""


class Fingerprint(NamedTuple):
    """Of what the windows before a moment were judged by."""

    files: Mapping[str, LeastByFile]
    """Of the tables of TIMES."""
    sums: Sums


def files_of(
    tables: Mapping[str, IcebergTable], pins: Mapping[str, int]
) -> Mapping[str, LeastByFile]:
    """The files of the tables with counts."""
    return {name: least_by_file(tables[name], pins[name], time) for name, time in TIMES.items()}


def compared(
    frames: Mapping[str, DataFrame],
    files: Mapping[str, LeastByFile],
    moments: Moments,
    before: Fingerprint | None,
) -> tuple[bool, Fingerprint]:
    """Whether windows before `from_ms` are as they were; and what those before `next_ms` are.

    Args:
        frames: rows of the tables that the alerts are made of, by name.
        files: those of the frames of TIMES.
        moments: `next_ms` is not before `from_ms`.
        before: of the windows before `from_ms`; None: nothing is known.
    """
    since = {name: _first_day(files[name], moments, before, name) for name in TIMES}
    row = moments.frame(frames[ALERT_RULES].sparkSession)
    found = reduce(DataFrame.unionByName, (
        _of_windows(_read(frames, GOLD_WINDOWS, since), row),
        _of_events(_read(frames, FUNNEL_EVENTS, since), row),
        _of_campaigns(frames[DIM_CAMPAIGNS], row),
        *_of_rules(frames[ALERT_RULES], row),
    ))  # fmt: skip
    # Sums by day, no rows.
    sums = found.groupBy("source", "day").agg(F.sum("old").alias("old"), F.sum("new").alias("new"))
    told = {(one.source, one.day): (int(one.old), int(one.new)) for one in sums.collect()}
    known = {} if before is None else before.sums
    read = {key for key in known if key[1] >= since.get(key[0], 0)} | set(told)
    is_same = all(known.get(key, 0) == told.get(key, (0, 0))[0] for key in read)
    kept = {key: value for key, value in known.items() if key not in read}
    return is_same, Fingerprint(files, kept | {key: new for key, (_, new) in told.items()})


def _first_day(files: LeastByFile, moments: Moments, before: Fingerprint | None, name: str) -> int:
    """The first day of which some window may be another one, or is new."""
    if before is None:
        return EVER // DAY_MS
    known = before.files[name]
    changed = [{**files, **known}[path] for path in files.keys() ^ known.keys()]
    if None in changed:
        return EVER // DAY_MS
    least_ms = min([moments.from_ms, *(one for one in changed if one is not None)])
    return least_ms // DAY_MS


def _read(frames: Mapping[str, DataFrame], name: str, since: Mapping[str, int]) -> DataFrame:
    if since[name] == EVER // DAY_MS:
        return frames[name]
    # A literal: by it files are left out.
    return frames[name].where(F.col(TIMES[name]) >= F.timestamp_millis(F.lit(since[name] * DAY_MS)))


def _number(*parts: str) -> str:
    return f"pmod(xxhash64({', '.join(parts)}), {_LARGEST}L)"


def _summed(
    rows: DataFrame, moments: DataFrame, source: str, value: Callable[[str], str], day: str = "0"
) -> DataFrame:
    """What rows add to the checksums of windows before each of the two moments.

    Args:
        rows: with `begin_ms`, from which on a row says something.
        moments: see `spark_moments`.
        source: what the rows are of.
        value: a moment -> what a row adds to the checksum before it.
        day: of the row.
    """

    def before(moment: str) -> str:
        return f"CAST(IF(begin_ms < {moment}, {value(moment)}, 0L) AS DECIMAL(20, 0))"

    return at(rows, moments).where("begin_ms < next_ms").selectExpr(
        f"'{source}' AS source", f"CAST({day} AS INT) AS day",
        f"{before('from_ms')} AS old", f"{before('next_ms')} AS new",
    )  # fmt: skip


def _of_windows(sums: DataFrame, moments: DataFrame) -> DataFrame:
    counts = [*(f"early_{name}" for name in AD_COUNTS), *(f"{n} - late_{n}" for n in AD_COUNTS)]
    rows = sums.where(F.col("campaign_id") != UNKNOWN).selectExpr(
        "*", "unix_millis(window_start) AS begin_ms",
        "xxhash64(campaign_id, channel, region, window_start) AS grain",
    )  # fmt: skip
    value = " + ".join(
        f"{_number('grain', str(place))} * ({count})" for place, count in enumerate(counts)
    )
    return _summed(rows, moments, GOLD_WINDOWS, lambda _: value, _DAY.format("window_start"))


def _of_events(events: DataFrame, moments: DataFrame) -> DataFrame:
    event_ms = "unix_millis(event_time)"
    rows = events.selectExpr("*", f"{event_ms} - pmod({event_ms}, {WINDOW_MS}L) AS begin_ms")
    late_ms = f"unix_millis(first_ingest_ts) - begin_ms - {WINDOW_MS}L"
    number = _number(
        "event_type", "campaign_id", "channel", "region", "begin_ms", f"{late_ms} <= {EARLY_MS}L"
    )
    value = f"IF({late_ms} <= {FINAL_MS}L, {number}, 0L)"
    return _summed(rows, moments, FUNNEL_EVENTS, lambda _: value, _DAY.format("event_time"))


def _in_force(columns: Iterable[str]) -> Callable[[str], str]:
    """What a version adds: an end that comes after the moment is none yet."""
    row = ", ".join(columns)
    return lambda moment: _number(f"to_json(struct({row}, least(end_ms, {moment}) AS end_ms))")


def _of_campaigns(campaigns: DataFrame, moments: DataFrame) -> DataFrame:
    """What comes into force later changes nothing, nor when that is."""
    rows = campaigns.selectExpr(
        "campaign_id", "channel", "status", "unix_millis(start_ts) AS begin_ms",
        "unix_millis(end_ts) AS end_ms",
    )  # fmt: skip

    columns = ("campaign_id", "channel", "status", "begin_ms")
    return _summed(rows, moments, DIM_CAMPAIGNS, _in_force(columns))


def _of_rules(rules: DataFrame, moments: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Likewise; and of which kinds of segments windows are counted, at any time."""
    columns = [one for one in rules.columns if one not in ("valid_from", "valid_to")]
    rows = rules.selectExpr(
        *columns, "unix_millis(valid_from) AS begin_ms", "unix_millis(valid_to) AS end_ms"
    )

    kinds = rules.where("enabled").agg(F.collect_set("segment").alias("kinds")).selectExpr(
        f"{EVER}L AS begin_ms", f"{_number('array_sort(kinds)')} AS number"
    )  # fmt: skip
    return (
        _summed(rows, moments, ALERT_RULES, _in_force((*columns, "begin_ms"))),
        _summed(kinds, moments, "kinds", lambda _: "number"),
    )
