"""The forms of a result that a user can ask for; apart from what writes them, which loads more."""

from __future__ import annotations

from enum import StrEnum


class OutputFormat(StrEnum):
    """How a result is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
