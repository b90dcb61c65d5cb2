"""ClickHouse in the process (chDB): aggregate states of events, rows made from them.

`events` is an AggregatingMergeTree by (impression_id, event_id) that keeps the smallest content,
which is the law's merge; `gold` is a ReplacingMergeTree by impression_id whose newest row counts. A
batch keeps its records, inserts its events, and inserts the rows of the impressions it speaks of,
made from all their events. There is no MERGE and no transaction over the three tables: a reader may
see the events before the rows. Its tables are its own, in no open format.

Tuned as ClickHouse's own pages advise: batches of 10,000 to 100,000 rows in one INSERT without
asynchronous inserts ("Selecting an insert strategy"), the key's order as the primary key and no
Nullable in it, FINAL with `do_not_merge_across_partitions_select_final` on partitions that a row
never leaves ("ReplacingMergeTree"), partitions by month of the id and not by day ("Choosing a
partitioning key"), no OPTIMIZE FINAL ("Avoid OPTIMIZE FINAL") but once after the preload, as that
of every peer is compacted once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from chdb import session as chdb

from benchmarks.peers.shape import (
    FUTURE_MS,
    IDS,
    LATE_MS,
    MONEY,
    OLDEST_MS,
    ROW_COLUMNS,
    TIMES,
    WINDOW_MS,
)

_TEXTS: Final = ("campaign_id", "creative_id", "user_id", "geo_country", "platform")
_CONTENT_TYPE: Final = (
    "Tuple(ts_ms Int64, type_rank Int8, micros Int64, campaign_id String, creative_id String, "
    "user_id String, geo_country String, platform String, ingest_ms Int64)"
)
"""The law's content and the first ingest. A text is '' for NULL, else it has '=' before it: NULL is
before any text, and texts go by their bytes."""


def _raw(name: str) -> str:
    return f"m['{name}']"


def _is_text(name: str) -> str:
    return f"startsWith({_raw(name)}, '\"')"


def _text(name: str) -> str:
    return f"if({_is_text(name)}, JSONExtractString({_raw(name)}), NULL)"


def _is_missing(name: str) -> str:
    return (
        f"({_raw(name)} IN ('', 'null') OR {_is_text(name)} AND "
        f"trim(BOTH ' ' FROM JSONExtractString({_raw(name)})) = '')"
    )


_IS_NOT_TEXT: Final = " OR ".join(
    f"({_raw(name)} NOT IN ('', 'null') AND NOT {_is_text(name)})" for name in (*IDS, "event_type")
)
_IS_UNFIT: Final = " OR ".join(
    f"ifNull(length({name}) > 256 OR match({name}, '[\\\\x00-\\\\x1f]'), 0)" for name in IDS
)
_TS: Final = _raw("event_timestamp")
_MONEY: Final = f"multiIf(type_rank = 0, {_raw('bid_price')}, {_raw('conversion_value')})"
# Of the law's section 2 what the traffic tries, and what ClickHouse's JSON can say: a key that is
# twice in an object within the object, or 1,001 brackets that are not nested, are judged otherwise.
JUDGED: Final = f"""
    SELECT kafka_partition, kafka_offset, ingest_ms, body,
        -- ClickHouse's JSON takes a byte order mark.
        isValidUTF8(body) AND NOT startsWith(body, unhex('EFBBBF')) AND isValidJSON(body)
            AND length(body) <= 1048576
            AND countSubstrings(body, '[') + countSubstrings(body, '{{') <= 1000 AS is_json,
        if(is_json, JSONExtractKeysAndValuesRaw(body), []) AS members,
        is_json AND JSONType(body) = 'Object'
            AND length(arrayDistinct(members.1)) = length(members) AS is_object,
        CAST(members, 'Map(String, String)') AS m,
        {", ".join(f"{_text(name)} AS {name}" for name in (*IDS, "geo_country", "platform"))},
        ifNull({_text("event_type")}, '') AS event_type,
        toInt8(transform(event_type, ['IMPRESSION', 'CLICK', 'CONVERSION'], [0, 1, 2], -1))
            AS type_rank,
        if(match({_TS}, '^-?[0-9]+$'), toInt64OrNull({_TS}), NULL) AS moment,
        if(moment >= 0 AND moment < 100000000000, moment * 1000, moment) AS ts_ms,
        if(match({_MONEY}, '^[-0-9]'),
            if(match({_MONEY}, '[eE]'), toDecimal128OrNull(toString(toFloat64OrNull({_MONEY})), 9),
                toDecimal128OrNull({_MONEY}, 9)), NULL) AS money,
        if(type_rank = 1, 0, toInt64(round(ifNull(money, 0), 6) * 1000000)) AS micros,
        multiIf(
            NOT is_object, 'MALFORMED_JSON',
            {_is_missing("event_id")} OR {_is_missing("event_type")}
                OR {_is_missing("event_timestamp")} OR {_is_missing("impression_id")}
                OR type_rank = 0 AND ({_is_missing("campaign_id")} OR {_is_missing("bid_price")})
                OR type_rank = 2 AND {_is_missing("conversion_value")}, 'MISSING_KEY',
            {_IS_NOT_TEXT} OR {_IS_UNFIT}, 'BAD_ID',
            type_rank = -1, 'UNKNOWN_EVENT_TYPE',
            ts_ms IS NULL OR ts_ms < {OLDEST_MS} OR ts_ms >= 100000000000000, 'BAD_TIMESTAMP',
            ts_ms > ingest_ms + {FUTURE_MS}, 'FUTURE_TIMESTAMP',
            type_rank <> 1 AND (money IS NULL OR abs(round(money, 6)) >= 1000000000000),
            'BAD_VALUE',
            type_rank <> 1 AND money < 0, 'NEGATIVE_VALUE',
            '') AS reject_reason
    FROM (SELECT *, ifNull(value, '') AS body FROM file('FILE', Parquet))
