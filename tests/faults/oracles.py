"""What must hold after every fault (the oracles of docs/trust.md), asked of the real tables.

O1-O4 are `adlake verify`. Here are those that look at the whole history: every head that Gold ever
showed equals the law over the Bronze prefix that it states (O6), stamps only grow (O7), and no
reader saw a sum that belongs to no head.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from adlake.contracts import stamps
from adlake.contracts.errors import AdlakeError
from adlake.contracts.law import LAW_V1
from adlake.contracts.tables import GOLD_STATE
from adlake.io.lake_reader import LakeReader
from adlake.io.sql_files import TIMESTAMP_UTC
from adlake.io.trino import TrinoClient, connect
from adlake.jobs.proof import Pin
from adlake.jobs.verify import check_sql
from adlake.jobs.verify_pin import Snapshots, gold_snapshots, pin_at, record_snapshots

POLL_SECONDS = 1.0
READS_ON_SECONDS = 60.0
SUMS = "count(*), count(DISTINCT impression_id), sum(revenue), sum(revenue_out_of_window)"


def gold_heads(reader: LakeReader) -> list[int]:
    """Every snapshot that was ever the head of Gold's main branch, oldest first.

    Read from the table's own log: what Trino calls history also lists the steps of a batch on its
    branch, which no reader of main ever saw.
    """
    table = reader.table(GOLD_STATE)
    assert table is not None
    return list(dict.fromkeys(entry.snapshot_id for entry in table.metadata.snapshot_log))


def assert_every_head_is_lawful(trino: TrinoClient, heads: Sequence[int]) -> int:
    """O6: returns how many heads were compared, row by row and column by column; never none."""
    gold, bronze = gold_snapshots(trino), record_snapshots(trino)
    heads = [head for head in heads if _is_stamped(gold, head)]
    assert heads, "Gold has no stamped head: nothing would be compared"
    for head in heads:
        pin, failures = pin_at(head, gold, bronze)
        assert failures == []
        found = trino.one(check_sql("proof/comparison_totals", ("compared_rows",), _values(pin)))
        assert found["differing_rows"] == 0, f"snapshot {head}: {found}"
    return len(heads)


def _is_stamped(snapshots: Snapshots, head: int) -> bool:
    """Nothing but the table's dataless first snapshot carries no stamp."""
    snapshot = snapshots.get(head)
    while snapshot is not None:
        if stamps.NEXT_OFFSETS in (snapshot["summary"] or {}):
            return True
        snapshot = snapshots.get(snapshot["parent_id"])
    return False


def _values(pin: Pin) -> dict[str, Any]:
    return {
        "gold_snapshot": pin.gold_snapshot,
        "bronze_snapshot": pin.bronze_snapshot,
        "attribution_window_ms": LAW_V1.attribution_window_ms,
        "late_tolerance_ms": LAW_V1.late_tolerance_ms,
        "timestamp_utc": TIMESTAMP_UTC["trino"],
        "slice_count": 1,
        "slice": 0,
    }


def assert_stamps_only_grow(trino: TrinoClient, table: str) -> int:
    """O7: no (epoch, batch) twice, offsets never go back; returns the number of stamps."""
    schema, name = table.split(".")
    rows = trino.rows(
        f'SELECT summary FROM {schema}."{name}$snapshots" '
        "WHERE element_at(summary, 'adlake.next-offsets') IS NOT NULL ORDER BY committed_at"
    )
    seen: dict[tuple[str, str], str] = {}
    last: dict[str, dict[str, int]] = {}
    for (summary,) in rows:
        key = (summary[stamps.EPOCH], summary[stamps.BATCH_ID])
        offsets = summary[stamps.NEXT_OFFSETS]
        # Append and MERGE of one Gold batch carry the same stamp, one after the other.
        assert seen.get(key, offsets) == offsets, f"{table}: {key} stamped twice"
        seen[key] = offsets
        now, before = json.loads(offsets), last.get(summary[stamps.TOPIC], {})
        # Each source epoch counts its offsets anew, under a label of its own.
        assert all(now[p] >= offset for p, offset in before.items() if p in now), table
        last[summary[stamps.TOPIC]] = now
    return len(seen)


@dataclass
class PollingReader:
    """Reads Gold's sums over and over, as a dashboard does, while faults happen."""

    trino_port: int
    seen: set[tuple[Any, ...]] = field(default_factory=set)
    polls: int = 0

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> PollingReader:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join(timeout=60)

    def _run(self) -> None:
        while not self._stopping.wait(POLL_SECONDS):
            try:
                with connect(self.trino_port) as client:
                    [row] = client.rows(f"SELECT {SUMS} FROM gold.ad_performance_state")
            except AdlakeError:
                continue  # Trino or the table is away: that is somebody else's test
            self.seen.add(row)
            self.polls += 1

    def assert_reads_on(self, polls: int) -> None:
        """A look succeeded since there were so many, or does so soon."""
        deadline = time.monotonic() + READS_ON_SECONDS
        while self.polls <= polls:
            assert time.monotonic() < deadline, "the reader reads no more"
            time.sleep(POLL_SECONDS / 4)

    def assert_saw_only_heads(self, trino: TrinoClient, heads: Sequence[int]) -> None:
        """Every sum that was read belongs to one head; with O6, to the law."""
        lawful = {
            tuple(row)
            for head in heads
            for row in trino.rows(
                f"SELECT {SUMS} FROM gold.ad_performance_state FOR VERSION AS OF {head}"
            )
        }
        assert self.polls > 0
        assert self.seen <= lawful, f"seen, but of no head: {self.seen - lawful}"


def commit_times(reader: LakeReader) -> list[int]:
    """Epoch ms at which a stamped snapshot became the head that readers of Gold see, oldest first.

    Steps of a batch on its branch do not count: a killed batch leaves some that nobody ever saw.
    """
    table = reader.table(GOLD_STATE)
    assert table is not None
    stamped = {
        one.snapshot_id
        for one in table.metadata.snapshots
        if one.summary is not None and stamps.NEXT_OFFSETS in one.summary.additional_properties
    }
    log = table.metadata.snapshot_log
    return sorted(entry.timestamp_ms for entry in log if entry.snapshot_id in stamped)


def recovery_seconds(faults: Sequence[tuple[int, bool]], commits: list[int]) -> list[float]:
    """From each kill of the driver to the first commit after it that readers of Gold see, sorted.

    `faults` are their moments in epoch ms, oldest first, and whether each killed the driver. A kill
    that the next fault overtook before Gold committed has no time of its own.
    """
    found = []
    for (moment, is_kill), following in zip(faults, [*faults[1:], None], strict=True):
        commit = next((one for one in commits if one > moment + 500), None)
        if is_kill and commit is not None and (following is None or commit < following[0]):
            found.append(round((commit - moment) / 1000, 1))
    return sorted(found)
