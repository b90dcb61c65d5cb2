"""Admission of campaign updates as Spark expressions, and their rows for Bronze.

Every expression is a `try_` form or cannot fail, so no payload can stop the job. The plain Python
form in `dims/rules.py` shares only the contract with this one; tests hold the two equal.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from adlake.contracts.details import MISSING_DETAIL, RejectDetail
from adlake.contracts.law import LAW_V1, LawConstants
from adlake.dims.contract import (
    ATTRIBUTES,
    BRONZE_COLUMNS,
    CONTRACT_VERSION,
    EVENT_TYPE,
    ID_FIELDS,
    MONEY_FIELD,
    REASON_OF,
    REQUIRED,
    TEXT_FIELDS,
    VALUE_DETAIL,
    VALUE_SETS,
    UpdateDetail,
)
from adlake.payload.spark.admission import (
    RECORD_COLUMNS,
    any_of,
    epoch_ms_of,
    event_ms_of,
    has_unfit_id,
    held_text,
    integer_of,
    is_missing,
    is_wrong_type,
    kind,
    payload_steps,
    reason_of,
    text_fault,
    with_time_faults,
)
from adlake.payload.spark.json_fields import TIMESTAMP_FIELD, ObjectFields, field_steps
from adlake.payload.spark.money import BAD_MONEY, given_money
from adlake.streaming.filing import HOUR_MS, filed_rows

FIELD_COLUMNS: Final = ("event_id", "event_type", "campaign_id", "ts_ms", *ATTRIBUTES)
ADMITTED_COLUMNS: Final = (
    *RECORD_COLUMNS, "raw_payload", "raw_bytes", "reject_reason", "reject_detail",
    *FIELD_COLUMNS, "ingest_ms",
)  # fmt: skip
_STRINGS: Final = ("event_type", *ID_FIELDS, *TEXT_FIELDS, *VALUE_SETS)
_FIELDS: Final = ObjectFields(strings=_STRINGS, times=(TIMESTAMP_FIELD,), money=(MONEY_FIELD,))


def admit(records: DataFrame, constants: LawConstants = LAW_V1) -> DataFrame:
    """Judge every record; columns in, columns out: RECORD_COLUMNS, ADMITTED_COLUMNS.

    `reject_reason` is NULL for an admitted update. Times are epoch ms, money is micros.
    """
    judged = records
    for step in _steps(constants):
        judged = judged.withColumns(step)
    return judged.selectExpr(*ADMITTED_COLUMNS)


def bronze_rows(deliveries: DataFrame, width_ms: int = HOUR_MS) -> DataFrame:
    """Select the columns of bronze.campaign_updates from admitted and rejected deliveries alike.

    Args:
        deliveries: rows of `admit`.
        width_ms: of the times that rows are filed under; see `streaming.filing`.
    """
    versioned = deliveries.withColumn("contract_version", F.lit(CONTRACT_VERSION))
    return filed_rows(versioned, BRONZE_COLUMNS, width_ms)


@cache
def _steps(constants: LawConstants) -> tuple[dict[str, Column], ...]:
    """Columns by name, added step by step."""
    texts = {name: F.when(~is_missing(name), held_text(name)) for name in _STRINGS}
    return (
        *payload_steps(),
        *field_steps(value="_object_bytes", read="_read", fields=_FIELDS),
        {
            **texts,
            "_epoch_ms": epoch_ms_of(integer_of(TIMESTAMP_FIELD)),
            "_budget": given_money(MONEY_FIELD),
        },
        {"ts_ms": event_ms_of(F.col("_epoch_ms")), "budget_micros": F.col("_budget")["micros"]},
        {"reject_detail": _detail(constants)},
        {"reject_reason": reason_of(REASON_OF)},
    )


def _detail(constants: LawConstants) -> Column:
    """The first failing test, in the order of the contract."""
    budget = F.col("_budget")["detail"]
    detail = text_fault()
    for name in REQUIRED:
        detail = detail.when(is_missing(name), MISSING_DETAIL[name].value)
    wrong_ids = any_of(*(is_wrong_type(kind(name)) for name in (*ID_FIELDS, "event_type")))
    unfit_ids = has_unfit_id({name: kind(name) for name in ID_FIELDS})
    bad_texts = any_of(*(is_wrong_type(kind(name)) for name in TEXT_FIELDS))
    detail = (
        detail.when(wrong_ids, RejectDetail.WRONG_TYPE_ID.value)
        .when(unfit_ids, RejectDetail.BAD_ID.value)
        .when(~F.coalesce(F.col("event_type") == EVENT_TYPE, F.lit(False)), _BAD_TYPE)
    )
    detail = (
        with_time_faults(detail, F.col("_epoch_ms"), constants)
        .when(budget.isin(*BAD_MONEY), budget)
        .when(bad_texts, UpdateDetail.BAD_TEXT.value)
        .when(has_unfit_id({name: kind(name) for name in TEXT_FIELDS}), UpdateDetail.BAD_TEXT.value)
    )
    for name, known in VALUE_SETS.items():
        is_known = F.coalesce(F.col(name).isin(*known), F.lit(False))
        detail = detail.when(~is_missing(name) & ~is_known, VALUE_DETAIL[name].value)
    return detail.otherwise(budget)


_BAD_TYPE: Final = RejectDetail.BAD_EVENT_TYPE.value
