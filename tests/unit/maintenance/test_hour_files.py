"""Which small files of which hours make the next slice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adlake.contracts.compaction import RECORD_FILES, HourFiles, SmallFiles
from adlake.contracts.registry import spec_of
from adlake.contracts.tables import BRONZE_EVENTS
from adlake.io.iceberg.rewriting import Rewritten
from adlake.maintenance import hour_files
from adlake.maintenance.hour_files import Found, Slice, hours_sql, merge_slice, next_slice

OPEN, CLOSED = SmallFiles(8, 40), SmallFiles(64, 8)
PLAN = HourFiles("partition_ts", 128, open=OPEN, closed=CLOSED, open_hours=2)
NOW = 490_000


def quiet(hour: int, files: int, each: int = 1) -> Found:
    """An hour that has files of one size, small by any measure."""
    return Found(hour, files, files * each, files, files * each)


def chosen(*found: Found, most_files: int = 200, most_bytes: int = 10_000) -> Slice | None:
    return next_slice(found, PLAN, NOW, most_files, most_bytes)


def test_an_empty_table_and_hours_of_few_files_are_left_alone() -> None:
    assert chosen() is None
    assert chosen(quiet(NOW, 39), quiet(NOW - 1, 39), quiet(NOW - 2, 7)) is None


@pytest.mark.parametrize(
    ("hour", "files", "small"), [(NOW - 1, 40, OPEN), (NOW - 2, 8, CLOSED), (NOW, 40, OPEN)]
)
def test_the_newest_hours_are_open_and_need_more_files(
    hour: int, files: int, small: SmallFiles
) -> None:
    found = chosen(quiet(NOW, files if hour == NOW else 1), quiet(hour, files))
    assert found is not None
    assert (found.hours[0], found.small) == (hour, small)


def test_the_newest_hour_of_the_table_counts_not_the_clock() -> None:
    found = chosen(quiet(5, 39), quiet(2, 8))
    assert found == Slice((2,), CLOSED, 200)


def test_a_producer_whose_clock_is_ahead_closes_no_hour() -> None:
    assert chosen(quiet(NOW, 39), quiet(NOW + 600_000, 1)) is None
    assert chosen(quiet(NOW, 1), quiet(NOW + 600_000, 40)) == Slice((NOW + 600_000,), OPEN, 200)
    assert chosen(quiet(NOW + 5, 8), quiet(NOW + 9, 1)) == Slice((NOW + 5,), CLOSED, 200)


def test_files_that_a_merge_of_an_open_hour_made_are_not_merged_with_each_slice() -> None:
    merged = Found(NOW, open_files=1, open_bytes=1, closed_files=50, closed_bytes=50 * 20)
    assert chosen(merged) is None
    later = next_slice([merged, quiet(NOW + 2, 1)], PLAN, NOW + 2, 200, 10_000)
    assert later == Slice((NOW,), CLOSED, 200), "once it is closed they are"


def test_one_kind_of_hours_a_time_the_one_with_more_files() -> None:
    closed, both = quiet(NOW - 9, 30), (quiet(NOW, 50), quiet(NOW - 9, 30))
    assert chosen(*both) == Slice((NOW,), OPEN, 200)
    assert chosen(*both, quiet(NOW - 8, 30)) == Slice((NOW - 9, NOW - 8), CLOSED, 200)
    assert chosen(quiet(NOW, 1), closed) == Slice((NOW - 9,), CLOSED, 200)


def test_a_slice_has_so_many_files_and_bytes_and_the_fullest_hours_come_first() -> None:
    hours = [quiet(NOW, 1), quiet(10, 9), quiet(11, 12), quiet(12, 10), quiet(13, 8)]
    assert chosen(*hours) == Slice((11, 12, 10, 13), CLOSED, 200)
    assert chosen(*hours, most_files=22) == Slice((11, 12), CLOSED, 22)
    assert chosen(*hours, most_bytes=20) == Slice((11, 13), CLOSED, 200)


def test_an_hour_that_is_more_than_a_slice_is_merged_in_parts() -> None:
    assert chosen(quiet(NOW, 500)) == Slice((NOW,), OPEN, 200)
    assert chosen(quiet(NOW, 1), quiet(3, 40, each=50), most_bytes=500) == Slice((3,), CLOSED, 10)
    huge = chosen(quiet(NOW, 1), quiet(3, 40, each=50), most_bytes=60)
    assert huge == Slice((3,), CLOSED, 2), "two files are the least that can be merged"


def test_the_condition_names_whole_hours_and_joins_neighbours() -> None:
    assert hours_sql((0, 25, 1), "t") == (
        "(t >= TIMESTAMP '1970-01-01 00:00:00+00:00' AND t < TIMESTAMP '1970-01-01 02:00:00+00:00')"
        " OR "
        "(t >= TIMESTAMP '1970-01-02 01:00:00+00:00' AND t < TIMESTAMP '1970-01-02 02:00:00+00:00')"
    )


@pytest.mark.parametrize(
    ("is_behind", "files", "below"),
    [(False, 17, CLOSED.below_bytes), (True, 40, OPEN.below_bytes)],
)
def test_a_stream_that_is_behind_merges_the_smallest_files_alone(
    monkeypatch: pytest.MonkeyPatch, is_behind: bool, files: int, below: int
) -> None:
    mebibyte, told = 1 << 20, []
    found = Found(NOW - 9, 60, 48 * mebibyte, 60, 448 * mebibyte)
    monkeypatch.setattr(hour_files, "small_files", lambda *_: [found, quiet(NOW, 1)])

    def rewrite(_session: object, _name: str, options: dict[str, str], *_: str) -> Rewritten:
        told.append(options)
        return Rewritten(2, 1)

    monkeypatch.setattr(hour_files, "rewrite_files", rewrite)
    spec = replace(spec_of(BRONZE_EVENTS), compaction=replace(RECORD_FILES, hours=PLAN))
    nothing: Any = None
    merge_slice(nothing, spec, is_behind=is_behind)
    [options] = told
    assert options["max-files-to-rewrite"] == str(files)
    assert options["min-file-size-bytes"] == str(below)
