"""Admission of business events as Spark expressions, and their rows for Bronze.

Every expression is a `try_` form or cannot fail, so no payload can stop the job. The plain Python
form in `business/rules.py` shares only the contract with this one; tests hold the two equal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from adlake.business.contract import (
    ADVERTISER_TYPES,
    BRONZE_COLUMNS,
    BRONZE_ID_FIELDS,
    CONTRACT_VERSION,
    FIELD_COLUMNS,
    FLIGHT_FIELDS,
    FREE_TEXT_FIELDS,
    FREE_TEXT_TYPES,
    HEADER_FIELDS,
    ID_FIELDS,
    LENIENT_BUDGET_TYPE,
    LENIENT_STRING_FIELDS,
    LOWER_CASE,
    MISSING_DETAIL,
    POSITIVE_MONEY_TYPE,
    REASON_OF,
    REQUIRED_ORDER,
    TYPES,
    UNKNOWN,
    UPPER_CASE,
    VALUE_DETAIL,
    VALUE_SET_FIELDS,
    BusinessDetail,
    BusinessType,
    fields_of,
)
from adlake.contracts.details import RejectDetail
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
    is_wrong_type,
    kind,
    payload_steps,
    reason_of,
    text,
    text_fault,
    with_time_faults,
)
from adlake.payload.spark.json_fields import TIMESTAMP_FIELD, ObjectFields, field_steps
from adlake.payload.spark.money import BAD_MONEY, given_money
from adlake.streaming.filing import HOUR_MS, filed_rows

ADMITTED_COLUMNS: Final = (
    *RECORD_COLUMNS, "raw_payload", "raw_bytes", "reject_reason", "reject_detail",
    *FIELD_COLUMNS, "ingest_ms",
)  # fmt: skip
MONEY_FIELDS: Final = ("amount", "budget_value")
BUSINESS_FIELDS: Final = ObjectFields(
    strings=tuple(
        dict.fromkeys(
            ("event_type", *ID_FIELDS, *LENIENT_STRING_FIELDS, *FREE_TEXT_FIELDS, *VALUE_SET_FIELDS)
        )
    ),
    times=(TIMESTAMP_FIELD, *FLIGHT_FIELDS),
    money=MONEY_FIELDS,
)


def admit(records: DataFrame, constants: LawConstants = LAW_V1) -> DataFrame:
    """Judge every record; columns in, columns out: RECORD_COLUMNS, ADMITTED_COLUMNS.

    `reject_reason` is NULL for an admitted event, whose `reject_detail` may still say
    BAD_BUDGET_VALUE. Times are epoch ms, money is micros. The typed columns of a rejected record
    are filled as far as each can be read by itself.
    """
    judged = records
    for step in _steps(constants):
        judged = judged.withColumns(step)
    return judged.selectExpr(*ADMITTED_COLUMNS)


def bronze_rows(deliveries: DataFrame, width_ms: int = HOUR_MS) -> DataFrame:
    """Select the columns of bronze.business_events from admitted and rejected deliveries alike.

    Args:
        deliveries: rows of `admit`.
        width_ms: of the times that rows are filed under; see `streaming.filing`.
    """
    versioned = deliveries.withColumn("contract_version", F.lit(CONTRACT_VERSION))
    return filed_rows(versioned, BRONZE_COLUMNS, width_ms)


@cache
def _steps(constants: LawConstants) -> tuple[dict[str, Column], ...]:
    """Columns by name, added step by step; made once, since they are thousands of expressions."""
    return (
        *payload_steps(),
        *field_steps(value="_object_bytes", read="_read", fields=BUSINESS_FIELDS),
        {"event_type": held_text("event_type")},
        {"_is_known": F.coalesce(_is_type(*TYPES), F.lit(False))},
        {"_read": _read_of_type()},
        *_field_steps(),
        {"reject_detail": _detail(constants)},
        {"reject_reason": reason_of(REASON_OF)},
        {"has_own_key": F.when(F.col("reject_reason").isNull(), _has_own_key())},
    )


def _is_type(*types: BusinessType) -> Column:
    return F.col("event_type").isin(*(one.value for one in types))


def _types_with(name: str) -> list[BusinessType]:
    return [one for one in TYPES if name in fields_of(one)]


_DEFAULTS: Final[dict[str, tuple[str, Collection[BusinessType]]]] = {
    "event_id": ("click_id", (BusinessType.AD_CLICK,)),
    "advertiser_id": ("advertiser", ADVERTISER_TYPES),
}
"""Field: the one that stands for it where it is missing, in these types."""


def _read_of_type() -> Column:
    """What `field_steps` read, less the fields that the type lacks, with its defaults filled in."""
    kinds = [_of_type(name, kind, F.lit("VOID")).alias(name) for name in BUSINESS_FIELDS.names]
    nothing = F.lit(None).cast("string")
    texts = [_of_type(name, text, nothing).alias(name) for name in BUSINESS_FIELDS.names]
    return F.struct(
        F.col("_read")["fault"].alias("fault"),
        F.struct(*kinds).alias("kinds"),
        F.struct(*texts).alias("texts"),
    )


def _of_type(name: str, part: Callable[[str], Column], nothing: Column) -> Column:
    value = part(name)
    if name in _DEFAULTS:
        stand_in, types = _DEFAULTS[name]
        value = F.when(_is_type(*types) & is_missing(name), part(stand_in)).otherwise(value)
    if name in HEADER_FIELDS:
        return value
    is_field = _is_type(*(one for one in TYPES if name in fields_of(one)))
    if name in BRONZE_ID_FIELDS:
        is_field = is_field | ~F.col("_is_known")
    return F.when(is_field, value).otherwise(nothing)


def _field_steps() -> tuple[dict[str, Column], ...]:
    """Add FIELD_COLUMNS but the last one, `_amount`, `_budget` and the numbers of times."""
    texts = {name: held_text(name) for name in (*ID_FIELDS, *LENIENT_STRING_FIELDS)}
    chosen = {name: F.when(~is_missing(name), held_text(name)) for name in VALUE_SET_FIELDS}
    is_free = _is_type(*FREE_TEXT_TYPES)
    free = {
        name: F.when(is_free, _free_text(name)).otherwise(
            chosen.get(name, F.lit(None).cast("string"))
        )
        for name in FREE_TEXT_FIELDS
    }
    numbers = {f"_{name}": epoch_ms_of(integer_of(name)) for name in BUSINESS_FIELDS.times}
    times = {f"{name}_ms": event_ms_of(F.col(f"_{name}")) for name in FLIGHT_FIELDS}
    return (
        {**texts, **chosen, **free},
        numbers,
        {"_amount": given_money("amount"), "_budget": given_money("budget_value")},
        {
            "ts_ms": event_ms_of(F.col(f"_{TIMESTAMP_FIELD}")),
            **times,
            "micros": F.col("_amount")["micros"],
            "budget_micros": F.col("_budget")["micros"],
        },
    )


def _free_text(name: str) -> Column:
    lower = F.translate(F.trim(held_text(name)), UPPER_CASE, LOWER_CASE)
    return F.coalesce(F.nullif(lower, F.lit("")), F.lit(UNKNOWN))


def _detail(constants: LawConstants) -> Column:
    """The first failing test, in the order of the contract; last what is a remark alone."""
    money = _judged_money_detail()
    detail = text_fault()
    for name, is_required in _requirements():
        detail = detail.when(is_required & is_missing(name), MISSING_DETAIL[name].value)
    detail = (
        detail.when(_has_wrong_type_id(), RejectDetail.WRONG_TYPE_ID.value)
        .when(_has_unfit_id(), RejectDetail.BAD_ID.value)
        .when(~F.col("_is_known"), RejectDetail.BAD_EVENT_TYPE.value)
    )
    detail = (
        with_time_faults(detail, F.col(f"_{TIMESTAMP_FIELD}"), constants)
        .when(money.isin(*BAD_MONEY), money)
        .when(_is_type(POSITIVE_MONEY_TYPE) & (F.col("micros") == 0), _ZERO_CREDIT)
    )
    for name in VALUE_SET_FIELDS:
        detail = detail.when(_is_outside_its_set(name), VALUE_DETAIL[name].value)
    is_lenient = _is_type(LENIENT_BUDGET_TYPE)
    return (
        detail.when(_has_bad_flight(), BusinessDetail.BAD_FLIGHT.value)
        .when(money.isNotNull(), money)
        .when(
            is_lenient & F.col("_budget")["detail"].isNotNull(),
            BusinessDetail.BAD_BUDGET_VALUE.value,
        )
    )


_ZERO_CREDIT: Final = BusinessDetail.ZERO_CREDIT.value


def _judged_money_detail() -> Column:
    detail = F.lit(None).cast("string")
    for name, column in zip(MONEY_FIELDS, ("_amount", "_budget"), strict=True):
        judged = _is_type(*(one for one, contract in TYPES.items() if contract.money == name))
        detail = F.when(judged, F.col(column)["detail"]).otherwise(detail)
    return detail


def _requirements() -> list[tuple[str, Column]]:
    """Fields in the order in which they are looked for, and where they are required."""
    has_default = _is_type(BusinessType.AD_CLICK)
    header = [(name, F.lit(True)) for name in HEADER_FIELDS]
    header[0] = ("event_id", ~F.coalesce(has_default, F.lit(False)))
    of_type = [
        (name, _is_type(*(one for one, contract in TYPES.items() if name in contract.required)))
        for name in REQUIRED_ORDER
    ]
    return header + of_type


def _has_wrong_type_id() -> Column:
    others = any_of(*(is_wrong_type(kind(name)) for name in ID_FIELDS if name != "event_id"))
    of_any_type = is_wrong_type(kind("event_id")) | is_wrong_type(kind("event_type"))
    return of_any_type | (F.col("_is_known") & others)


def _has_unfit_id() -> Column:
    others = {name: kind(name) for name in ID_FIELDS if name != "event_id"}
    of_any_type = has_unfit_id({"event_id": kind("event_id")})
    return of_any_type | (F.col("_is_known") & has_unfit_id(others))


def _is_outside_its_set(name: str) -> Column:
    outside = []
    for one, contract in TYPES.items():
        if name in contract.value_sets:
            # One text instead of hundreds of literals, each of which is a call.
            known = ", ".join(f"'{value}'" for value in contract.value_sets[name])
            is_known = F.expr(f"coalesce(`{name}` IN ({known}), false)")
            outside.append(_is_type(one) & ~is_known)
    return ~is_missing(name) & any_of(*outside)


def _has_bad_flight() -> Column:
    return any_of(*(~is_missing(n) & F.col(f"{n}_ms").isNull() for n in FLIGHT_FIELDS))


def _has_own_key() -> Column:
    own = F.lit(None).cast("binary")
    for name in ("user_id", "advertiser_id"):
        types = _is_type(*(one for one, contract in TYPES.items() if contract.key == name))
        own = F.when(types, F.col(name).cast("binary")).otherwise(own)
    return F.coalesce(F.col("kafka_key") == own, F.lit(False))
