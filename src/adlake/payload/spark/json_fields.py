"""Reading one JSON object strictly: the fields of an event, or the fault of the text.

The reading itself is the one piece of the data path that is no Spark expression: a small function
in src/jvm, since expressions for it cost more than all the rest of a batch together (ADR 0038).
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
from adlake.io.spark.session import FUNCTION_CATALOG

TIMESTAMP_FIELD: Final = "event_timestamp"
_READ_OBJECT: Final = f"{FUNCTION_CATALOG}.read_object"


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


def field_steps(
    value: str, read: str, fields: ObjectFields = AD_EVENT_FIELDS
) -> tuple[dict[str, Column], ...]:
    """Steps (for `withColumns`) that add `read` STRUCT<fault STRING, kinds STRUCT, texts STRUCT>.

    NULL where `value` is NULL. `value` is a BINARY column: valid UTF-8 that begins with a brace. A
    kind is NULL (absent, null), STRING, LONE (a string with a lone surrogate), BIGINT (an integer
    token), DOUBLE (another number) or BOOLEAN (anything else). A text is that of a string or of a
    number, else NULL. The steps leave columns with a leading underscore behind.
    """
    found = F.col("_object")
    return (
        {"_object": F.call_function(_READ_OBJECT, F.col(value), F.lit(",".join(fields.names)))},
        {
            read: F.when(
                found.isNotNull(),
                F.struct(
                    found["fault"].alias("fault"),
                    _by_name(found["kinds"], fields).alias("kinds"),
                    _by_name(found["texts"], fields).alias("texts"),
                ),
            )
        },
    )


def _by_name(values: Column, fields: ObjectFields) -> Column:
    return F.struct(
        *(F.get(values, F.lit(place)).alias(name) for place, name in enumerate(fields.names))
    )
