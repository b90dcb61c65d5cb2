"""The stored form of a free-text segment as a Spark expression.

See `attribution/law/segment_text.py`.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from adlake.contracts.events import MAX_SEGMENT_BYTES
from adlake.contracts.letters import LOWER_CASE, UPPER_CASE


def segment_text(text: Column) -> Column:
    """Without spaces around it, in small letters; NULL when that is no usable text."""
    return usable(small_letters(text))


def small_letters(text: Column) -> Column:
    """Without spaces around it, in small letters."""
    return F.translate(F.trim(text), UPPER_CASE, LOWER_CASE)


def usable(small: Column) -> Column:
    """The same text; NULL when it is none that can be stored."""
    is_usable = (small != "") & (F.octet_length(small) <= MAX_SEGMENT_BYTES)
    return F.when(is_usable & ~small.rlike(r"[\x00-\x1f]"), small)