"""
_MARKED: Final = ", ".join(f"if({name} IS NULL, '', concat('=', {name}))" for name in _TEXTS)
EVENTS: Final = (
    "SELECT assumeNotNull(impression_id), assumeNotNull(event_id), "
    f"CAST((assumeNotNull(ts_ms), type_rank, micros, {_MARKED}, ingest_ms), '{_CONTENT_TYPE}') "
)
_DONOR: Final = ", ".join(
    f"if(donor.3.{name} = '', NULL, substring(donor.3.{name}, 2)) AS {name}" for name in _TEXTS
)
PROJECTED: Final = f"""
    SELECT impression_id, {_DONOR},
        notEmpty(clicks) AS is_clicked,
        at > 0 AS is_converted,
        if(rank = 0, donor.2, NULL) AS impression_time,
        multiIf(at > 0, clicked[at], notEmpty(clicks), arrayMax(clicks), NULL) AS click_time,
        if(at > 0, conversions[at].1, NULL) AS conversion_time,
        if(rank = 0, donor.3.micros, NULL) AS cost,
        if(at > 0, conversions[at].3, 0) AS revenue,
        if(notEmpty(conversions), at > 0, NULL) AS eligible,
        if(delay_ms > {LATE_MS}, delay_ms, 0) AS late_by_ms,
        late_by_ms > 0 AS is_late,
        arraySum(v -> v.3, conversions) - revenue AS revenue_out_of_window,
        last_ms AS last_updated_ts
    FROM (
        SELECT impression_id,
            min((k.type_rank, k.ts_ms, k, event_id)) AS smallest,
            argMin((k.type_rank, k.ts_ms, k), (k.type_rank, k.ts_ms, event_id)) AS donor,
            donor.1 AS rank,
            groupArrayIf(k.ts_ms, k.type_rank = 1) AS clicks,
            arraySort(groupArrayIf((k.ts_ms, event_id, k.micros), k.type_rank = 2)) AS conversions,
            arrayMap(v -> if(empty(arrayFilter(c -> c <= v.1, clicks)), -1,
                arrayMax(arrayFilter(c -> c <= v.1, clicks))), conversions) AS clicked,
            arrayFirstIndex((v, c) -> c >= 0 AND v.1 - c <= {WINDOW_MS}, conversions, clicked)
                AS at,
            max(k.ingest_ms - k.ts_ms) AS delay_ms, max(k.ingest_ms) AS last_ms
        FROM (
            SELECT impression_id, event_id, min(content) AS k
            FROM events {{where}}
            GROUP BY impression_id, event_id
        )
        GROUP BY impression_id
    )
