"""Rows of Gold as records of a topic, as Spark expressions; `published/plain.py` is the reference.

No value is written by what an engine calls the text of its own types where that may change.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from adlake.payload.spark.canonical_json import json_text
from adlake.published.contract import RATE_DIGITS, RATES, Form, Publication

_UNIT: Final = 10**RATE_DIGITS
_TIME: Final = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"


def records_of(publication: Publication, rows: DataFrame) -> DataFrame:
    """record_id, record_key, payload, payload_sha256, and the columns that say when and in order.

    Args:
        publication: which columns, in which form.
        rows: of its table; the session's time zone is UTC.
    """
    record = rows.select(
        F.col(publication.record_id).alias("record_id"),
        F.col(publication.key).alias("record_key"),
        _payload(publication).alias("payload"),
        *(F.col(name) for name in publication.order),
    )
    return record.withColumn("payload_sha256", F.sha2(F.encode("payload", "UTF-8"), 256))


def _payload(publication: Publication) -> Column:
    members = (
        F.concat(F.lit(f'"{name}":'), F.coalesce(_text(form, name), F.lit("null")))
        for name, form in publication.members.items()
    )
    return F.concat(F.lit("{"), F.concat_ws(",", *members), F.lit("}"))


def _text(form: Form, name: str) -> Column:
    """Its JSON; NULL where the value is."""
    value = F.col(name)
    if form is Form.TEXT:
        return json_text(value)
    if form is Form.TEXTS:
        texts = F.transform(value, json_text)
        return F.concat(F.lit("["), F.array_join(texts, ","), F.lit("]"))
    if form is Form.MONEY:
        # Of six decimals an engine writes no exponent.
        return F.concat(F.lit('"'), value.cast("decimal(38, 6)").cast("string"), F.lit('"'))
    if form is Form.TIME:
        return F.concat(F.lit('"'), F.date_format(value, _TIME), F.lit('"'))
    if form is Form.RATE:
        return F.expr(_rate(*RATES[name]))
    return value.cast("string")


def _rate(part: str, whole: str) -> str:
    """Half up, by whole numbers; 0 of nothing."""
    scaled = f"coalesce((2 * {_UNIT}L * {part} + {whole}) div (2 * nullif({whole}, 0)), 0L)"
    return (
        f"concat(CAST({scaled} div {_UNIT}L AS STRING), '.', "
        f"lpad(CAST({scaled} % {_UNIT}L AS STRING), {RATE_DIGITS}, '0'))"
    )
