"""From a row of `gold.alert_incidents` to what is told of it: canonical JSON and a sentence.

What is told of a transition is made of what held at that moment alone, so the same transition gives
the same bytes whenever it is told: the incident may have changed since.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from adlake.alerts.contract import RATES, SILENT_WINDOWS, Rule
from adlake.contracts.notices import Notice, Transition
from adlake.contracts.windows import WINDOW_MS

Row = Mapping[str, Any]
"""Column of `gold.alert_incidents` -> value; times are aware."""
WINDOW: Final = timedelta(milliseconds=WINDOW_MS)
_SAME: Final = 1.001
"""Two probabilities of one window may differ by rounding."""
_LONGEST_NAME: Final = 200
"""Characters of a campaign or segment in a sentence: events name them, so they may be anything."""


@dataclass(frozen=True)
class _Window:
    """The window that made a transition, as it was judged."""

    start: datetime
    value: float | None
    threshold: float | None
    k: int | None
    n: int | None
    bound: float | None = None


def notices_of(row: Row) -> tuple[Notice, ...]:
    """Every transition of an incident so far, oldest first."""
    opening = _Window(
        _time(row["first_window_start"]), row["opening_value"], row["opening_threshold"],
        row["opening_k"], row["opening_n"], row["opening_bound"],
    )  # fmt: skip
    opened = _notice(row, Transition.OPENED, _time(row["opened_at"]), opening)
    if row["state"] == "open":
        return (opened,)
    closing = _Window(
        _time(row["closing_window_start"]), row["closing_value"], row["closing_threshold"],
        row["closing_k"], row["closing_n"],
    )  # fmt: skip
    return opened, _notice(row, Transition(row["state"]), _time(row["closed_at"]), closing)


def trial_notice(channel: str, key: str) -> Notice:
    """What somebody sends to try a channel; `key` is new each time."""
    text = f"adlake: test message to {channel}, no campaign is in trouble"
    record = {"incident_id": key, "transition": Transition.TEST, "text": text}
    return Notice(
        key, Transition.TEST, datetime.now(UTC), "adlake: test message", text, canonical(record)
    )


def canonical(record: Mapping[str, Any]) -> bytes:
    """Keys sorted, no blanks, UTF-8, times to the millisecond."""
    return json.dumps(
        record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False,
        default=_written,
    ).encode()  # fmt: skip


def _notice(row: Row, transition: Transition, at: datetime, window: _Window) -> Notice:
    text = _TEXTS[transition](row, window)
    record = {
        **{name: row[name] for name in _WHOSE},
        "transition": transition, "at": at, "opened_at": _time(row["opened_at"]),
        "window_start": window.start, "window_end": window.start + WINDOW,
        "value": window.value, "threshold": window.threshold, "sample_k": window.k,
        "sample_n": window.n, "bound": window.bound, "text": text,
    }  # fmt: skip
    channels = frozenset(filter(None, (one.strip() for one in (row["channels"] or "").split(","))))
    return Notice(
        row["incident_id"], transition, at, _subject(row, transition), text, canonical(record),
        channels,
    )  # fmt: skip


_WHOSE: Final = (
    "incident_id", "campaign_id", "segment", "metric", "rule", "alert_type", "rule_version",
)  # fmt: skip


def _subject(row: Row, transition: Transition) -> str:
    begun = _time(row["first_window_start"])
    return f"adlake: {row['alert_type']} {transition}, {_whose(row)}, {begun:%Y-%m-%d %H:%M} UTC"


def _opened(row: Row, window: _Window) -> str:
    return f"{_OPENED[Rule(row['rule'])](row, window)}, {_span(window.start)}"


def _resolved(row: Row, window: _Window) -> str:
    return f"resolved: {_whose(row)} {_measured(row, window)}, {_ended(row, window)}"


def _withdrawn(row: Row, window: _Window) -> str:
    return (
        f"withdrawn: {_whose(row)} {_measured(row, window)} with what came late, "
        f"{_ended(row, window)}"
    )


def _low_rate(row: Row, window: _Window) -> str:
    bound = "" if window.bound is None else f", upper bound {_percent(window.bound, 3)}"
    return (
        f"{_whose(row)} {_percent(window.value)} ({window.k} of {window.n}{bound}) is below "
        f"{_percent(window.threshold)}"
    )


def _fallen_rate(row: Row, window: _Window) -> str:
    # The rule looks for a fall to half of the usual rate, and its threshold is that half.
    usual = None if window.threshold is None else 2 * window.threshold
    evidence = "" if window.bound is None else f", S {window.bound:.2f}"
    return (
        f"{_whose(row)} has fallen towards half of its usual {_percent(usual)}, newest window "
        f"{_percent(window.value)} ({window.k} of {window.n}{evidence})"
    )


def _low_count(row: Row, window: _Window) -> str:
    return (
        f"{_whose(row)} {_count(window.value)} is at most half of the expected "
        f"{_count(window.threshold)}{_chance(window.bound)}"
    )


def _silence(row: Row, window: _Window) -> str:
    missing = f"no {_whose(row)} where {_count(window.threshold)} are expected"
    if not window.threshold or not window.bound:
        return missing
    # The probability is that of the empty windows judged together: less than of one alone.
    is_row = -math.log(window.bound) > window.threshold * _SAME
    together = f", for {SILENT_WINDOWS} windows in a row" if is_row else ""
    return f"{missing}{together}{_chance(window.bound)}"


def _low_floor(row: Row, window: _Window) -> str:
    return f"{_whose(row)} {_count(window.value)} is below {_count(window.threshold)}"


_TEXTS: Final = {
    Transition.OPENED: _opened, Transition.RESOLVED: _resolved, Transition.WITHDRAWN: _withdrawn,
}  # fmt: skip
_OPENED: Final = {
    Rule.STATIC_RATE: _low_rate, Rule.RELATIVE_RATE: _fallen_rate, Rule.VOLUME_DROP: _low_count,
    Rule.SILENCE: _silence, Rule.COUNT_FLOOR: _low_floor,
}  # fmt: skip


def _measured(row: Row, window: _Window) -> str:
    if row["metric"] in RATES:
        return f"{_percent(window.value)} ({window.k} of {window.n})"
    return _count(window.value)


def _ended(row: Row, window: _Window) -> str:
    opened = _time(row["opened_at"])
    return f"{_span(window.start)}, open since {opened:%Y-%m-%d %H:%M} UTC"


def _whose(row: Row) -> str:
    segment = "" if row["segment"] == "all" else f" in {_shown(row['segment'])}"
    return f"{row['metric']} of {_shown(row['campaign_id'])}{segment}"


def _shown(name: str) -> str:
    """One line, whatever an event said: a line's end would begin another header of a mail."""
    cut = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
    return "".join(one if one.isprintable() else "?" for one in cut)


def _percent(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{100 * value:.{digits}f} %"


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}".removesuffix(".0")


def _chance(value: float | None) -> str:
    return "" if value is None else f" (probability {value:.1e})"


def _span(start: datetime) -> str:
    return f"{start:%H:%M}-{start + WINDOW:%H:%M} UTC"


def _time(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1_000:03d}Z"
    raise TypeError(f"{type(value).__name__} has no canonical form")
