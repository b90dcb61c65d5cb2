"""The newest proof of a lake, kept as a file beside it, so that others than its caller see it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from adlake.proof.kept_file import replace_file


@dataclass(frozen=True)
class RecordedProof:
    """What `adlake verify` printed, and when."""

    at: datetime
    is_good: bool
    lines: Sequence[str]


def record_proof(path: Path, proof: RecordedProof) -> None:
    """Replace the recorded proof; a reader sees the old one or the new one."""
    document = {
        "at": proof.at.astimezone(UTC).isoformat(),
        "is_good": proof.is_good,
        "lines": list(proof.lines),
    }
    replace_file(path, document)


def read_proof(path: Path) -> RecordedProof | None:
    """The recorded proof; None when there is none, or none that can be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return RecordedProof(
            at=datetime.fromisoformat(document["at"]),
            is_good=bool(document["is_good"]),
            lines=[str(line) for line in document["lines"]],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
