"""Canonical JSON of text members, byte for byte what Python's `json.dumps` writes of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

_MARKS: Final = ("\\", '"')
"""What JSON text writes otherwise; the backslash first, since the others bring some."""
_CONTROLS: Final = tuple(chr(code) for code in range(32))
"""Likewise; admission lets none of them into an id."""


def canonical_json(members: Mapping[str, Column], ids: Collection[str] = ()) -> Column:
    """One object without blanks; members that are NULL are left out. Long: make it once.

    Args:
        members: text by name, in the order of their names.
        ids: names of members that hold no control characters, which spares their steps.
    """
    told = (
        F.concat(F.lit(f'"{name}":"'), _escaped(text, is_id=name in ids), F.lit('"'))
        for name, text in members.items()
    )
    return F.concat(F.lit("{"), F.concat_ws(",", *told), F.lit("}"))


def json_text(text: Column) -> Column:
    """A text as JSON; NULL is NULL."""
    return F.concat(F.lit('"'), _escaped(text, is_id=False), F.lit('"'))


def _escaped(text: Column, *, is_id: bool) -> Column:
    for raw in (*_MARKS, *(() if is_id else _CONTROLS)):
        text = F.replace(text, F.lit(raw), F.lit(json.dumps(raw)[1:-1]))
    return text
