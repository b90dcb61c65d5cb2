"""What the law says of the rows, in its plain Python form, and how a peer's rows differ from it.

Compared are all columns of every impression that a batch spoke of, and of each hundredth other one;
of the rest it is counted that each has one row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from adlake.attribution.law.admission import Rejected, admit
from adlake.attribution.law.rules import AdmittedDelivery, delivery_of, project, states_of
from benchmarks.peers.shape import ROW_COLUMNS, batch_files

SAMPLED_OF: Final = 100
"""Of so many impressions that no batch speaks of, one is compared."""
_SHOWN: Final = 3
"""Rows that are told as examples."""
Row = Mapping[str, Any]


class Truth:
    """Rows as they must be after all batches.

    `corrected`: rows of the preload that a batch spoke of; `rejected`: of the batches, by reason.
    """

    def __init__(self, traffic: Path) -> None:
        self.rejected: Counter[str] = Counter()
        deliveries = list(self._of_batches(traffic))
        spoken_of = {one.impression_id for one in deliveries}
        history = ds.dataset(traffic / "preload", format="parquet", partitioning="hive")
        known = set(history.to_table(columns=["impression_id"])["impression_id"].to_pylist())
        sampled = sorted(known - spoken_of)[::SAMPLED_OF]
        compared = pa.array([*spoken_of, *sampled])
        wanted = ds.field("impression_id").isin(compared)
        told = history.to_table(columns=["value", "ingest_ms"], filter=wanted)
        deliveries += admitted(told, Counter())
        self.rows_before = len(known)
        self.corrected = len(known & spoken_of)
        self.ids = known | spoken_of
        self.rows = rows_by_law(deliveries)

    def _of_batches(self, traffic: Path) -> Iterator[AdmittedDelivery]:
        for path in batch_files(traffic):
            yield from admitted(pq.read_table(path, columns=["value", "ingest_ms"]), self.rejected)


def admitted(records: pa.Table, rejected: Counter[str]) -> list[AdmittedDelivery]:
    """The deliveries that pass the law's section 2; the reasons of the others are counted."""
    found = []
    times = records["ingest_ms"].to_pylist()
    for number, value in enumerate(records["value"].to_pylist()):
        ingest_ms = times[number]
        verdict = admit(value, ingest_ms)
        if isinstance(verdict, Rejected):
            rejected[str(verdict.reason)] += 1
        else:
            found.append(delivery_of(verdict, ingest_ms, "ad_events", 0, number))
    return found


def rows_by_law(deliveries: Iterable[AdmittedDelivery]) -> dict[str, Row]:
    """impression_id -> its row, in the form of ROW_COLUMNS."""
    rows = (project(key, state) for key, state in states_of(deliveries).items())
    return {row.impression_id: asdict(row) for row in rows if row is not None}


def compare_file(truth: Truth, path: Path, lacks: Collection[str] = ()) -> dict[str, Any]:
    """A peer's rows, as it wrote them, against the truth; `lacks`: columns it does not have."""
    found = pq.read_table(path)
    # Not every engine may give a column another column's name.
    found = found.rename_columns([name.removesuffix("_") for name in found.column_names])
    chosen = found.filter(ds.field("impression_id").isin(pa.array(list(truth.rows))))
    facts = compare(truth.rows, chosen.select(list(ROW_COLUMNS)).to_pylist(), lacks)
    ids = found["impression_id"].to_pylist()
    unknown = sorted(set(ids) - truth.ids)
    whole = {"rows": len(ids), "rows_wanted": len(truth.ids), "unknown": len(unknown)}
    right = facts["differ"] == 0 and not unknown and len(ids) == len(truth.ids)
    return {**facts, **whole, "unknown_ids": unknown[:_SHOWN], "right": right}


def compare(
    wanted: Mapping[str, Row], found: Iterable[Row], lacks: Collection[str] = ()
) -> dict[str, Any]:
    """How many rows differ from the law, of which columns, and how.

    Args:
        wanted: by impression_id.
        found: rows of these impressions, of each one or more or none.
        lacks: columns that are not compared.

    Returns:
        `compared` impressions; `differ`: rows that are not as they must be, missing or there once
        more; by column; a few of them.
    """
    names = [name for name in ROW_COLUMNS if name not in lacks]
    columns: Counter[str] = Counter()
    examples: list[dict[str, Any]] = []
    seen: Counter[str] = Counter()
    wrong = 0
    for row in found:
        key = row["impression_id"]
        seen[key] += 1
        differing = [name for name in names if row[name] != wanted[key][name]]
        wrong += bool(differing)
        columns.update(differing)
        if differing and len(examples) < _SHOWN:
            of = {name: [wanted[key][name], row[name]] for name in differing}
            examples.append({"impression_id": key, "wanted_and_found": of})
    missing = len(wanted.keys() - seen.keys())
    repeated = sum(count - 1 for count in seen.values())
    return {
        "compared": len(wanted), "differ": wrong + missing + repeated, "missing": missing,
        "repeated": repeated, "by_column": dict(columns.most_common()), "examples": examples,
    }  # fmt: skip
