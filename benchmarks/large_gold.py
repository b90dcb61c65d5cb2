"""A large Gold table, made without a topic: deliveries by formula, then the law's own fold.

Each day is one batch: its deliveries become states, rows and two files, as `attribution.spark`
makes them for the stream. Of 1,000 impressions fifty were clicked and five of those converted, one
of ten of them twice; one converted without a click.
"""

from __future__ import annotations

from datetime import datetime

from pyspark.sql import DataFrame, SparkSession

from adlake.attribution.spark.fold import batch_states
from adlake.attribution.spark.gold import gold_rows
from adlake.contracts.law import DAY_MS
from adlake.contracts.tables import CATALOG, GOLD_COLUMNS, GOLD_STATE

CAMPAIGNS, CREATIVES = 60, 240
COUNTRIES = ("US", "DE", "FR", "GB", "BR", "IN", "JP", "CA")
PLATFORMS = ("ios", "android", "web")
CHANNELS = ("search", "social", "display", "video")
_CLICK_AFTER_MS, _CONVERSION_AFTER_MS, _REPEAT_AFTER_MS = 60_000, 3_600_000, 7_200_000


def fill_gold(session: SparkSession, end: datetime, days: int, rows: int) -> None:
    """Append impressions to an empty Gold, the same number in each 24 hours.

    Args:
        session: connected to the catalog; tables are provisioned.
        end: no impression is later.
        days: how many of 24 hours.
        rows: of Gold, all days together.
    """
    end_ms = int(end.timestamp() * 1000)
    for day in reversed(range(days)):
        deliveries = _deliveries(session, end_ms - (day + 1) * DAY_MS, rows // days)
        states = batch_states(deliveries)
        gold = gold_rows(states).select(*GOLD_COLUMNS).coalesce(2)
        in_order = gold.sortWithinPartitions("engaged", "slot", "impression_id")
        in_order.writeTo(f"{CATALOG}.{GOLD_STATE}").append()


def _deliveries(session: SparkSession, start_ms: int, impressions: int) -> DataFrame:
    """Admitted deliveries of 24 hours, as the fold takes them."""
    moments = session.range(0, impressions, 1, 4).selectExpr(
        "id", f"{start_ms} + id * {DAY_MS} DIV {impressions} AS shown_ms"
    )
    shown = moments.selectExpr(
        "id", "shown_ms",
        "concat('imp-', date_format(timestamp_millis(shown_ms), 'yyyyMMdd'), '-', "
        f"lpad(lower(hex(shown_ms % {DAY_MS})), 7, '0'), '-', id) AS impression_id",
        f"concat('cmp_', lpad({_drawn(CREATIVES, 1)} % {CAMPAIGNS}, 3, '0')) AS campaign_id",
        f"concat('cr_', lpad({_drawn(CREATIVES, 1)}, 4, '0')) AS creative_id",
        "concat('user_', id * 104729 % 500000) AS user_id",
        _one_of(COUNTRIES, 2, "geo_country"), _one_of(PLATFORMS, 3, "platform"),
        _one_of(CHANNELS, 4, "channel"), "CAST(NULL AS STRING) AS region",
        "id % 100 < 5 AS is_clicked", "id % 1000 < 5 OR id % 1000 = 500 AS is_converted",
        "id % 10000 < 5 AS is_repeated",
    )  # fmt: skip
    event = (
        "named_struct('event_id', concat({letter!r}, impression_id), 'ts_ms', shown_ms + {after}, "
        "'type_rank', {rank}, 'micros', CAST({micros} AS BIGINT))"
    )
    events = ", ".join((
        event.format(letter="i", after=0, rank=0, micros="1000 + id % 9000"),
        f"IF(is_clicked, {event.format(letter='k', after=_CLICK_AFTER_MS, rank=1, micros='NULL')}, "
        "NULL)",
        "IF(is_converted, "
        f"{event.format(letter='v', after=_CONVERSION_AFTER_MS, rank=2, micros='25000000')}, NULL)",
        "IF(is_repeated, "
        f"{event.format(letter='w', after=_REPEAT_AFTER_MS, rank=2, micros='7000000')}, NULL)",
    ))  # fmt: skip
    told = shown.selectExpr("*", f"inline(filter(array({events}), x -> x IS NOT NULL))")
    return told.selectExpr("*", "ts_ms + 2000 AS ingest_ms")


def _one_of(values: tuple[str, ...], seed: int, name: str) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"element_at(array({listed}), CAST({_drawn(len(values), seed)} + 1 AS INT)) AS {name}"


def _drawn(sides: int, seed: int) -> str:
    """By a hash, so that no attribute tells another one: else sums by hour would be too few."""
    return f"pmod(xxhash64(shown_ms, id, {seed}), {sides})"
