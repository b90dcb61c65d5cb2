"""What the last good proof was about: the ground on which the next one may stand.

Kept as a file beside the lake. Whatever is in doubt about it counts as none: then everything is
compared again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from adlake.io.sql.files import SQL_ROOT
from adlake.proof.kept_file import replace_file
from adlake.proof.segment_columns import Segments
from adlake.proof.verdict import OffsetCoverage, Pin, Totals

_PACKAGE = Path(__file__).parents[1]
_JUDGES = (
    *(SQL_ROOT / name for name in ("oracles", "checks", "proof", "fragments")),
    *(_PACKAGE / name for name in ("proof", "contracts", "io/sql", "io/iceberg", "io/trino")),
)


@dataclass(frozen=True)
class ProvenTable:
    """Another table that was proven along: at which snapshots, under what, and what it holds."""

    basis: str
    rows: int


@dataclass(frozen=True)
class Baseline:
    """Everything that a proof found, at the snapshots that it was about."""

    at: str
    """When, in words of ISO 8601."""
    judge: str
    """Fingerprint of the code and SQL that judged."""
    law: str
    """All constants of the law that it was judged by."""
    pin: Pin
    partitions: Sequence[OffsetCoverage]
    admitted: int
    rejected: Mapping[str, int]
    totals: Totals
    segments: Segments
    campaign_sums: Sequence[Mapping[str, Any]] | None = None
    """Over Gold; None: nobody asked for them."""
    tables: Mapping[str, ProvenTable] = field(default_factory=dict)


def fingerprint() -> str:
    """Of everything in this version that decides whether a lake is good."""
    digest = hashlib.sha256()
    files = (file for folder in _JUDGES for file in sorted(folder.rglob("*")))
    for file in (one for one in files if one.suffix in {".sql", ".py"}):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Replace the kept one; a reader sees the old one or the new one."""
    document = asdict(baseline) | {
        "segments": [[*place, first] for place, first in baseline.segments.firsts.items()],
        "segment_columns": baseline.segments.are_columns,
    }
    replace_file(path, document)


def read_baseline(path: Path) -> Baseline | None:
    """The kept one; None when there is none, or none that this version can read."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        firsts = {(topic, partition): first for topic, partition, first in told["segments"]}
        return Baseline(
            at=str(told["at"]),
            judge=str(told["judge"]),
            law=str(told["law"]),
            pin=_pin(told["pin"]),
            partitions=[OffsetCoverage(**one | {"lost_ranges": ()}) for one in told["partitions"]],
            admitted=int(told["admitted"]),
            rejected=dict(told["rejected"]),
            totals=Totals(**told["totals"]),
            segments=Segments(firsts, bool(told["segment_columns"])),
            campaign_sums=told["campaign_sums"],
            tables={name: ProvenTable(**one) for name, one in told["tables"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _pin(told: Mapping[str, Any]) -> Pin:
    offsets = {
        name: {int(partition): offset for partition, offset in told[name].items()}
        for name in ("next_offsets", "start_offsets")
    }
    return Pin(**{**told, **offsets})
