"""Both admissions on the same payloads, compared in every output column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.domain.admission import Admitted, Header, admit
from adlake.transforms.admit import ADMITTED_COLUMNS
from adlake.transforms.admit import admit as spark_admit

Delivery = tuple[bytes | None, int]
_HEADER_COLUMNS = tuple(Header.__dataclass_fields__)
# Times beyond the year 9999 have no Python form: ingest_ms says the same.
_COMPARED = [name for name in ADMITTED_COLUMNS if name != "ingest_ts"]
_SCHEMA = (
    "value binary, kafka_topic string, kafka_partition int, kafka_offset bigint, "
    "kafka_key binary, ingest_ms bigint"
)


def records(session: SparkSession, deliveries: Sequence[Delivery]) -> DataFrame:
    """Kafka records; the offset is the position."""
    rows = [
        (None if payload is None else bytearray(payload), "ads", 3, offset, b"\xff", ingest_ms)
        for offset, (payload, ingest_ms) in enumerate(deliveries)
    ]
    frame = session.createDataFrame(rows, _SCHEMA)
    return frame.withColumn("ingest_ts", F.timestamp_millis("ingest_ms")).drop("ingest_ms")


def expected_row(offset: int, payload: bytes | None, ingest_ms: int) -> dict[str, Any]:
    """What `transforms.admit` must give, by the plain Python admission."""
    verdict = admit(payload, ingest_ms)
    header = verdict if isinstance(verdict, Admitted) else verdict.header
    text, raw_bytes = _text_or_bytes(payload)
    return {
        "value": payload,
        "kafka_topic": "ads",
        "kafka_partition": 3,
        "kafka_offset": offset,
        "kafka_key": b"\xff",
        "raw_payload": text,
        "raw_bytes": raw_bytes,
        "reject_reason": None if isinstance(verdict, Admitted) else str(verdict.reason),
        "reject_detail": None if isinstance(verdict, Admitted) else str(verdict.detail),
        "ingest_ms": ingest_ms,
        **{name: getattr(header, name) for name in _HEADER_COLUMNS},
    }


def _text_or_bytes(payload: bytes | None) -> tuple[str | None, bytes | None]:
    if payload is None:
        return None, None
    try:
        return payload.decode("utf-8"), None
    except UnicodeDecodeError:
        return None, payload


def differences(
    session: SparkSession,
    deliveries: Sequence[Delivery],
    admission: Callable[[DataFrame], DataFrame] = spark_admit,
) -> list[str]:
    """One line per row that differs in any column."""
    judged = admission(records(session, deliveries)).select(*_COMPARED)
    lines = []
    rows = judged.orderBy("kafka_offset").collect()
    assert len(rows) == len(deliveries)
    for offset, (row, (payload, ingest_ms)) in enumerate(zip(rows, deliveries, strict=True)):
        expected, found = expected_row(offset, payload, ingest_ms), row.asDict()
        wrong = {n: (found[n], expected[n]) for n in _COMPARED if found[n] != expected[n]}
        if wrong:
            lines.append(f"{(payload or b'')[:300]!r}: (spark, python) {str(wrong)[:400]}")
    return lines
