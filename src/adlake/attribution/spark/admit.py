"""Admission as Spark expressions: the law's section 2 for a frame of Kafka records.

Every expression is a `try_` form or cannot fail, so no payload can stop the job. The plain Python
form in `attribution/law/admission.py` shares only contracts with this one; tests hold the two
equal.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from adlake.attribution.spark.segment_text import segment_text
from adlake.contracts.details import MISSING_DETAIL, REASON_OF, RejectDetail
from adlake.contracts.events import (
    ID_FIELDS,
    LENIENT_STRING_FIELDS,
    MONEY_FIELD,
    RANK,
    REQUIRED_BY_TYPE,
    REQUIRED_FIELDS,
    SEGMENT_FIELDS,
    STRING_FIELDS,
    EventType,
)
from adlake.contracts.law import LAW_V1, LawConstants
from adlake.payload.spark.admission import (
    RECORD_COLUMNS,
    any_of,
    epoch_ms_of,
    event_ms_of,
    has_unfit_id,
    held_text,
    integer_of,
    is_missing,
    is_number,
    is_wrong_type,
    kind,
    payload_steps,
    reason_of,
    text,
    text_fault,
    with_time_faults,
)
from adlake.payload.spark.json_fields import TIMESTAMP_FIELD, field_steps
from adlake.payload.spark.money import money_struct

ADMITTED_COLUMNS: Final = (
    *RECORD_COLUMNS, "raw_payload", "raw_bytes", "reject_reason", "reject_detail",
    *STRING_FIELDS, *LENIENT_STRING_FIELDS, "type_rank", "ts_ms", "micros", "ingest_ms",
    *SEGMENT_FIELDS,
)  # fmt: skip


def admit(records: DataFrame, constants: LawConstants = LAW_V1) -> DataFrame:
    """Judge every record; columns in, columns out: RECORD_COLUMNS, ADMITTED_COLUMNS.

    `reject_reason` is NULL for an admitted event. Times are epoch ms, money is micros. The typed
    columns of a rejected record are filled as far as each can be read by itself.
    """
    judged = records
    for step in _steps(constants):
        judged = judged.withColumns(step)
    # One call to the JVM, not one for each column.
    return judged.selectExpr(*ADMITTED_COLUMNS)


@cache
def _steps(constants: LawConstants) -> tuple[dict[str, Column], ...]:
    """Columns by name, added step by step.

    Made once: building these thousands of expressions anew would cost each batch over a second.
    """
    return (
        *payload_steps(),
        *field_steps(value="_object_bytes", read="_read"),
        *_event_steps(),
        {"reject_detail": _detail(constants)},
        {"reject_reason": reason_of(REASON_OF)},
    )


def _event_steps() -> tuple[dict[str, Column], ...]:
    """Add the typed columns, `_money` and `_epoch_ms`."""
    strings = (*STRING_FIELDS, *LENIENT_STRING_FIELDS)
    texts = {name: held_text(name) for name in strings}
    texts |= {name: segment_text(held_text(name)) for name in SEGMENT_FIELDS}
    rank = F.when(F.lit(False), F.lit(-1))
    money_text = F.lit(None).cast("string")
    for event_type, number in RANK.items():
        is_type = F.col("event_type") == event_type.value
        rank = rank.when(is_type, number)
        money_field = MONEY_FIELD[event_type]
        if money_field is not None:
            money = F.when(is_type & is_number(money_field), text(money_field))
            money_text = F.coalesce(money_text, money)
    money = F.when(F.col("_money").isNotNull(), money_struct(F.col("_money")))
    is_click = _is_type(EventType.CLICK)
    return (
        texts,
        {"type_rank": rank.cast("int"), "_money": money_text, "_n": integer_of(TIMESTAMP_FIELD)},
        {"_money": money, "_epoch_ms": epoch_ms_of(F.col("_n"))},
        {
            "ts_ms": event_ms_of(F.col("_epoch_ms")),
            "micros": F.when(is_click, F.lit(0).cast("bigint")).otherwise(
                F.col("_money")["micros"]
            ),
        },
    )


def _is_type(event_type: EventType) -> Column:
    return F.col("event_type") == event_type.value


def _detail(constants: LawConstants) -> Column:
    """The first failing test, in the law's order."""
    detail = text_fault()
    for name, is_required in _requirements():
        detail = detail.when(is_required & is_missing(name), MISSING_DETAIL[name].value)
    detail = (
        detail.when(
            any_of(*(is_wrong_type(kind(name)) for name in STRING_FIELDS)),
            RejectDetail.WRONG_TYPE_ID.value,
        )
        .when(has_unfit_id({name: kind(name) for name in ID_FIELDS}), RejectDetail.BAD_ID.value)
        .when(F.col("type_rank").isNull(), RejectDetail.BAD_EVENT_TYPE.value)
    )
    return (
        with_time_faults(detail, F.col("_epoch_ms"), constants)
        .when(F.col("_money")["detail"].isNotNull(), F.col("_money")["detail"])
        .when(F.col("micros").isNull(), RejectDetail.WRONG_TYPE.value)
    )


def _requirements() -> list[tuple[str, Column]]:
    always = [(name, F.lit(True)) for name in REQUIRED_FIELDS]
    by_type = [(n, _is_type(t)) for t, names in REQUIRED_BY_TYPE.items() for n in names]
    return always + by_type
