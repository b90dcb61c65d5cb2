"""Both admissions of business events on the same records, compared in every output column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.business.contract import FIELD_COLUMNS
from adlake.business.rules import admit
from adlake.business.spark import ADMITTED_COLUMNS
from adlake.business.spark import admit as spark_admit
from tests.fixtures.business.mutations import Delivery

# Times beyond the year 9999 have no Python form: ingest_ms says the same.
_COMPARED = [name for name in ADMITTED_COLUMNS if name != "ingest_ts"]
_SCHEMA = (
    "value binary, kafka_topic string, kafka_partition int, kafka_offset bigint, "
    "kafka_key binary, ingest_ms bigint"
)


def records(session: SparkSession, deliveries: Sequence[Delivery]) -> DataFrame:
    """Kafka records; the offset is the position."""
    rows = [
        (_bytes(payload), "business_events", 1, offset, _bytes(key), ingest_ms)
        for offset, (payload, key, ingest_ms) in enumerate(deliveries)
    ]
    frame = session.createDataFrame(rows, _SCHEMA)
    return frame.withColumn("ingest_ts", F.timestamp_millis("ingest_ms")).drop("ingest_ms")


def _bytes(value: bytes | None) -> bytearray | None:
    return None if value is None else bytearray(value)


def expected_row(offset: int, delivery: Delivery) -> dict[str, Any]:
    """What `business.spark.admit` must give, by the plain Python admission."""
    payload, key, ingest_ms = delivery
    judged = admit(payload, key, ingest_ms)
    text = _text(payload)
    return {
        "value": payload,
        "kafka_topic": "business_events",
        "kafka_partition": 1,
        "kafka_offset": offset,
        "kafka_key": key,
        "raw_payload": text,
        "raw_bytes": payload if text is None else None,
        "reject_reason": None if judged.reason is None else str(judged.reason),
        "reject_detail": None if judged.detail is None else str(judged.detail),
        "ingest_ms": ingest_ms,
        **{name: getattr(judged.fields, name) for name in FIELD_COLUMNS},
    }


def _text(payload: bytes | None) -> str | None:
    try:
        return None if payload is None else payload.decode("utf-8")
    except UnicodeDecodeError:
        return None


def differences(
    session: SparkSession,
    deliveries: Sequence[Delivery],
    admission: Callable[[DataFrame], DataFrame] = spark_admit,
) -> list[str]:
    """One line per row that differs in any column."""
    judged = admission(records(session, deliveries)).select(*_COMPARED)
    rows = judged.orderBy("kafka_offset").collect()
    assert len(rows) == len(deliveries)
    lines = []
    for offset, (row, delivery) in enumerate(zip(rows, deliveries, strict=True)):
        expected, found = expected_row(offset, delivery), row.asDict()
        wrong = {n: (found[n], expected[n]) for n in _COMPARED if found[n] != expected[n]}
        if wrong:
            lines.append(f"{(delivery[0] or b'')[:300]!r}: (spark, python) {str(wrong)[:400]}")
    return lines
