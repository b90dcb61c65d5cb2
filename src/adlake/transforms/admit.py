"""Admission as Spark expressions: the law's section 2 for a frame of Kafka records.

Every expression is a `try_` form or cannot fail, so no payload can stop the job. The plain Python
form in `domain/admission.py` shares only contracts with this one; tests hold the two equal.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from adlake.contracts.details import MISSING_DETAIL, REASON_OF, RejectDetail
from adlake.contracts.events import (
    ID_FIELDS,
    LENIENT_STRING_FIELDS,
    MONEY_FIELD,
    RANK,
    REQUIRED_BY_TYPE,
    REQUIRED_FIELDS,
    STRING_FIELDS,
    EventType,
)
from adlake.contracts.law import (
    LAW_V1,
    MAX_EVENT_MS_EXCLUSIVE,
    MAX_ID_BYTES,
    MAX_PAYLOAD_BYTES,
    MIN_EVENT_MS,
    MS_PER_SECOND,
    SECONDS_BELOW,
    LawConstants,
)
from adlake.transforms.json_fields import TIMESTAMP_FIELD, field_steps
from adlake.transforms.money import money_struct

RECORD_COLUMNS: Final = (
    "value", "kafka_topic", "kafka_partition", "kafka_offset", "kafka_key", "ingest_ts",
)  # fmt: skip
ADMITTED_COLUMNS: Final = (
    *RECORD_COLUMNS, "raw_payload", "raw_bytes", "reject_reason", "reject_detail",
    *STRING_FIELDS, *LENIENT_STRING_FIELDS, "type_rank", "ts_ms", "micros", "ingest_ms",
)  # fmt: skip

_JSON_WHITE_SPACE: Final = " \t\n\r"
_MAX_TIMESTAMP_DIGITS: Final = 18
_LAST_EVENT_MS: Final = MAX_EVENT_MS_EXCLUSIVE - 1


def admit(records: DataFrame, constants: LawConstants = LAW_V1) -> DataFrame:
    """Judge every record; columns in, columns out: RECORD_COLUMNS, ADMITTED_COLUMNS.

    `reject_reason` is NULL for an admitted event. Times are epoch ms, money is micros. The typed
    columns of a rejected record are filled as far as each can be read by itself.
    """
    judged = records
    for step in _steps(constants):
        judged = judged.withColumns(step)
    return judged.select(*ADMITTED_COLUMNS)


@cache
def _steps(constants: LawConstants) -> tuple[dict[str, Column], ...]:
    """Columns by name, added step by step.

    Made once: building these thousands of expressions anew would cost each batch over a second.
    """
    reasons = F.create_map(*(F.lit(str(code)) for pair in REASON_OF.items() for code in pair))
    reason = F.when(F.col("reject_detail").isNotNull(), reasons[F.col("reject_detail")])
    return (
        *_payload_steps(),
        *field_steps(text="_object_text", read="_read"),
        *_event_steps(),
        {"reject_detail": _detail(constants)},
        {"reject_reason": reason},
    )


def _payload_steps() -> tuple[dict[str, Column], ...]:
    """Add raw_payload, raw_bytes, ingest_ms, `_byte_fault` and `_object_text`."""
    value, text = F.col("value"), F.col("value").cast("string")
    is_utf8 = F.is_valid_utf8(text)
    start = F.substring(_trimmed("LEADING", "CAST(value AS STRING)"), 1, 1)
    return (
        {
            "raw_payload": F.when(is_utf8, text),
            "raw_bytes": F.when(~is_utf8, value),
            "ingest_ms": F.unix_millis("ingest_ts"),
        },
        {"_byte_fault": _byte_fault(start)},
        {"_object_text": F.when(F.col("_byte_fault").isNull(), F.col("raw_payload"))},
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


def _kind(name: str) -> Column:
    return F.coalesce(F.col("_read")["kinds"][name], F.lit("VOID"))


def _text(name: str) -> Column:
    return F.col("_read")["texts"][name]


def _is_number(name: str) -> Column:
    return (_kind(name) == "BIGINT") | _kind(name).startswith("D")


def _event_steps() -> tuple[dict[str, Column], ...]:
    """Add the typed columns, `_money` and `_epoch_ms`."""
    strings = (*STRING_FIELDS, *LENIENT_STRING_FIELDS)
    texts = {name: F.when(_kind(name) == "STRING", _text(name)) for name in strings}
    rank = F.when(F.lit(False), F.lit(-1))
    money_text = F.lit(None).cast("string")
    for event_type, number in RANK.items():
        is_type = F.col("event_type") == event_type.value
        rank = rank.when(is_type, number)
        money_field = MONEY_FIELD[event_type]
        if money_field is not None:
            money = F.when(is_type & _is_number(money_field), _text(money_field))
            money_text = F.coalesce(money_text, money)
    money = F.when(F.col("_money").isNotNull(), money_struct(F.col("_money")))
    is_in_range = F.col("_epoch_ms").between(MIN_EVENT_MS, _LAST_EVENT_MS)
    is_click = _is_type(EventType.CLICK)
    return (
        texts,
        {"type_rank": rank.cast("int"), "_money": money_text, "_n": _timestamp()},
        {"_money": money, "_epoch_ms": _epoch_ms()},
        {
            "ts_ms": F.when(is_in_range, F.col("_epoch_ms")),
            "micros": F.when(is_click, F.lit(0).cast("bigint")).otherwise(
                F.col("_money")["micros"]
            ),
        },
    )


def _is_type(event_type: EventType) -> Column:
    return F.col("event_type") == event_type.value


def _timestamp() -> Column:
    is_short = F.length(_text(TIMESTAMP_FIELD)) <= _MAX_TIMESTAMP_DIGITS
    is_readable = (_kind(TIMESTAMP_FIELD) == "BIGINT") & is_short
    return F.when(is_readable, _text(TIMESTAMP_FIELD).try_cast("bigint"))


def _epoch_ms() -> Column:
    is_seconds = (F.col("_n") >= 0) & (F.col("_n") < SECONDS_BELOW)
    return F.when(is_seconds, F.col("_n") * MS_PER_SECOND).otherwise(F.col("_n"))


def _detail(constants: LawConstants) -> Column:
    """The first failing test, in the law's order."""
    detail = F.when(F.col("_byte_fault").isNotNull(), F.col("_byte_fault")).when(
        F.col("_read")["fault"].isNotNull(), F.col("_read")["fault"]
    )
    for name, is_required in _requirements():
        detail = detail.when(is_required & _is_missing(name), MISSING_DETAIL[name].value)
    return (
        detail.when(_any(*map(_is_wrong_type, STRING_FIELDS)), RejectDetail.WRONG_TYPE_ID.value)
        .when(_has_unfit_id(), RejectDetail.BAD_ID.value)
        .when(F.col("type_rank").isNull(), RejectDetail.BAD_EVENT_TYPE.value)
        .when(_kind(TIMESTAMP_FIELD) != "BIGINT", RejectDetail.WRONG_TYPE_TS.value)
        .when(_is_time_out_of_range(), RejectDetail.BAD_TS.value)
        .when(F.col("ts_ms").isNull(), RejectDetail.TS_TOO_OLD.value)
        .when(_is_future(constants), RejectDetail.TS_FUTURE.value)
        .when(F.col("_money")["detail"].isNotNull(), F.col("_money")["detail"])
        .when(F.col("micros").isNull(), RejectDetail.WRONG_TYPE.value)
    )


