"""DuckLake: one MERGE per batch by a Python consumer, with the law as SQL of DuckDB.

A row of Gold keeps its distinct events as a list, as adlake's keeps its state: a batch unites its
events with those of the rows it speaks of, keeps the smallest content of each event id, projects
and merges, in one transaction that also keeps the records. Needs no JVM and no adlake.

Tuned as DuckLake's own pages advise: partitioned by the column that filters know (`day`), rows
inserted in the order of the key so that statistics of files and row groups prune ("Sorted tables",
"Partitioning"), zstd ("Choosing options"), and the files of the preload merged once
(`merge_adjacent_files`, "Merging files"). The catalog is a DuckDB file, which these pages recommend
for one client. Data inlining stays at its default: it is for batches of a few rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb
import duckdb_extension_ducklake as packaged

from benchmarks.peers.shape import (
    CONTENT,
    DAY_OF_ID,
    FUTURE_MS,
    IDS,
    LATE_MS,
    MONEY,
    OLDEST_MS,
    ROW_COLUMNS,
    TIMES,
    WINDOW_MS,
)

_FIELDS: Final = (
    "event_id", "event_type", "event_timestamp", "impression_id", "campaign_id", "creative_id",
    "user_id", "geo_country", "platform", "bid_price", "conversion_value",
)  # fmt: skip
_PATHS: Final = ", ".join(f"'$.{name}'" for name in _FIELDS)


def _text(name: str) -> str:
    place = _FIELDS.index(name) + 1
    return f"CASE WHEN kinds[{place}] = 'VARCHAR' THEN texts[{place}] END"


def _kind(name: str) -> str:
    return f"kinds[{_FIELDS.index(name) + 1}]"


def _raw(name: str) -> str:
    return f"texts[{_FIELDS.index(name) + 1}]"


def _is_missing(name: str) -> str:
    kind = _kind(name)
    blank = f"{kind} = 'VARCHAR' AND trim({_raw(name)}, ' ') = ''"
    return f"({kind} IS NULL OR {kind} = 'NULL' OR {blank})"


_IS_NOT_TEXT: Final = " OR ".join(
    f"coalesce({_kind(name)} NOT IN ('VARCHAR', 'NULL'), FALSE)" for name in (*IDS, "event_type")
)
_IS_UNFIT: Final = " OR ".join(
    f"coalesce(strlen({name}) > 256 OR regexp_matches({name}, '[\\x00-\\x1f]'), FALSE)"
    for name in IDS
)
# Of the law's section 2 what the traffic tries, and what DuckDB's JSON can say: a key that is twice
# in an object within the object, or 1,001 brackets that are not nested, are judged otherwise.
READ: Final = f"""
    SELECT kafka_partition, kafka_offset, ingest_ms, value,
        TRY(decode(value)) AS body,
        CASE WHEN json_valid(body) AND strlen(body) <= 1048576
            AND strlen(body) - strlen(translate(body, '[{{', '')) <= 1000 THEN body END AS sound,
        -- DuckDB's JSON takes NaN and Infinity: such a letter outside of all texts.
        CASE WHEN regexp_matches(sound, '(?i)nan|inf') THEN regexp_matches(
            regexp_replace(sound, '"(\\\\.|[^"\\\\])*"', '', 'g'), '(?i)nan|inf')
            ELSE FALSE END AS is_not_finite,
        coalesce(json_type(sound) = 'OBJECT' AND NOT is_not_finite
            AND len(list_distinct(json_keys(sound))) = len(json_keys(sound)), FALSE) AS is_object,
        CASE WHEN is_object THEN json_type(sound, [{_PATHS}]) END AS kinds,
        CASE WHEN is_object THEN json_extract_string(sound, [{_PATHS}]) END AS texts
    FROM read_parquet(?)
"""
TYPED: Final = f"""
    SELECT kafka_partition, kafka_offset, ingest_ms, value, is_object, kinds, texts,
        {", ".join(f"{_text(name)} AS {name}" for name in (*IDS, "geo_country", "platform"))},
        {_text("event_type")} AS event_type,
        CASE event_type WHEN 'IMPRESSION' THEN 0 WHEN 'CLICK' THEN 1 WHEN 'CONVERSION' THEN 2 END
            AS type_rank,
        CASE WHEN {_kind("event_timestamp")} IN ('UBIGINT', 'BIGINT')
            THEN TRY_CAST({_raw("event_timestamp")} AS BIGINT) END AS moment,
        CASE WHEN moment >= 0 AND moment < 100000000000 THEN moment * 1000 ELSE moment END AS ts_ms,
        CASE type_rank WHEN 0 THEN {_kind("bid_price")} WHEN 2 THEN {_kind("conversion_value")} END
            IN ('UBIGINT', 'BIGINT', 'DOUBLE') AS has_number,
        CASE WHEN has_number THEN TRY_CAST(
            CASE type_rank WHEN 0 THEN {_raw("bid_price")} ELSE {_raw("conversion_value")} END
            AS DECIMAL(38, 12)) END AS money
    FROM ({READ})