"""
"""Rows of Gold of the stored events."""


def _stored(name: str) -> str:
    if name in MONEY:
        return f"toDecimal128({name}, 6) / 1000000 AS {name}_"
    return f"fromUnixTimestamp64Milli({name}, 'UTC') AS {name}_" if name in TIMES else name


def _given(name: str) -> str:
    if name in MONEY:
        return f"toInt64({name} * 1000000) AS {name}_"
    if name in TIMES:
        return f"toUnixTimestamp64Milli({name}) AS {name}_"
    return f"{name} AS {name}_"


_GOLD_TYPES: Final = {
    "impression_id": "String",
    **dict.fromkeys(_TEXTS, "Nullable(String)"),
    "is_clicked": "Bool", "is_converted": "Bool",
    **dict.fromkeys(TIMES[:3], "Nullable(DateTime64(3, 'UTC'))"),
    "cost": "Nullable(Decimal(18, 6))", "revenue": "Decimal(18, 6)",
    "eligible": "Nullable(Bool)", "late_by_ms": "Int64", "is_late": "Bool",
    "revenue_out_of_window": "Decimal(38, 6)", "last_updated_ts": "DateTime64(3, 'UTC')",
}  # fmt: skip
_PARTITION: Final = "PARTITION BY substring(impression_id, 5, 6)"
_ADMITTED: Final = "FROM judged WHERE reject_reason = ''"
_FINAL: Final = "SETTINGS do_not_merge_across_partitions_select_final = 1"


class ClickHouse:
    """Three tables in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._chdb = chdb.Session(str(folder))
        self.versions = {"clickhouse": self._ask("SELECT version() AS v")["v"]}
        self._do("SET max_threads = 2")

    def preload(self, days: list[Path]) -> None:
        self._do("CREATE DATABASE lake ENGINE = Atomic")
        self._do("USE lake")
        self._do(
            "CREATE TABLE bronze (body String, kafka_partition Int32, kafka_offset Int64, "
            "ingest_ms Int64, reject_reason LowCardinality(String)) ENGINE = MergeTree "
            "ORDER BY (kafka_partition, kafka_offset)"
        )
        self._do(
            "CREATE TABLE events (impression_id String, event_id String, "
            f"content SimpleAggregateFunction(min, {_CONTENT_TYPE})) "
            f"ENGINE = AggregatingMergeTree {_PARTITION} ORDER BY (impression_id, event_id)"
        )
        columns = ", ".join(f"{name} {_GOLD_TYPES[name]}" for name in ROW_COLUMNS)
        self._do(
            f"CREATE TABLE gold ({columns}, version UInt64) ENGINE = ReplacingMergeTree(version) "
            f"{_PARTITION} ORDER BY impression_id"
        )
        for day in days:
            self._do(f"INSERT INTO events {EVENTS} FROM file('{day}/*.parquet', Parquet)")
            self._insert_rows(f"WHERE substring(impression_id, 5, 8) = '{day.name[4:]}'", 0)
        self._do("OPTIMIZE TABLE events FINAL")
        self._do("OPTIMIZE TABLE gold FINAL")

    def open(self) -> None:
        self._do("USE lake")

    def process(self, records: Path, number: int) -> None:
        self._do("DROP TABLE IF EXISTS judged")
        judged = JUDGED.replace("FILE", str(records))
        self._do(f"CREATE TABLE judged ENGINE = Memory AS {judged}")
        self._do(
            "INSERT INTO bronze SELECT body, kafka_partition, kafka_offset, ingest_ms, "
            "reject_reason FROM judged"
        )
        self._do(f"INSERT INTO events {EVENTS} {_ADMITTED}")
        ids = f"SELECT assumeNotNull(impression_id) {_ADMITTED}"
        self._insert_rows(f"WHERE impression_id IN ({ids})", number + 1)

    def roas(self) -> tuple[str, str]:
        row = self._ask(
            "SELECT toString(sum(cost)) AS cost_, toString(sum(revenue)) AS revenue_ "
            f"FROM gold FINAL WHERE impression_time IS NOT NULL {_FINAL}"
        )
        return row["cost_"], row["revenue_"]

    def write_rows(self, target: Path) -> None:
        self._do(
            f"SELECT {', '.join(map(_given, ROW_COLUMNS))} FROM gold FINAL INTO OUTFILE '{target}' "
            "FORMAT Parquet"
        )

    def close(self) -> None:
        self._do("DROP TABLE IF EXISTS judged")
        self._chdb.close()

    def _insert_rows(self, where: str, version: int) -> None:
        columns = ", ".join(map(_stored, ROW_COLUMNS))
        rows = PROJECTED.format(where=where)
        self._do(f"INSERT INTO gold SELECT {columns}, {version} FROM ({rows})")

    def _do(self, statement: str) -> None:
        self._chdb.query(statement)

    def _ask(self, question: str) -> dict[str, str]:
        answer: dict[str, str] = json.loads(str(self._chdb.query(question, "JSONEachRow")))
        return answer
