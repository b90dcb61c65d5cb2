"""The right answer, kept by the one who made the events.

Format: one directory per run and worker under `$ADLAKE_HOME/truth/`, named
`run-<seed>-<tag>-<start>`; in it `truth.json`, one JSON object replaced atomically at every
checkpoint, and with `--truth-detail` also `deliveries.jsonl`, one object per delivery sent.

`truth.json` is complete for the first `deliveries` deliveries of its run, all of them acknowledged
by the broker when it is written. Members are those of `Truth`; `totals` and each value of
`by_campaign` are objects of `Counters`. Money is integer micros.

What may be compared with the lake:
- Everything in `totals` and `by_campaign` is a function of the SET of events, so it also holds when
  some deliveries reached the topic twice. Compare exactly, once the generator has stopped (or has
  written a newer file) and the lake contains all offsets.
- `deliveries`, `admitted` and `rejected` count deliveries, and equal the topic's exactly while
  `resent_at_most` is 0; a run that was killed sends up to that many deliveries a second time.
- `acks` says by partition of the topic `topic_id` how many records the broker acknowledged, the
  first offset after them, and how often an offset came a second time: `adlake producers` holds the
  broker and Bronze against it. A run that was killed may have sent more than it says, never less.
- Each run has its own impression ids: sum over runs. A campaign counts by the row's donor (the
  impression, or the first click of an orphan).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, TypeVar

from adlake.contracts.errors import AdlakeError
from adlake.io.kafka.acks import PartitionAcks

Read = TypeVar("Read")
FORMAT_VERSION: Final = 1
FILE_NAME: Final = "truth.json"
DETAIL_NAME: Final = "deliveries.jsonl"


class TruthError(AdlakeError):
    """A truth file that cannot be read."""


@dataclass
class Counters:
    """Expected sums over Gold rows; `orphan_*` are the rows without an impression."""

    rows: int = 0
    impressions: int = 0
    """Rows with an impression."""
    clicked: int = 0
    """Rows with a click, orphans included; likewise below."""
    converted: int = 0
    cost_micros: int = 0
    revenue_micros: int = 0
    """Attributed revenue."""
    out_of_window_micros: int = 0
    """Value of all other admitted conversions (no click, before click, out of window, repeat)."""
    conversions: int = 0
    """Distinct admitted conversions; their value is revenue + out of window."""
    conversion_micros: int = 0
    orphan_rows: int = 0
    orphan_clicked: int = 0
    orphan_converted: int = 0
    orphan_revenue_micros: int = 0

    def add(self, other: Counters, sign: int = 1) -> None:
        """Add (or with sign -1 take away) another set of counters."""
        for name in COUNTER_NAMES:
            setattr(self, name, getattr(self, name) + sign * getattr(other, name))


COUNTER_NAMES: Final = tuple(item.name for item in fields(Counters))


@dataclass
class Truth:
    """What the lake must say about one run of the generator."""

    run_id: str
    seed: int
    worker: int
    workers: int
    start_ms: int
    topic: str
    options: dict[str, Any]
    deliveries: int = 0
    """Deliveries sent; the file is complete for the sequence numbers below it."""
    admitted: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    """Deliveries by reject reason."""
    faults: dict[str, int] = field(default_factory=dict)
    """Deliveries that a fault profile made or changed."""
    resent_at_most: int = 0
    is_finished: bool = False
    """A bounded run reached its end; otherwise more deliveries may follow."""
    totals: Counters = field(default_factory=Counters)
    by_campaign: dict[str, Counters] = field(default_factory=dict)
    topic_id: str = ""
    acks: dict[int, PartitionAcks] = field(default_factory=dict)
    """By partition; empty in files of older versions."""
    format_version: int = FORMAT_VERSION


def write_truth(truth: Truth, directory: Path) -> None:
    """Replace `truth.json` in `directory` atomically."""
    replace_json(asdict(truth), directory / FILE_NAME)


def replace_json(content: dict[str, Any], target: Path) -> None:
    """Write a file of truth whole, one member a line, or leave the one before."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.draft")
    members = ",\n".join(f" {json.dumps(name)}: {json.dumps(one)}" for name, one in content.items())
    draft.write_text(f"{{\n{members}\n}}\n")
    draft.replace(target)


def read_runs(
    truth_dir: Path, name: str, format_version: int, made: Callable[[dict[str, Any]], Read]
) -> list[Read]:
    """What `made` makes of each run's file of this name, by run id.

    Raises:
        TruthError: a file is none of ours, or of another format.
    """
    return [_read(path, format_version, made) for path in sorted(truth_dir.glob(f"*/{name}"))]


def _read(path: Path, format_version: int, made: Callable[[dict[str, Any]], Read]) -> Read:
    try:
        raw = json.loads(path.read_text())
        if raw["format_version"] != format_version:
            raise TruthError(f"{path}: format {raw['format_version']}, expected {format_version}")
        return made(raw)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise TruthError(f"{path} is no truth file: {error}") from error


def load_truth(truth_dir: Path) -> list[Truth]:
    """Every run's truth below `truth_dir`, by run id; empty without any. Raises TruthError."""
    return read_runs(truth_dir, FILE_NAME, FORMAT_VERSION, _truth_of)


def sum_counters(parts: Iterable[Counters]) -> Counters:
    """Element-wise sum."""
    total = Counters()
    for part in parts:
        total.add(part)
    return total


def _truth_of(raw: dict[str, Any]) -> Truth:
    raw["totals"] = Counters(**raw["totals"])
    raw["by_campaign"] = {key: Counters(**value) for key, value in raw["by_campaign"].items()}
    raw["acks"] = {int(key): PartitionAcks(**acks) for key, acks in raw.get("acks", {}).items()}
    return Truth(**raw)