"""
JUDGED: Final = f"""
    SELECT *,
        CASE WHEN type_rank = 1 THEN 0 ELSE CAST(round(money, 6) * 1000000 AS BIGINT) END AS micros,
        CASE
            WHEN NOT is_object THEN 'MALFORMED_JSON'
            WHEN {_is_missing("event_id")} OR {_is_missing("event_type")}
                OR {_is_missing("event_timestamp")} OR {_is_missing("impression_id")}
                OR type_rank = 0 AND ({_is_missing("campaign_id")} OR {_is_missing("bid_price")})
                OR type_rank = 2 AND {_is_missing("conversion_value")} THEN 'MISSING_KEY'
            WHEN {_IS_NOT_TEXT} OR {_IS_UNFIT} THEN 'BAD_ID'
            WHEN type_rank IS NULL THEN 'UNKNOWN_EVENT_TYPE'
            WHEN ts_ms IS NULL OR ts_ms < {OLDEST_MS} OR ts_ms >= 100000000000000
                THEN 'BAD_TIMESTAMP'
            WHEN ts_ms > ingest_ms + {FUTURE_MS} THEN 'FUTURE_TIMESTAMP'
            WHEN type_rank <> 1 AND (money IS NULL OR abs(round(money, 6)) >= 1000000000000)
                THEN 'BAD_VALUE'
            WHEN type_rank <> 1 AND money < 0 THEN 'NEGATIVE_VALUE'
        END AS reject_reason
    FROM ({TYPED})
