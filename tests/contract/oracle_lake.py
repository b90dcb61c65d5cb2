"""A lake of known deliveries: Bronze as the stream would write it, Gold by the plain Python law."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog

from adlake.contracts import stamps
from adlake.contracts.slot import slot_of
from adlake.contracts.tables import BRONZE_COLUMNS, BRONZE_EVENTS, GOLD_COLUMNS, GOLD_STATE
from tests.fixtures.law_modules import REAL_LAW

PARTITIONS = 4
TOPIC = "ad_events"
TOPIC_ID = "topic-id-of-the-test"

_TIME = pa.timestamp("us", tz="UTC")
_BRONZE_TYPES = {
    "event_timestamp": _TIME, "ingest_ts": _TIME, "partition_ts": _TIME, "raw_bytes": pa.binary(),
    "kafka_key": pa.binary(), "kafka_partition": pa.int32(), "kafka_offset": pa.int64(),
}  # fmt: skip
_GOLD_TYPES = {
    **dict.fromkeys(("is_clicked", "is_converted", "eligible", "is_late", "engaged"), pa.bool_()),
    **dict.fromkeys(
        ("impression_time", "click_time", "conversion_time", "last_updated_ts"), _TIME
    ),
    "cost": pa.decimal128(18, 6), "revenue": pa.decimal128(18, 6), "late_by_ms": pa.int64(),
    "revenue_out_of_window": pa.decimal128(38, 6), "law_version": pa.int32(), "slot": pa.int32(),
}  # fmt: skip
BRONZE_SCHEMA = pa.schema([(c, _BRONZE_TYPES.get(c, pa.string())) for c in BRONZE_COLUMNS])
GOLD_SCHEMA = pa.schema([(c, _GOLD_TYPES.get(c, pa.string())) for c in GOLD_COLUMNS])

_STATE_NAMES = {
    "event_id": "e", "ts_ms": "t", "type_rank": "r", "micros": "m", "campaign_id": "c",
    "creative_id": "cr", "user_id": "u", "geo_country": "g", "platform": "p",
    "first_ingest_ms": "i",
}  # fmt: skip

_HEADER = (
    "event_id", "event_type", "impression_id", "campaign_id", "user_id", "channel", "region",
)  # fmt: skip

Row = dict[str, Any]


@dataclass
class OracleLake:
    """Rows of both tables, before they are written; a test may spoil them first."""

    bronze: list[Row] = field(default_factory=list)
    gold: list[Row] = field(default_factory=list)

    def next_offsets(self) -> dict[int, int]:
        """What the stamp of a stream that wrote these rows says."""
        following = dict.fromkeys(range(PARTITIONS), 0)
        for row in self.bronze:
            partition = row["kafka_partition"]
            following[partition] = max(following[partition], row["kafka_offset"] + 1)
        return following

    def row_of(self, impression_id: str) -> Row:
        """The Gold row of one impression."""
        return next(row for row in self.gold if row["impression_id"] == impression_id)


def lake_of(records: Iterable[tuple[bytes, int]]) -> OracleLake:
    """The lake after the records (payload, ingest_ms) were sent in this order."""
    lake = OracleLake()
    admitted: dict[str, list[Any]] = defaultdict(list)
    for number, (payload, ingest_ms) in enumerate(records):
        verdict = REAL_LAW.admission.admit(payload, ingest_ms)
        offset, partition = divmod(number, PARTITIONS)
        rejected = isinstance(verdict, REAL_LAW.admission.Rejected)
        reason = str(verdict.reason) if rejected else None
        header = {} if rejected else {name: getattr(verdict, name) for name in _HEADER}
        if not rejected:
            header |= {"event_timestamp": utc_of(verdict.ts_ms)}
        lake.bronze.append(_bronze_row(payload, ingest_ms, partition, offset, reason) | header)
        if not rejected:
            position = (TOPIC, partition, offset)
            delivery = REAL_LAW.state.delivery_of(verdict, ingest_ms, *position)
            admitted[delivery.impression_id].append(delivery)
    lake.gold = [_gold_row(key, deliveries) for key, deliveries in admitted.items()]
    return lake


def publish(
    catalog: Catalog, lake: OracleLake, next_offsets: Mapping[int, int] | None = None
) -> None:
    """Replace both tables by the lake's rows, each in one stamped commit."""
    offsets = lake.next_offsets() if next_offsets is None else next_offsets
    stamp = {
        stamps.TOPIC: TOPIC,
        stamps.TOPIC_ID: TOPIC_ID,
        stamps.NEXT_OFFSETS: json.dumps({str(p): offset for p, offset in offsets.items()}),
    }
    bronze_id = _write(catalog, BRONZE_EVENTS, BRONZE_SCHEMA, lake.bronze, stamp)
    gold_stamp = {**stamp, stamps.BRONZE_SNAPSHOT: str(bronze_id)}
    _write(catalog, GOLD_STATE, GOLD_SCHEMA, lake.gold, gold_stamp)


def utc_of(epoch_ms: int) -> datetime:
    """Epoch milliseconds as a time."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=epoch_ms)


def units_of(micros: int) -> Decimal:
    """Micros, not negative, as money of six decimals; exact at any size."""
    return Decimal((0, Decimal(micros).as_tuple().digits, -6))


def typed_row(row: Mapping[str, Any]) -> Row:
    """A row of the plain law (times in ms, money in micros) as the engines return it."""
    return {
        name: value if value is None or name not in _CONVERTED else _CONVERTED[name](value)
        for name, value in row.items()
    }


def _gold_row(impression_id: str, deliveries: list[Any]) -> Row:
    state = REAL_LAW.state.state_of(deliveries)
    row = REAL_LAW.projection.project(impression_id, state)
    events = [
        {_STATE_NAMES[name]: value for name, value in asdict(event).items() if value is not None}
        for event in state
    ]
    return {
        **typed_row(asdict(row)),
        "events_state": json.dumps(events, ensure_ascii=False, separators=(",", ":")),
        "law_version": 1,
        "slot": slot_of(impression_id),
        "engaged": len(events) > 1 or events[0]["r"] != 0,
    }


def _bronze_row(
    payload: bytes, ingest_ms: int, partition: int, offset: int, reason: str | None
) -> Row:
    return {
        **dict.fromkeys((*_HEADER, "event_timestamp")),
        "raw_payload": payload.decode("utf-8", errors="replace"),
        "raw_bytes": None,
        "kafka_topic": TOPIC,
        "kafka_partition": partition,
        "kafka_offset": offset,
        "kafka_key": None,
        "ingest_ts": utc_of(ingest_ms),
        "reject_reason": reason,
        "reject_detail": None,
        "partition_ts": utc_of(ingest_ms),
    }


def _write(
    catalog: Catalog, name: str, schema: pa.Schema, rows: list[Row], stamp: Mapping[str, str]
) -> int:
    catalog.create_namespace_if_not_exists(name.split(".", maxsplit=1)[0])
    if catalog.table_exists(name):
        catalog.drop_table(name)
    table = catalog.create_table(name, schema=schema, properties={"format-version": "2"})
    table.append(pa.Table.from_pylist(rows, schema=schema), snapshot_properties=dict(stamp))
    snapshot = table.refresh().current_snapshot()
    assert snapshot is not None
    return snapshot.snapshot_id


_CONVERTED: dict[str, Callable[[int], Any]] = {
    **dict.fromkeys(
        ("impression_time", "click_time", "conversion_time", "last_updated_ts"), utc_of
    ),
    **dict.fromkeys(("cost", "revenue", "revenue_out_of_window"), units_of),
}
