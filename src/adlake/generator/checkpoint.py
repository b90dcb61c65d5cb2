"""Where a run of the generator stands, saved atomically; what makes it resumable.

A checkpoint holds the position of the stream (sequence numbers, clock origins, pending deliveries)
and the totals. It is written after the broker acknowledged everything up to that position. Draws
need no state: they follow from the run key. After a kill, the run starts at its last checkpoint and
makes the events after it again, byte for byte; those that had reached the topic already are there
twice as deliveries, once as events, so the truth (a function of the set of events) stays right.

`reserved_until` closes the one gap: a live run that was down jumps over the lost time, but events
that may have been sent before the kill must keep their old times. So a run never sends past the
sequence number its last checkpoint reserved, and a resumed run jumps only after that number.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from adlake.contracts.errors import AdlakeError


class CheckpointError(AdlakeError):
    """A checkpoint that cannot be read, or a run that is already going on."""


@dataclass
class Checkpoint:
    """State of one worker."""

    start_ms: int
    reserved_until: int
    timeline: dict[str, Any] = field(default_factory=dict)
    resent_at_most: int = 0
    detail_bytes: int = 0
    """Length of the detail file that belongs to this position."""
    is_clean: bool = False
    """Nothing was sent after this position."""
    is_finished: bool = False
    topic_id: str = ""
    acks: dict[str, dict[str, int]] = field(default_factory=dict)
    """What this topic acknowledged up to this position, by partition."""
    business: dict[str, Any] = field(default_factory=dict)
    """Position, topic id and acknowledgements of the business events; empty in a run without."""
    campaigns_until_ms: int = -1
    """Campaign updates were sent that were due until then (epoch ms); -1: none yet."""

    @property
    def sent_at_most(self) -> int:
        """Upper bound of the deliveries that reached the topic once."""
        return int(self.timeline.get("deliveries", 0)) if self.is_clean else self.reserved_until

    def save(self, path: Path) -> None:
        """Replace the file at `path` atomically and durably."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        with draft.open("w") as file:
            json.dump(asdict(self), file, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> Checkpoint | None:
        """The checkpoint at `path`, None if there is none; raises CheckpointError."""
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            return None
        except (TypeError, json.JSONDecodeError) as error:
            raise CheckpointError(
                f"{path} is no checkpoint ({error}): start over with --fresh"
            ) from error
