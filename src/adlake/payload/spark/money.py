"""Money as Spark expressions: exact micros from the text of a JSON number, whatever its length."""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

from adlake.contracts.details import RejectDetail
from adlake.contracts.law import MICROS_PER_UNIT, MONEY_BELOW_MICROS
from adlake.payload.spark.admission import is_missing, is_number, text
from adlake.payload.spark.let import let

BAD_MONEY: Final = (RejectDetail.WRONG_TYPE.value, RejectDetail.OUT_OF_RANGE.value)
"""Faults of an amount that is none; a negative one is judged later (after texts and value sets)."""
_PLAIN: Final = r"^[0-9]{1,12}([.][0-9]{1,6})?$"
_MICRO_DIGITS: Final = 6
_MAX_WHOLE_DIGITS: Final = 12
_DECISIVE_EXPONENT: Final = "100000000"
"""A payload has fewer than 10^7 digits, so an exponent of more digits than this decides alone."""


def given_money(name: str) -> Column:
    """`money_struct` of a member that is a number; WRONG_TYPE of another, NULL if it is missing."""
    return F.when(is_number(name), money_struct(text(name))).when(
        ~is_missing(name), _fault(RejectDetail.WRONG_TYPE)
    )


def money_struct(number: Column) -> Column:
    """struct<micros BIGINT, detail STRING> of a JSON number's text; one of the two is NULL.

    Half up to 6 decimals. OUT_OF_RANGE unless the rounded absolute value is below 10^12, then
    NEG_VALUE below zero. No cast sees an unbounded text, so no input can throw.
    """
    plain = (number.try_cast("decimal(18,6)") * F.lit(MICROS_PER_UNIT)).cast("bigint")
    return F.when(
        number.rlike(_PLAIN), F.struct(plain.alias("micros"), _no_detail().alias("detail"))
    ).otherwise(let(number, _general_money))


def _no_detail() -> Column:
    return F.lit(None).cast("string")


def _general_money(number: Column) -> Column:
    mantissa = F.regexp_extract(number, "^-?([0-9.]+)", 1)
    exponent = F.regexp_extract(number, "[eE]([-+]?[0-9]+)$", 1)
    whole = F.substring_index(mantissa, ".", 1)
    parts = F.struct(
        number.startswith("-").alias("is_signed"),
        whole.alias("whole"),
        F.replace(mantissa, F.lit("."), F.lit("")).alias("all_digits"),
        _bounded(exponent).alias("exponent"),
    )
    return let(parts, _shifted_money)


def _bounded(exponent: Column) -> Column:
    significant = F.regexp_replace(exponent, "^[-+]?0*", "")
    too_long = F.length(significant) >= len(_DECISIVE_EXPONENT)
    size = F.when(too_long, F.lit(int(_DECISIVE_EXPONENT))).otherwise(
        F.coalesce(significant.try_cast("int"), F.lit(0))
    )
    return F.when(exponent.startswith("-"), -size).otherwise(size)


def _shifted_money(parts: Column) -> Column:
    digits = F.regexp_replace(parts["all_digits"], "^0+", "")
    leading_zeros = F.length(parts["all_digits"]) - F.length(digits)
    # The value is 0.DIGITS x 10^point.
    point = F.length(parts["whole"]) - leading_zeros + parts["exponent"]
    shifted = F.struct(parts["is_signed"].alias("is_signed"), digits.alias("digits"),
                       point.alias("point"))  # fmt: skip
    return let(shifted, _rounded_money)


def _rounded_money(shifted: Column) -> Column:
    kept = shifted["point"] + F.lit(_MICRO_DIGITS)
    is_too_big = (shifted["digits"] != "") & (shifted["point"] > _MAX_WHOLE_DIGITS)
    kept_digits = F.rpad(F.substring(shifted["digits"], F.lit(1), kept), kept, F.lit("0"))
    rounds_up = F.substring(shifted["digits"], kept + 1, F.lit(1)) >= "5"
    rounded = F.coalesce(kept_digits.try_cast("bigint"), F.lit(0)) + rounds_up.cast("bigint")
    micros = F.when(kept < 0, F.lit(0)).otherwise(rounded)
    result = F.struct(
        micros.cast("bigint").alias("micros"), shifted["is_signed"].alias("is_signed")
    )
    out_of_range = _fault(RejectDetail.OUT_OF_RANGE)
    return (
        F.when(shifted["digits"] == "", _amount(F.lit(0)))
        .when(is_too_big, out_of_range)
        .otherwise(
            let(
                result,
                lambda r: (
                    F.when(r["micros"] >= MONEY_BELOW_MICROS, out_of_range)
                    .when(r["is_signed"], _fault(RejectDetail.NEG_VALUE))
                    .otherwise(_amount(r["micros"]))
                ),
            )
        )
    )


def _amount(micros: Column) -> Column:
    return F.struct(micros.cast("bigint").alias("micros"), _no_detail().alias("detail"))


def _fault(detail: RejectDetail) -> Column:
    return F.struct(F.lit(None).cast("bigint").alias("micros"), F.lit(detail.value).alias("detail"))