"""
_EVENT: Final = (
    "struct_pack(" + ", ".join(f"{name} := {name}" for name in ("event_id", *CONTENT)) + ")"
)
# NULL before any text, and texts by their bytes: the order of a struct puts NULL last.
_ORDER: Final = ", ".join(f"{name} ASC NULLS FIRST" for name in CONTENT)
PROJECTED: Final = f"""
    WITH told AS (
        SELECT * FROM {{events}}
        QUALIFY row_number() OVER (PARTITION BY impression_id, event_id ORDER BY {_ORDER}) = 1
    ),
    placed AS (
        SELECT *,
            row_number() OVER (PARTITION BY impression_id ORDER BY type_rank, ts_ms, event_id) = 1
                AS is_donor,
            max(CASE WHEN type_rank = 1 THEN ts_ms END) OVER (
                PARTITION BY impression_id ORDER BY ts_ms
                RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS clicked_ms,
            coalesce(type_rank = 2 AND ts_ms - clicked_ms <= {WINDOW_MS}, FALSE) AS is_eligible
        FROM told
    ),
    credited AS (
        SELECT *, is_eligible AND row_number() OVER (
            PARTITION BY impression_id, is_eligible ORDER BY ts_ms, event_id) = 1 AS is_attributed
        FROM placed
    )
    SELECT impression_id,
        max(campaign_id) FILTER (is_donor) AS campaign_id,
        max(creative_id) FILTER (is_donor) AS creative_id,
        max(user_id) FILTER (is_donor) AS user_id,
        max(geo_country) FILTER (is_donor) AS geo_country,
        max(platform) FILTER (is_donor) AS platform,
        bool_or(type_rank = 1) AS is_clicked, bool_or(is_attributed) AS is_converted,
        max(ts_ms) FILTER (is_donor AND type_rank = 0) AS impression_time,
        coalesce(max(clicked_ms) FILTER (is_attributed), max(ts_ms) FILTER (type_rank = 1))
            AS click_time,
        max(ts_ms) FILTER (is_attributed) AS conversion_time,
        max(micros) FILTER (is_donor AND type_rank = 0) AS cost,
        coalesce(max(micros) FILTER (is_attributed), 0) AS revenue,
        CASE WHEN bool_or(type_rank = 2) THEN bool_or(is_attributed) END AS eligible,
        CASE WHEN max(ingest_ms - ts_ms) > {LATE_MS} THEN max(ingest_ms - ts_ms) ELSE 0 END
            AS late_by_ms,
        late_by_ms > 0 AS is_late,
        coalesce(sum(micros) FILTER (type_rank = 2 AND NOT is_attributed), 0)
            AS revenue_out_of_window,
        max(ingest_ms) AS last_updated_ts,
        list({_EVENT} ORDER BY event_id) AS events
    FROM credited GROUP BY impression_id
"""
"""Rows of Gold of the relation `events`: the smallest delivery of each event id, then the law."""


def _stored(name: str) -> str:
    if name in MONEY:
        size = 38 if name == "revenue_out_of_window" else 18
        return f"CAST(CAST({name} AS DECIMAL(38, 0)) * 0.000001 AS DECIMAL({size}, 6)) AS {name}"
    return f"make_timestamptz({name} * 1000) AS {name}" if name in TIMES else name


def _given(name: str) -> str:
    if name in MONEY:
        return f"CAST({name} * 1000000 AS BIGINT) AS {name}"
    return f"epoch_ms({name}) AS {name}" if name in TIMES else name


GOLD: Final = (
    f"SELECT {', '.join(map(_stored, ROW_COLUMNS))}, events, {DAY_OF_ID} AS day FROM ({PROJECTED})"
)
_COLUMNS: Final = (*ROW_COLUMNS, "events", "day")
_KEYED: Final = ", ".join(("impression_id", "event_id", *CONTENT))


class DuckLake:
    """The lake in a folder: a catalog file, and Parquet files beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.versions = {"duckdb": duckdb.__version__, "ducklake": "of duckdb's release"}
        self._lake = duckdb.connect()

    def preload(self, days: list[Path]) -> None:
        self._attach()
        empty = GOLD.format(events="(SELECT * FROM events LIMIT 0)")
        self._events_of(days[0])
        self._lake.execute(f"CREATE TABLE lake.gold AS {empty}")
        self._lake.execute("ALTER TABLE lake.gold SET PARTITIONED BY (day)")
        self._lake.execute(
            "CREATE TABLE lake.bronze (value BLOB, kafka_partition INT, kafka_offset BIGINT, "
            "ingest_ms BIGINT, reject_reason VARCHAR)"
        )
        for day in days:
            self._events_of(day)
            rows = GOLD.format(events="events")
            self._lake.execute(f"INSERT INTO lake.gold {rows} ORDER BY impression_id")
        self._lake.execute("CALL lake.merge_adjacent_files()")

    def open(self) -> None:
        self._attach()

    def process(self, records: Path, number: int) -> None:
        run = self._lake.execute
        run(f"CREATE OR REPLACE TEMP TABLE judged AS {JUDGED}", [str(records)])
        run("BEGIN")
        run(
            "INSERT INTO lake.bronze SELECT value, kafka_partition, kafka_offset, ingest_ms, "
            "reject_reason FROM judged"
        )
        # The days as text: only literals prune files.
        found = run(f"SELECT DISTINCT {DAY_OF_ID} FROM judged WHERE reject_reason IS NULL")
        days = ", ".join(f"'{day}'" for (day,) in found.fetchall() if day and day.isdigit())
        ids = "SELECT impression_id FROM judged WHERE reject_reason IS NULL"
        run(
            f"CREATE OR REPLACE TEMP TABLE known AS SELECT impression_id, events FROM lake.gold "
            f"WHERE day IN ({days}) AND impression_id IN ({ids})"
        )
        events = (
            f"(SELECT {_KEYED} FROM judged WHERE reject_reason IS NULL UNION ALL "
            f"SELECT {_KEYED} FROM (SELECT impression_id, unnest(events, recursive := true) "
            "FROM known))"
        )
        run(
            f"CREATE OR REPLACE TEMP TABLE changed AS SELECT * FROM ({GOLD.format(events=events)}) "
            "ORDER BY impression_id"
        )
        run(
            "MERGE INTO lake.gold g USING changed s "
            f"ON g.impression_id = s.impression_id AND g.day = s.day AND g.day IN ({days}) "
            "WHEN MATCHED AND g.events IS DISTINCT FROM s.events THEN UPDATE SET "
            + ", ".join(f"{name} = s.{name}" for name in _COLUMNS)
            + f" WHEN NOT MATCHED THEN INSERT ({', '.join(_COLUMNS)}) VALUES ("
            + ", ".join(f"s.{name}" for name in _COLUMNS)
            + ")"
        )
        run("COMMIT")

    def roas(self) -> tuple[str, str]:
        row = self._lake.execute(
            "SELECT sum(cost), sum(revenue) FROM lake.gold WHERE impression_time IS NOT NULL"
        ).fetchone()
        assert row is not None  # noqa: S101 - a sum has one row
        return str(row[0]), str(row[1])

    def write_rows(self, target: Path) -> None:
        rows = f"SELECT {', '.join(map(_given, ROW_COLUMNS))} FROM lake.gold"
        self._lake.execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet)")

    def close(self) -> None:
        self._lake.close()

    def _attach(self) -> None:
        """Without the network: the extension lies in its package, its signature is checked."""
        beside = Path(packaged.__file__).parent / "extensions"
        extension = next(beside.rglob("ducklake.duckdb_extension"))
        run = self._lake.execute
        run(f"LOAD '{extension}'")
        run("SET TimeZone = 'UTC'")
        run("SET threads = 2")
        self._folder.mkdir(parents=True, exist_ok=True)
        run(
            f"ATTACH 'ducklake:{self._folder / 'catalog.ducklake'}' AS lake "
            f"(DATA_PATH '{self._folder / 'data'}/')"
        )
        run("CALL lake.set_option('parquet_compression', 'zstd')")

    def _events_of(self, day: Path) -> None:
        self._lake.execute(
            f"CREATE OR REPLACE TEMP TABLE events AS SELECT {_KEYED} FROM "
            f"read_parquet('{day}/*.parquet')"
        )
