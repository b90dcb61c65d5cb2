"""Reading one JSON object strictly: the fields of an event, or the fault of the text.

The quick way reads every normal payload with two passes of Spark's parser and only says yes; all
that it does not say yes to goes the exact way (`json_exact`), which decides. Both give one form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

from adlake.contracts.events import (
    LENIENT_STRING_FIELDS,
    MONEY_FIELD,
    SEGMENT_FIELDS,
    STRING_FIELDS,
)
from adlake.contracts.law import MAX_NESTING_DEPTH
from adlake.payload.spark.json_exact import exact_read

TIMESTAMP_FIELD: Final = "event_timestamp"


@dataclass(frozen=True)
class ObjectFields:
    """The members that are read of an object, by what they should be."""

    strings: tuple[str, ...]
    times: tuple[str, ...]
    money: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.strings, *self.times, *self.money)


AD_EVENT_FIELDS: Final = ObjectFields(
    strings=(*STRING_FIELDS, *LENIENT_STRING_FIELDS, *SEGMENT_FIELDS),
    times=(TIMESTAMP_FIELD,),
    money=tuple(name for name in MONEY_FIELD.values() if name is not None),
)

_STRICT: Final = {
    "mode": "PERMISSIVE",
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",
    "maxNestingDepth": str(MAX_NESTING_DEPTH + 1),
}
_END: Final = "adlake: end of the payload"
"""Follows the payload inside one array. The parser does not look behind the value it was asked
for, so only a payload that holds this text itself could hide what follows it."""


def field_steps(
    text: str, read: str, fields: ObjectFields = AD_EVENT_FIELDS
) -> tuple[dict[str, Column], ...]:
    """Steps (for `withColumns`) that add `read` STRUCT<fault STRING, kinds STRUCT, texts STRUCT>.

    NULL where `text` is NULL. `text` is a column of texts that begin with a brace. A kind is NULL
    or VOID (absent, null), STRING, LONE (a string with a lone surrogate), BIGINT (an integer
    token), another number's type name, or any other type name. A text is that of a string or of a
    number, else NULL. The steps leave columns with a leading underscore behind.
    """
    payload = F.col(text)
    is_readable = payload.isNotNull()
    return (
        {"_values": F.from_json(_with_end(payload), "array<variant>", _STRICT)},
        {"_members": F.when(_is_one_object(payload), _members(fields))},
        {"_texts": F.from_json(_quick_payload(payload), _schema(fields, "string"), _STRICT)},
        {"_kinds": F.when(~_has_container(fields), _kinds(fields))},
        {
            read: F.when(_is_quick(fields), _quick_read(fields)).when(
                is_readable, exact_read(payload, fields.names)
            ),
        },
    )


def _schema(fields: ObjectFields, value_type: str) -> str:
    return "struct<" + ",".join(f"{name}:{value_type}" for name in fields.names) + ">"


def _with_end(payload: Column) -> Column:
    return F.concat(F.lit("["), payload, F.lit(f',"{_END}"]'))


def _is_one_object(payload: Column) -> Column:
    values = F.col("_values")
    end = F.try_variant_get(F.get(values, F.lit(1)), "$", "string")
    return (F.size(values) == 2) & (end == _END) & ~F.contains(payload, F.lit(_END))


def _members(fields: ObjectFields) -> Column:
    return F.try_variant_get(F.get(F.col("_values"), F.lit(0)), "$", _schema(fields, "variant"))


def _quick_payload(payload: Column) -> Column:
    # Lone surrogates can only come from \u escapes, which the parser's strings do not keep.
    return F.when(F.col("_members").isNotNull() & ~F.contains(payload, F.lit("\\u")), payload)


def _has_container(fields: ObjectFields) -> Column:
    """A text that could be an object's or an array's: asking for its type may be costly."""
    starts = [F.col("_texts")[name].substr(1, 1) for name in fields.names]
    return F.concat_ws("", *starts).rlike(r"[\[{]") | F.col("_texts").isNull()


def _kinds(fields: ObjectFields) -> Column:
    return F.struct(
        *(F.schema_of_variant(F.col("_members")[name]).alias(name) for name in fields.names)
    )


def _is_quick(fields: ObjectFields) -> Column:
    kinds = F.col("_kinds")
    is_plain = F.lit(True)
    for name in fields.times:
        is_plain &= F.coalesce(~kinds[name].startswith("D"), F.lit(True))
    for name in fields.money:
        is_plain &= F.coalesce(kinds[name] != "DOUBLE", F.lit(True))
    return kinds.isNotNull() & is_plain


def _quick_read(fields: ObjectFields) -> Column:
    numbers = (*fields.times, *fields.money)
    texts = [_quick_text(name, may_be_number=name in numbers).alias(name) for name in fields.names]
    return F.struct(
        F.lit(None).cast("string").alias("fault"),
        F.col("_kinds").alias("kinds"),
        F.struct(*texts).alias("texts"),
    )


def _quick_text(name: str, *, may_be_number: bool) -> Column:
    kind = F.col("_kinds")[name]
    text = F.when(kind == "STRING", F.col("_texts")[name])
    if not may_be_number:
        return text
    # The parser's own text of a number has gone through a double; the variant has not.
    number = F.try_variant_get(F.col("_members")[name], "$", "string")
    return text.when((kind == "BIGINT") | kind.startswith("DECIMAL"), number)