def _requirements() -> list[tuple[str, Column]]:
    always = [(name, F.lit(True)) for name in REQUIRED_FIELDS]
    by_type = [(n, _is_type(t)) for t, names in REQUIRED_BY_TYPE.items() for n in names]
    return always + by_type


def _any(*conditions: Column) -> Column:
    result = F.lit(False)
    for condition in conditions:
        result = result | condition
    return result


def _is_missing(name: str) -> Column:
    is_blank = (_kind(name) == "STRING") & (F.trim(_text(name)) == "")
    return (_kind(name) == "VOID") | is_blank


def _is_wrong_type(name: str) -> Column:
    return ~_kind(name).isin("VOID", "STRING", "LONE")


def _has_unfit_id() -> Column:
    ids = [F.col(name) for name in ID_FIELDS]
    is_long = [F.coalesce(F.octet_length(value) > MAX_ID_BYTES, F.lit(False)) for value in ids]
    is_lone = [_kind(name) == "LONE" for name in ID_FIELDS]
    # In a strict object only an escape can stand for a control character.
    may_have_control = F.contains(F.col("raw_payload"), F.lit("\\"))
    has_control = may_have_control & F.concat_ws("", *ids).rlike(r"[\x00-\x1f]")
    return _any(has_control, *is_long, *is_lone)


def _is_time_out_of_range() -> Column:
    epoch_ms = F.col("_epoch_ms")
    return epoch_ms.isNull() | (epoch_ms < 0) | (epoch_ms >= MAX_EVENT_MS_EXCLUSIVE)


def _is_future(constants: LawConstants) -> Column:
    return F.col("ts_ms") > F.col("ingest_ms") + constants.future_tolerance_ms
