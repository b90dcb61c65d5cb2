"""Columns of the law that the table of the plain MERGE does not have; they are not compared."""

from __future__ import annotations

from typing import Final

LACKS: Final = ("eligible", "late_by_ms", "is_late", "revenue_out_of_window", "last_updated_ts")
