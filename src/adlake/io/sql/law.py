"""The constants of a law as parameters of SQL files (views, oracles)."""

from __future__ import annotations

from adlake.contracts.law import MAX_EVENT_MS_EXCLUSIVE, LawConstants
from adlake.io.sql.files import SqlText, SqlValue


def law_parameters(law: LawConstants) -> dict[str, SqlValue]:
    """Values by the names that the files call them by."""
    return {
        "attribution_window_ms": window_of_conversion(law),
        "late_tolerance_ms": law.late_tolerance_ms,
        "future_tolerance_ms": law.future_tolerance_ms,
        "lookbacks": lookbacks(law),
    }


def window_of_conversion(law: LawConstants) -> SqlText:
    """W at the time `ts_ms` of a conversion; oldest first, other than the form the stream uses."""
    ends = [valid_from_ms for valid_from_ms, _ in law.window_changes]
    windows = [law.attribution_window_ms, *(window for _, window in law.window_changes)]
    cases = [f"WHEN ts_ms < {end} THEN {w}" for end, w in zip(ends, windows, strict=False)]
    return SqlText(f"(CASE {' '.join(cases)} ELSE {windows[-1]} END)" if cases else windows[0])


def lookbacks(law: LawConstants) -> SqlText:
    """Rows of VALUES: the first conversion time of a period, the first one after it, W in it."""
    starts = [0, *(valid_from_ms for valid_from_ms, _ in law.window_changes)]
    ends = [*starts[1:], MAX_EVENT_MS_EXCLUSIVE]
    windows = [law.attribution_window_ms, *(window for _, window in law.window_changes)]
    periods = zip(starts, ends, windows, strict=True)
    return SqlText(", ".join(f"({start}, {end}, {window})" for start, end, window in periods))
