"""What the alert log's keeper remembers between two builds, and whether it holds still."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from pyspark.sql import DataFrame

from adlake.alerts.fingerprint import Fingerprint, compared, files_of
from adlake.alerts.spark_baselines import HOUR_MS
from adlake.alerts.spark_moments import EVER, Moments
from adlake.alerts.spark_past import Judged, Past, judge, no_past, past_of
from adlake.contracts.windows import FINAL_MS
from adlake.io.iceberg.table import IcebergTable
from adlake.io.spark.lineage import FrozenFrames

OPEN_MS: Final = 3 * HOUR_MS
"""Windows of the last hours are judged again by each build. Longer than the last verdict on one
takes: a second content of an event may come a while after it, and change what is remembered."""


class Sources(NamedTuple):
    """The tables that the alerts are made of."""

    tables: Mapping[str, IcebergTable]
    pins: Mapping[str, int]

    def frames(self) -> Mapping[str, DataFrame]:
        """Their rows."""
        return {name: table.at(self.pins[name]) for name, table in self.tables.items()}


class Step(NamedTuple):
    """One build."""

    judged: Judged
    moments: Moments
    past: Past
    made_of: Fingerprint | None = None
    """Of windows before `moments.next_ms`; None: nobody asked."""

    @property
    def is_whole(self) -> bool:
        """All windows were judged."""
        return self.moments.from_ms == EVER


def whole(sources: Sources, until_ms: int, frozen: FrozenFrames) -> Step:
    """Judge every window, for once."""
    return _whole(sources.frames(), Moments(until_ms), frozen)


class Memory:
    """Of the windows before a whole hour, what those after it need, and what it was made of.

    In this process alone: after a start all windows are judged once. So they are whenever anything
    changed that windows before that hour were judged by.
    """

    def __init__(self) -> None:
        self._frames = FrozenFrames()
        self._past: Past | None = None
        self._print: Fingerprint | None = None

    def step(self, sources: Sources, until_ms: int, frozen: FrozenFrames) -> Step:
        """Judge what is new, or everything where it has to be.

        Args:
            sources: as they are now.
            until_ms: up to which the topics have been read.
            frozen: lives until the step is taken or given up.
        """
        frames, files = sources.frames(), files_of(sources.tables, sources.pins)
        past, next_ms = self._past, (until_ms - OPEN_MS) // HOUR_MS * HOUR_MS
        if past is not None and until_ms >= past.from_ms + FINAL_MS:
            moments = Moments(until_ms, past.from_ms, max(past.from_ms, next_ms))
            is_same, made_of = compared(frames, files, moments, self._print)
            judged = judge(frames, moments, past, frozen) if is_same else None
            if judged is not None:
                return Step(judged, moments, past, made_of)
        self.forget()
        moments = Moments(until_ms, next_ms=next_ms)
        _, made_of = compared(frames, files, moments, None)
        return _whole(frames, moments, frozen)._replace(made_of=made_of)

    def take(self, step: Step) -> None:
        """Remember what a step came to, once it is written."""
        if step.moments.from_ms < step.moments.next_ms:
            frames = FrozenFrames()
            past = past_of(step.judged, step.moments, step.past, frames)
            self.forget()
            self._frames, self._past = frames, past
        self._print = step.made_of

    def forget(self) -> None:
        """The next build judges every window."""
        self._frames.release()
        self._past = self._print = None


def _whole(frames: Mapping[str, DataFrame], moments: Moments, frozen: FrozenFrames) -> Step:
    past = no_past(next(iter(frames.values())).sparkSession)
    judged = judge(frames, moments, past, frozen)
    assert judged is not None  # noqa: S101 - without a past nothing comes back
    return Step(judged, moments, past)
