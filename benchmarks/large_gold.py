"""A large Gold table, made without a topic: deliveries by formula, then the law's own fold.

Each day is one batch: its deliveries become states, rows and two files, as `attribution.spark`
makes them for the stream. Of 1,000 impressions fifty were clicked and five of those converted, one
of ten of them twice; one converted without a click. `batch_records` are Kafka records that go on
from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession

from adlake.attribution.spark.fold import batch_states
from adlake.attribution.spark.gold import gold_rows
from adlake.contracts.law import DAY_MS
from adlake.contracts.tables import CATALOG, GOLD_COLUMNS, GOLD_STATE
from adlake.streaming.filing import HOUR_MS

CAMPAIGNS, CREATIVES = 60, 240
TIMED, RANDOM = "timed", "random"
RATE = 5_000
"""Records a second, for the moments in a batch."""
COUNTRIES = ("US", "DE", "FR", "GB", "BR", "IN", "JP", "CA")
PLATFORMS = ("ios", "android", "web")
CHANNELS = ("search", "social", "display", "video")
_CLICK_AFTER_MS, _CONVERSION_AFTER_MS, _REPEAT_AFTER_MS = 60_000, 3_600_000, 7_200_000


@dataclass(frozen=True)
class GoldSize:
    """Of a Gold made here."""

    end_ms: int
    """No impression is later."""
    days: int
    """Of 24 hours; each has the same number of impressions."""
    rows_a_day: int
    ids: str = TIMED
    """TIMED: ids tell the time of the impression. RANDOM: UUIDs of version 4."""


def fill_gold(session: SparkSession, end: datetime, days: int, rows: int, ids: str = TIMED) -> None:
    """Append impressions to an empty Gold, the same number in each 24 hours.

    Args:
        session: connected to the catalog; tables are provisioned.
        end: no impression is later.
        days: how many of 24 hours.
        rows: of Gold, all days together.
        ids: see GoldSize.
    """
    end_ms = int(end.timestamp() * 1000)
    for day in reversed(range(days)):
        deliveries = _deliveries(session, end_ms - (day + 1) * DAY_MS, rows // days, ids)
        append_day(deliveries)


def append_day(deliveries: DataFrame) -> None:
    """Fold the admitted deliveries of a day that Gold does not have yet, and append its rows."""
    gold = gold_rows(batch_states(deliveries)).select(*GOLD_COLUMNS).coalesce(2)
    in_order = gold.sortWithinPartitions("engaged", "slot", "impression_id")
    in_order.writeTo(f"{CATALOG}.{GOLD_STATE}").append()


def _deliveries(session: SparkSession, start_ms: int, impressions: int, ids: str) -> DataFrame:
    """Admitted deliveries of 24 hours, as the fold takes them."""
    moments = session.range(0, impressions, 1, 4).selectExpr(
        "id", f"{start_ms} + id * {DAY_MS} DIV {impressions} AS shown_ms"
    )
    shown = moments.selectExpr(
        "id", "shown_ms",
        f"{_id_sql(ids, 'shown_ms', 'id')} AS impression_id",
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


def batch_records(
    session: SparkSession, gold: GoldSize, number: int, size: int, partition: int
) -> DataFrame:
    """Kafka records of one batch, as if RATE came each second since Gold's end.

    Of 100 records 94 are new impressions, five are clicks on those of the batch before, and one is
    a conversion of an impression of Gold that was clicked up to a week ago.

    Args:
        session: any.
        gold: what the batch goes on from.
        number: of the batch, from 0; each batch is to have the same size.
        size: records.
        partition: all are in; the batches of another one begin an hour later.

    Returns:
        value, kafka_topic, kafka_partition, kafka_offset, kafka_key, ingest_ts.
    """
    milliseconds = size * 1_000 // RATE
    start_ms = gold.end_ms + partition * HOUR_MS + number * milliseconds
    shown = f"({start_ms} + {{back}} + ({{of}}) * {milliseconds} DIV {size})"
    new = shown.format(back=0, of="id")
    # 50 places before a click there is an impression, in each batch.
    before = shown.format(back=-milliseconds, of="id - 50")
    clicked = f"pmod(xxhash64(id, {number}), {gold.rows_a_day // 1_000}) * 1000 + 7 + id % 3"
    day = f"pmod(xxhash64(id, {number}, 2), {min(gold.days, 7)}) + 1"
    day_ms = f"({gold.end_ms} - ({day}) * {DAY_MS})"
    old = f"({day_ms} + ({clicked}) * {DAY_MS} DIV {gold.rows_a_day})"
    told = session.range(0, size, 1, 4).selectExpr(
        "id", f"{new} AS now_ms",
        f"CASE WHEN id % 100 < 94 THEN {_id_sql(gold.ids, new, 'id')} "
        f"WHEN id % 100 < 99 THEN {_id_sql(gold.ids, before, '(id - 50)')} "
        f"ELSE {_id_sql(gold.ids, old, f'({clicked})')} END AS impression_id",
        "CASE WHEN id % 100 < 94 THEN 'IMPRESSION' WHEN id % 100 < 99 THEN 'CLICK' "
        "ELSE 'CONVERSION' END AS event_type",
    )  # fmt: skip
    return told.selectExpr(
        f"CAST(to_json({_payload_sql(partition, number)}) AS BINARY) AS value",
        "'ad_events' AS kafka_topic",
        f"{partition} AS kafka_partition", f"{number * size} + id AS kafka_offset",
        "CAST(impression_id AS BINARY) AS kafka_key",
        "timestamp_millis(now_ms + 500) AS ingest_ts",
    )  # fmt: skip


def _payload_sql(partition: int, number: int) -> str:
    return (
        f"struct(concat('b{partition}-{number}-', id) AS event_id, event_type, "
        "now_ms AS event_timestamp, impression_id, "
        f"concat('cmp_', lpad({_drawn(CREATIVES, 1, 'now_ms')} % {CAMPAIGNS}, 3, "
        f"'0')) AS campaign_id, concat('cr_', lpad({_drawn(CREATIVES, 1, 'now_ms')}, 4, '0')) "
        "AS creative_id, concat('user_', id * 104729 % 500000) AS user_id, 'US' AS geo_country, "
        "'web' AS platform, IF(event_type = 'IMPRESSION', 0.001 + id % 9 * 0.001, NULL) "
        "AS bid_price, IF(event_type = 'CONVERSION', 25.0, NULL) AS conversion_value)"
    )


def _id_sql(ids: str, shown_ms: str, number: str) -> str:
    if ids == TIMED:
        return (
            f"concat('imp-', date_format(timestamp_millis({shown_ms}), 'yyyyMMdd'), '-', "
            f"lpad(lower(hex({shown_ms} % {DAY_MS})), 7, '0'), '-', {number})"
        )
    drawn = f"md5(concat({shown_ms}, '-', {number}))"
    return rf"regexp_replace({drawn}, '^(.{{8}})(.{{4}}).(.{{3}}).(.{{3}})', '$1-$2-4$3-a$4-')"


def _one_of(values: tuple[str, ...], seed: int, name: str) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"element_at(array({listed}), CAST({_drawn(len(values), seed)} + 1 AS INT)) AS {name}"


def _drawn(sides: int, seed: int, moment: str = "shown_ms") -> str:
    """By a hash, so that no attribute tells another one: else sums by hour would be too few."""
    return f"pmod(xxhash64({moment}, id, {seed}), {sides})"
