"""A record's payload as Spark expressions: its text, its members, single members to values.

The same for every topic. Every expression is a `try_` form or cannot fail. The names that begin
with an underscore are columns that one step leaves for the next: `_read` is that of `field_steps`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pyspark.sql import Column
from pyspark.sql import functions as F

from adlake.contracts.details import RejectDetail
from adlake.contracts.law import (
    MAX_EVENT_MS_EXCLUSIVE,
    MAX_ID_BYTES,
    MAX_PAYLOAD_BYTES,
    MIN_EVENT_MS,
    MS_PER_SECOND,
    SECONDS_BELOW,
    LawConstants,
)
from adlake.payload.spark.json_fields import TIMESTAMP_FIELD

RECORD_COLUMNS: Final = (
    "value", "kafka_topic", "kafka_partition", "kafka_offset", "kafka_key", "ingest_ts",
)  # fmt: skip
"""Of a Kafka record, the input of every admission."""

_JSON_WHITE_SPACE: Final = " \t\n\r"
_MAX_TIMESTAMP_DIGITS: Final = 18
_LAST_EVENT_MS: Final = MAX_EVENT_MS_EXCLUSIVE - 1


def payload_steps() -> tuple[dict[str, Column], ...]:
    """Add raw_payload, raw_bytes, ingest_ms, `_byte_fault` and `_object_bytes`."""
    value, as_text = F.col("value"), F.col("value").cast("string")
    is_utf8 = F.is_valid_utf8(as_text)
    start = F.substring(_trimmed("LEADING", "CAST(value AS STRING)"), 1, 1)
    return (
        {
            "raw_payload": F.when(is_utf8, as_text),
            "raw_bytes": F.when(~is_utf8, value),
            "ingest_ms": F.unix_millis("ingest_ts"),
        },
        {"_byte_fault": _byte_fault(start)},
        {"_object_bytes": F.when(F.col("_byte_fault").isNull(), F.col("value"))},
    )


def _trimmed(side: str, text: str) -> Column:
    # Standard SQL: Spark warns at each start of the functions with two parameters.
    return F.expr(f"trim({side} '{_JSON_WHITE_SPACE}' FROM {text})")


def _byte_fault(start: Column) -> Column:
    trimmed = _trimmed("BOTH", "raw_payload")
    # Anchored: in text that is not UTF-8 one "character" may hold the byte after it too.
    begins_other = start.rlike(r'^[\["\-0-9]') | trimmed.isin("true", "false", "null")
    return (
        F.when(F.col("value").isNull(), RejectDetail.NULL_VALUE.value)
        .when(F.octet_length("value") > MAX_PAYLOAD_BYTES, RejectDetail.TOO_LARGE.value)
        .when((start == "{") & F.col("raw_payload").isNotNull(), F.lit(None).cast("string"))
        .when(start == "{", RejectDetail.BAD_UTF8.value)
        .when(start == "", RejectDetail.EMPTY.value)
        .when(begins_other, RejectDetail.NOT_OBJECT.value)
        .otherwise(RejectDetail.NOT_JSON.value)
    )


def text_fault() -> Column:
    """The first tests of every topic: a CASE of what is wrong with the record's text."""
    return F.when(F.col("_byte_fault").isNotNull(), F.col("_byte_fault")).when(
        F.col("_read")["fault"].isNotNull(), F.col("_read")["fault"]
    )


def reason_of(reasons: Mapping[Any, str]) -> Column:
    """Reason that `reject_detail` belongs to; NULL for none, and for a mere remark.

    Args:
        reasons: by detail.
    """
    pairs = F.create_map(*(F.lit(str(code)) for pair in reasons.items() for code in pair))
    return F.try_element_at(pairs, F.col("reject_detail"))


def kind(name: str) -> Column:
    """JSON kind of a member (see `field_steps`); VOID for null and absent."""
    return F.coalesce(F.col("_read")["kinds"][name], F.lit("VOID"))


def text(name: str) -> Column:
    """Text of a member that is a string or a number, else NULL."""
    return F.col("_read")["texts"][name]


def held_text(name: str) -> Column:
    """Text of a member that is a string which UTF-8 can hold, else NULL."""
    return F.when(kind(name) == "STRING", text(name))


def is_number(name: str) -> Column:
    """Whether the member is a JSON number."""
    return kind(name).isin("BIGINT", "DOUBLE")


def is_missing(name: str) -> Column:
    """Null, absent or blank: empty or only U+0020."""
    is_blank = (kind(name) == "STRING") & (F.trim(text(name)) == "")
    return (kind(name) == "VOID") | is_blank


def is_wrong_type(kind_of_id: Column) -> Column:
    """Given, and not a string."""
    return ~kind_of_id.isin("VOID", "STRING", "LONE")


def any_of(*conditions: Column) -> Column:
    """One of the conditions holds."""
    result = F.lit(False)
    for condition in conditions:
        result = result | condition
    return result


def has_unfit_id(ids: dict[str, Column]) -> Column:
    """One of the ids is too long, or has a control character or lone surrogate.

    Args:
        ids: kind by column; the columns hold the texts.
    """
    texts = [F.col(name) for name in ids]
    is_long = [F.coalesce(F.octet_length(value) > MAX_ID_BYTES, F.lit(False)) for value in texts]
    is_lone_surrogate = [one == "LONE" for one in ids.values()]
    # In a strict object only an escape can stand for a control character.
    may_have_control = F.contains(F.col("raw_payload"), F.lit("\\"))
    has_control = may_have_control & F.concat_ws("", *texts).rlike(r"[\x00-\x1f]")
    return any_of(has_control, *is_long, *is_lone_surrogate)


def integer_of(name: str) -> Column:
    """BIGINT of a member that is a JSON integer of a time's length, else NULL."""
    is_short = F.length(text(name)) <= _MAX_TIMESTAMP_DIGITS
    is_readable = (kind(name) == "BIGINT") & is_short
    return F.when(is_readable, text(name).try_cast("bigint"))


def epoch_ms_of(number: Column) -> Column:
    """Epoch milliseconds of a number of seconds or milliseconds, of any size."""
    is_seconds = (number >= 0) & (number < SECONDS_BELOW)
    return F.when(is_seconds, number * MS_PER_SECOND).otherwise(number)


def event_ms_of(epoch_ms: Column) -> Column:
    """The same where it is a time that an event may have, else NULL."""
    return F.when(epoch_ms.between(MIN_EVENT_MS, _LAST_EVENT_MS), epoch_ms)


def _is_out_of_range(epoch_ms: Column) -> Column:
    """No time at all: too long, negative, or too far ahead."""
    return epoch_ms.isNull() | (epoch_ms < 0) | (epoch_ms >= MAX_EVENT_MS_EXCLUSIVE)


def with_time_faults(detail: Column, epoch_ms: Column, constants: LawConstants) -> Column:
    """A CASE of faults, followed by the four of an event's time; it reads `ts_ms` too.

    Args:
        detail: the CASE so far.
        epoch_ms: what the timestamp field says, whatever it is.
        constants: how far ahead of its Kafka time an event may be stamped.
    """
    is_future = F.col("ts_ms") > F.col("ingest_ms") + constants.future_tolerance_ms
    return (
        detail.when(kind(TIMESTAMP_FIELD) != "BIGINT", RejectDetail.WRONG_TYPE_TS.value)
        .when(_is_out_of_range(epoch_ms), RejectDetail.BAD_TS.value)
        .when(F.col("ts_ms").isNull(), RejectDetail.TS_TOO_OLD.value)
        .when(is_future, RejectDetail.TS_FUTURE.value)
    )
