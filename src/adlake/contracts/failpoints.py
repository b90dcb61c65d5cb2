"""Named places where a test makes the job fail, and how the setting `ADLAKE_FAILPOINTS` is written.

Syntax: `[PIPELINE:]NAME=ACTION[@batchN][,...]`, for example `gold.before_publish=kill9@batch3`;
with the name of a pipeline only its batches count. A failpoint fires once per state directory: a
marker file, written before it acts, remembers it across restarts and tells a report that it fired.
`raise_always` fires at every visit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PLACES: Final[Mapping[str, str]] = {
    "stream.before_start": "P0: nothing of this run is logged yet",
    "batch.start": "P1: the batch's offsets are logged, nothing is written",
    "bronze.before_commit": "P1: admitted and counted, nothing is written",
    "bronze.after_commit": "P3: Bronze has the batch, Gold does not",
    "gold.after_fold": "P3: the batch is folded, Gold is not touched",
    "gold.after_append": "P4: new rows are staged, readers do not see them",
    "gold.before_publish": "P4: the whole batch is staged, readers do not see it",
    "rollup.before_commit": "P5: Gold has the batch, its sums by hour do not",
    "gold.after_commit": "P5: both tables have the batch, the job does not know it yet",
    "campaigns.before_merge": "P4: the versions that change are known, none is written",
    "funnel.before_merge": "P4: the events that change are known, none is written",
    "customers.before_events": "P4: the events of customers that change are known, none is written",
    "customers.before_merge": "P4: their events are written, the customers are not",
    "batch.end": "P6: the batch is done, Spark has not logged it",
    "stream.between_batches": "P7: Spark has logged the batch",
    "recovery.start": "P8: Gold is behind Bronze and about to be repaired",
    "recovery.before_commit": "P8: the repair is computed, not written",
    "slots.before_publish": "P8: rows of an older version are moved on a branch, readers see them "
    "where they were",
    "states.before_publish": "P8: rows of some days are made again on a branch, readers see the "
    "older ones",
    "maintenance.before_compaction": "P9: small files are about to be merged",
    "maintenance.after_compaction": "P9: small files are merged, old snapshots still there",
    "maintenance.before_slice": "P9: small files of records are about to be merged",
    "maintenance.after_slice": "P9: files of records are merged, old snapshots still there",
    "maintenance.before_expiry": "P9: old snapshots are about to be forgotten",
    "maintenance.after_expiry": "P9: old snapshots of both tables are gone",
    "maintenance.before_leftovers": "P9: files that no snapshot names are about to be looked for",
    "maintenance.after_leftovers": "P9: those that were old enough are gone",
    "dims.after_load": "P10: one dimension table is filled, the next is not",
    "models.before_publish": "P11: both tables of the models are staged, readers see the old ones",
    "models.between_tables": "P11: readers see the new removal effects, and the old credits",
    "alerts.between_tables": "P11: readers see the new alert log, and the old incidents",
    "budgets.between_tables": "P11: one budget table is written, the next is not",
    "published.before_send": "P11: the lake has rows whose records are not sent",
    "published.after_send": "P11: the broker has the records, the log does not say so",
    "replay.shadow_built": "P11: the shadow is whole, nothing was asked of Gold",
    "replay.before_swap": "P11: the publication or its undo is prepared, readers do not see it",
    "replay.after_swap": "P11: readers see it, the request is still open",
    "producer.after_send": "P12: a chunk of events is sent, not all of it acknowledged",
    "producer.after_ack": "P12: all events are acknowledged, the generator's position is not saved",
}
"""Name -> phase and meaning (the phases of docs/trust.md)."""
OUTSIDE_BATCHES: Final = frozenset({
    "stream.before_start", "recovery.start", "recovery.before_commit", "dims.after_load",
    "replay.shadow_built", "slots.before_publish", "states.before_publish",
})  # fmt: skip
"""Reached before the first batch or in a process without any: a plant with a batch never fires."""
ACTIONS: Final = (
    "kill9", "kill9jvm", "kill9python", "term", "stop", "raise", "raise_always", "sleep",
)  # fmt: skip
"""What io.failpoints can do there."""


class FailpointSyntaxError(ValueError):
    """A setting that plants nothing, or something that would never fire."""


@dataclass(frozen=True)
class Failpoint:
    """One planted fault; `batch_id` None fires at the first visit."""

    name: str
    action: str
    batch_id: int | None
    pipeline: str = ""
    """Empty: any."""

    @property
    def marker(self) -> str:
        """Name of the file that says it fired."""
        prefix = f"{self.pipeline}." if self.pipeline else ""
        return f"{prefix}{self.name}.{self.action}.{self.batch_id}"


def parse(text: str) -> tuple[Failpoint, ...]:
    """Read the setting.

    Raises:
        FailpointSyntaxError: it names the wrong part and what is known instead.
    """
    parts = filter(None, (piece.strip() for piece in text.split(",")))
    return tuple(_parsed(part) for part in parts)


def checked(text: str) -> str:
    """The setting as it is; raises FailpointSyntaxError, see `parse`."""
    parse(text)
    return text


def _parsed(part: str) -> Failpoint:
    place, _, rest = part.partition("=")
    pipeline, _, name = place.rpartition(":")
    action, at, when = rest.partition("@batch")
    if name not in PLACES:
        raise FailpointSyntaxError(f"{part!r} names no place; the places are {', '.join(PLACES)}")
    if action not in ACTIONS:
        raise FailpointSyntaxError(f"{part!r} says no action; actions are {', '.join(ACTIONS)}")
    if not at:
        return Failpoint(name, action, None, pipeline)
    if not (when.isascii() and when.isdigit()):
        raise FailpointSyntaxError(f"{part!r}: write the number of a batch, e.g. @batch3")
    if name in OUTSIDE_BATCHES:
        raise FailpointSyntaxError(
            f"{part!r} would never fire: {name} is not reached within a batch, leave out @batch"
        )
    return Failpoint(name, action, int(when), pipeline)
