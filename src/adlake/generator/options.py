"""What a run of the generator is asked to do, and the identity that follows from it."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from adlake.contracts.errors import AdlakeError
from adlake.generator.faults import DEFAULT_SHARES
from adlake.generator.scenario import Scenario

DEFAULT_HISTORY_EVENTS: Final = 200_000
_UNITS_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class OptionsError(AdlakeError):
    """An option with a value that makes no sense."""


@dataclass(frozen=True)
class GeneratorOptions:
    """One worker's orders. Durations in milliseconds, rates in events per second."""

    seed: int = 42
    rate: float = 1_000.0
    faults: dict[str, float] = field(default_factory=lambda: dict(DEFAULT_SHARES))
    history_ms: int = 0
    history_events: int = 0
    start_at_ms: int | None = None
    daily_rhythm: bool = False
    worker: int = 0
    workers: int = 1
    events: int | None = None
    duration_ms: int | None = None
    paced: bool = True
    drain: bool = False
    truth_detail: bool = False
    fresh: bool = False
    scenario: Scenario | None = None

    def __post_init__(self) -> None:
        if not 0.001 <= self.rate <= 10_000_000:
            raise OptionsError(f"rate {self.rate}: give events per second, 0.001 to 10,000,000")
        if self.history_ms and not self.history_events:
            object.__setattr__(self, "history_events", DEFAULT_HISTORY_EVENTS)
        if self.history_events and not self.history_ms:
            raise OptionsError("--history-events needs --history, e.g. --history 24h")
        if self.workers < 1:
            raise OptionsError(f"processes {self.workers}: at least 1")

    @property
    def milli_rate(self) -> int:
        """Events per 1,000 seconds."""
        return round(self.rate * 1_000)

    def identity(self) -> dict[str, Any]:
        """Everything that decides the events, except the start moment.

        Bounds, pacing and what is written beside the events do not: they only cut the stream.
        """
        if self.scenario is None:
            return self._draws()
        return {**self._draws(), "scenario": self.scenario.identity()}

    def _draws(self) -> dict[str, Any]:
        """Everything that decides what is drawn: a scenario leaves out, and draws nothing anew."""
        return {
            "format": 1,
            "seed": self.seed,
            "milli_rate": self.milli_rate,
            "faults": dict(sorted(self.faults.items())),
            "history_ms": self.history_ms,
            "history_events": self.history_events,
            "start_at_ms": self.start_at_ms,
            "daily_rhythm": self.daily_rhythm,
            "worker": self.worker,
            "workers": self.workers,
        }

    def digest(self) -> str:
        """Names the state of this run on disk."""
        return _digest(self.identity())

    def run_key(self, start_ms: int) -> bytes:
        """Seeds every draw of the run that started at `start_ms`."""
        return json.dumps({**self._draws(), "start_at_ms": start_ms}).encode()

    def run_tag(self, start_ms: int) -> str:
        """Six hex digits in every id of the run: keeps runs and workers apart."""
        return _digest({**self.identity(), "start_at_ms": start_ms})[:6]

    def for_worker(self, worker: int) -> GeneratorOptions:
        """This worker's part of the orders: an equal share of rate, history and events."""
        return replace(
            self,
            worker=worker,
            rate=self.rate / self.workers,
            history_events=_part(self.history_events, worker, self.workers),
            history_ms=self.history_ms,
            events=None if self.events is None else _part(self.events, worker, self.workers),
        )


def _digest(identity: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]


def _part(total: int, worker: int, workers: int) -> int:
    return total // workers + (1 if worker < total % workers else 0)


def parse_duration_ms(text: str) -> int:
    """`90s`, `10m`, `24h`, `7d`, `500ms` to milliseconds; raises OptionsError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", text.strip())
    if match is None:
        raise OptionsError(f"duration {text!r}: write a number and ms, s, m, h or d, e.g. 24h")
    duration_ms = float(match[1]) * _UNITS_MS[match[2]]
    if not math.isfinite(duration_ms):
        raise OptionsError(
            f"duration {text[:20]!r}... is too long to be counted: give a shorter one"
        )
    return round(duration_ms)


def parse_start_ms(text: str) -> int:
    """An ISO 8601 instant (UTC unless it says otherwise) to epoch ms; raises OptionsError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise OptionsError(f"start {text!r}: write an instant like 2026-01-31T12:00:00Z") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000)
