"""The SQL form of the law on DuckDB, in-process, and its input from the fixtures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from adlake.contracts.law import LAW_V1
from adlake.io.sql_files import TIMESTAMP_UTC, bind, sql_text, with_relations
from tests.fixtures.law_sets import DrawnDelivery
from tests.golden import LawCase

Row = dict[str, Any]
Oracle = Mapping[str, str]
"""Relation -> SQL text, sources first."""

RANK = {"IMPRESSION": 0, "CLICK": 1, "CONVERSION": 2}
DELIVERY_SCHEMA = pa.schema([
    ("impression_id", pa.string()), ("event_id", pa.string()), ("ts_ms", pa.int64()),
    ("type_rank", pa.int64()), ("micros", pa.int64()), ("campaign_id", pa.string()),
    ("creative_id", pa.string()), ("user_id", pa.string()), ("geo_country", pa.string()),
    ("platform", pa.string()), ("ingest_ms", pa.int64()),
])  # fmt: skip
ORACLE: Oracle = {
    "event_contents": sql_text("oracles/event_contents"),
    "gold_rows": sql_text("oracles/gold_rows"),
}


def edited(oracle: Oracle, old: str, new: str) -> Oracle:
    """The oracle with the only occurrence of a text replaced.

    Raises:
        ValueError: the text does not occur exactly once, so the oracle has changed.
    """
    count = sum(text.count(old) for text in oracle.values())
    if count != 1:
        raise ValueError(f"{old!r} is {count} times in the oracle")
    return {relation: text.replace(old, new) for relation, text in oracle.items()}


def oracle_result(deliveries: Sequence[Row], oracle: Oracle = ORACLE) -> pa.Table:
    """Gold rows of the admitted deliveries, sorted by impression_id."""
    query = bind(
        with_relations("SELECT * FROM gold_rows ORDER BY impression_id", oracle),
        {
            "attribution_window_ms": LAW_V1.attribution_window_ms,
            "late_tolerance_ms": LAW_V1.late_tolerance_ms,
            "timestamp_utc": TIMESTAMP_UTC["duckdb"],
        },
    )
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(sql_text("oracles/duckdb_macros"))
        table = pa.Table.from_pylist(list(deliveries), schema=DELIVERY_SCHEMA)
        connection.register("admitted_deliveries", table)
        return connection.sql(query).to_arrow_table()


def oracle_rows(deliveries: Sequence[Row], oracle: Oracle = ORACLE) -> dict[str, Row]:
    """Gold rows by impression_id, as Python values."""
    return {row["impression_id"]: row for row in oracle_result(deliveries, oracle).to_pylist()}


def case_deliveries(cases: Iterable[LawCase]) -> list[Row]:
    """Admitted deliveries of truth table rows; a plain reader for their plain payloads."""
    return [
        _read(delivery.payload, delivery.ingest_ms)
        for case in cases
        for delivery in case.deliveries
        if delivery.rejected is None
    ]


def drawn_delivery(drawn: DrawnDelivery) -> Row:
    """A random delivery as the oracle's input."""
    names = [name for name in DELIVERY_SCHEMA.names if name != "type_rank"]
    row = {name: getattr(drawn, name) for name in names}
    return {**row, "type_rank": RANK[drawn.event_type]}


def _read(payload: bytes, ingest_ms: int) -> Row:
    members = json.loads(payload, parse_float=Decimal)
    event_type = members["event_type"]
    money_name = {"IMPRESSION": "bid_price", "CONVERSION": "conversion_value"}.get(event_type)
    money = Decimal(members[money_name]) if money_name else Decimal(0)
    texts = {name: members.get(name) for name in DELIVERY_SCHEMA.names}
    return {
        **texts,
        "ts_ms": members["event_timestamp"],
        "type_rank": RANK[event_type],
        "micros": int(money * 1_000_000),
        "ingest_ms": ingest_ms,
    }
