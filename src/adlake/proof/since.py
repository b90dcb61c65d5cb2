"""Compares what came and changed since the last good proof; the rest was proven then.

A failure here says that something is wrong. Which rows, a comparison of everything says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adlake.contracts.tables import BRONZE_COLUMNS
from adlake.io.sql.files import SqlText, SqlValue, bind, sql_text
from adlake.io.trino.client import TrinoClient
from adlake.proof.gold_check import check_values, summed
from adlake.proof.increment import Increment
from adlake.proof.offset_coverage import partition_coverages
from adlake.proof.records import dispositions
from adlake.proof.relations import TOUCHED
from adlake.proof.segment_columns import Segments, first_segments
from adlake.proof.slices import Slice, each_slice, slice_count
from adlake.proof.verdict import Failure, LakeFacts, OffsetCoverage, Totals
from adlake.proof.whole import Asked, Compared, count_failures, judged_offsets


def compare_since(asked: Asked, increment: Increment) -> Compared:
    """What the proof before found, and what changed; nothing is read where nothing changed."""
    proven = increment.proven
    if increment.is_nothing:
        coverages, failures = judged_offsets(asked, proven.partitions)
        facts = LakeFacts(asked.pin, coverages, proven.admitted, proven.rejected, proven.totals)
        return Compared(facts, proven.segments, 0, failures)
    part = increment.new_records
    with asked.phases.timed("offsets"):
        came = partition_coverages(asked.trino, asked.pin, part)
        coverages, failures = judged_offsets(asked, joined(proven.partitions, came))
    new_rows = sum(one.bronze_rows for one in came)
    moved_rows, moved_failures = _moved_records(asked, increment)
    failures += moved_failures
    if new_rows + moved_rows != increment.bronze.added_rows:
        problem = (
            f"files with {increment.bronze.added_rows:,} rows were added to Bronze; of them "
            f"{moved_rows:,} rows were there before, and {new_rows:,} rows lie behind the offsets "
            "that were proven"
        )
        failures.append(Failure(problem))
    with asked.phases.timed("verdicts"):
        admitted, rejected = dispositions(asked.trino, asked.pin, part)
        segments = first_segments(asked.trino, asked.pin.bronze_snapshot, part)
        segments = segments.after(proven.segments)
    totals, slices, gold_failures = _gold(asked, increment, segments, new_rows)
    facts = LakeFacts(
        asked.pin, coverages, proven.admitted + admitted,
        dict(Counter(proven.rejected) + Counter(rejected)), totals,
    )  # fmt: skip
    return Compared(facts, segments, slices, [*failures, *gold_failures, *count_failures(facts)])


def _moved_records(asked: Asked, increment: Increment) -> tuple[int, list[Failure]]:
    """Records that maintenance wrote to other files: how many, and whether they are the same."""
    if not increment.bronze.before:
        return 0, []
    columns = SqlText(", ".join(BRONZE_COLUMNS))
    values = increment.values() | {"bronze_snapshot": asked.pin.bronze_snapshot, "columns": columns}
    with asked.phases.timed("merged records"):
        found = asked.trino.one(bind(sql_text("proof/moved_records"), values))
    before, now = ((found[f"rows_{when}"], found[f"content_{when}"]) for when in ("before", "now"))
    if before == now and before[0]:
        return int(now[0]), []
    problem = f"{before[0]:,} records were proven in files of Bronze that are gone; {now[0]:,} came"
    return int(now[0]), [Failure(f"{problem} in their place, and are not the same")]


def joined(
    proven: Sequence[OffsetCoverage], came: Sequence[OffsetCoverage]
) -> list[OffsetCoverage]:
    """Offsets that were proven, and others that came: none of these lies among those."""
    found = {(one.topic, one.partition): one for one in proven}
    for one in came:
        place = (one.topic, one.partition)
        earlier = found.get(place)
        found[place] = one if earlier is None else replace(
            earlier,
            next_offset=max(earlier.next_offset, one.next_offset),
            bronze_rows=earlier.bronze_rows + one.bronze_rows,
            distinct_offsets=earlier.distinct_offsets + one.distinct_offsets,
        )  # fmt: skip
    return [found[place] for place in sorted(found)]


def _gold(
    asked: Asked, increment: Increment, segments: Segments, new_rows: int
) -> tuple[Totals, int, list[Failure]]:
    """Totals over all of Gold, in how many slices the touched part was compared, what is wrong."""
    values = check_values(asked.pin, asked.law, 1) | segments.values() | increment.values()
    values["row_limit"] = asked.rows_shown
    with asked.phases.timed("invariants"):
        failures = [
            Failure(f"a file of Gold that came or changed fails {name}", rows)
            for name, relations in (("gold_invariants", ()), ("gold_slots", ("impressions",)))
            if (rows := asked.trino.records(TOUCHED.query(f"checks/{name}", relations, values)))
        ]
        held = _row(asked.trino, "proof/rows_of_files", (), values)
    for paths, found in ((increment.gold.before, "rows_before"), (increment.gold.now, "rows_now")):
        if paths and not held[found]:
            failures.append(Failure(f"{len(paths):,} files of Gold are not found by their path"))
    rows = new_rows + held["rows_before"] + held["rows_now"]
    totals, slices, slice_failures = _slices(asked, increment.proven.totals, values, rows)
    failures += slice_failures
    if held["all_rows"] != totals.gold_rows:
        problem = f"Gold holds {held['all_rows']:,} rows, and should hold {totals.gold_rows:,}"
        failures.append(Failure(problem))
    if not totals.is_conserved:
        failures.append(Failure("revenue is not the sum over distinct conversions"))
    return totals, slices, failures


def _slices(
    asked: Asked, totals: Totals, values: dict[str, SqlValue], rows: int
) -> tuple[Totals, int, list[Failure]]:
    """Touched impressions, slice by slice: the totals with them, how many slices, what is wrong."""

    def read(part: Slice) -> tuple[dict[str, Any], dict[str, Any]]:
        told = {**values, **part.values()}
        now = _row(asked.trino, "proof/slice_totals", ("stored_rows", "expected_rows"), told)
        return now, _row(asked.trino, "proof/proven_totals", ("proven_rows",), told)

    slices, failures = 0, []
    with asked.phases.timed("slices"):
        for share, (now, before) in each_slice(slice_count(rows, asked.rows_per_slice), read):
            slices += 1
            unequal_rows = int(now.pop("unequal_rows"))
            if unequal_rows or now["inexact_headers"]:
                failures.append(Failure(f"{unequal_rows:,} touched rows are not as they must be"))
            totals = moved(totals, before, now)
            asked.report(f"{share:.0%} of the touched impressions")
    return totals, slices, failures


def moved(totals: Totals, before: Mapping[str, Any], now: Mapping[str, Any]) -> Totals:
    """Totals in which a slice of touched impressions stands as it is now, not as it was proven.

    Among the deliveries of now each proven event stands once for all those that gave it.
    """
    taken = {name: -int(value) for name, value in before.items()}
    taken |= {"deliveries": -int(before["events"]), "expected_rows": -int(before["gold_rows"])}
    return summed(summed(totals, Totals(**taken)), Totals(**{k: int(v) for k, v in now.items()}))


def _row(
    trino: TrinoClient, name: str, relations: Sequence[str], values: Mapping[str, SqlValue]
) -> dict[str, Any]:
    return trino.one(TOUCHED.query(name, relations, values))
