"""Which letters are capitals, and their small forms: one table for every engine.

Python, Spark, Trino and DuckDB disagree on the lower case of some of Unicode, and a stored value
must not depend on which of them made it.
"""

from __future__ import annotations

from typing import Final

_CAPITALS: Final = {
    chr(code): chr(code).lower()
    for code in (*range(0x0590), *range(0x1E00, 0x1F00))
    if chr(code).lower() != chr(code) and len(chr(code).lower()) == 1
}
UPPER_CASE: Final = "".join(_CAPITALS)
"""Latin, Greek, Cyrillic and Armenian capitals. Engines differ on the rest of Unicode, and on
letters that follow their neighbours; these are mapped one by one, alike in every engine."""
LOWER_CASE: Final = "".join(_CAPITALS.values())
