"""The benchmark beside other engines: what differs from the law is seen, and told as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adlake.contracts.law import LAW_V1
from benchmarks.peers.child import PEERS
from benchmarks.peers.plain_columns import LACKS
from benchmarks.peers.report import NOTES, TITLES, Found, report_of
from benchmarks.peers.shape import FUTURE_MS, LATE_MS, ROW_COLUMNS, WINDOW_MS
from benchmarks.peers.traffic import SCHEMA, mixed, old_records
from benchmarks.peers.truth import Truth, compare, compare_file
from tests.fixtures.generated_streams import options_with, records_of, timeline_of
from tools.pages import peers, peers_picture


def event(kind: str, number: int, at_ms: int, money: str = "") -> bytes:
    return (
        f'{{"event_id":"{kind[:3]}{number}","event_type":"{kind}","event_timestamp":{at_ms},'
        f'"impression_id":"imp-20260101-{number}","campaign_id":"c1"{money}}}'
    ).encode()


T = 1_790_000_000_000
SHOWN = [event("IMPRESSION", n, T, ',"bid_price":0.5') for n in range(3)]
CLICK = event("CLICK", 1, T + 1_000)
SOLD = event("CONVERSION", 1, T + 2_000, ',"conversion_value":20')


def written(folder: Path, values: list[bytes | None]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    count = len(values)
    columns = {
        "value": values, "kafka_topic": ["t"] * count, "kafka_partition": [0] * count,
        "kafka_offset": range(count), "kafka_key": [None] * count,
        "ingest_ts": [(T + 5_000) * 1_000] * count, "ingest_ms": [T + 5_000] * count,
    }  # fmt: skip
    arrays = [pa.array(columns[one.name], one.type) for one in SCHEMA]
    pq.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA), folder / "0000.parquet")
    return folder


@pytest.fixture
def truth(tmp_path: Path) -> Truth:
    """Three impressions before; a click, a conversion and its repeat, and one that is no event."""
    day = written(tmp_path / "preload" / "day=20260101", [*SHOWN])
    held = pq.read_table(day / "0000.parquet")
    ids = pa.array([f"imp-20260101-{n}" for n in range(3)])
    pq.write_table(held.append_column("impression_id", ids), day / "0000.parquet")
    written(tmp_path / "batches", [CLICK, SOLD, SOLD, b"no event"])
    return Truth(tmp_path)


def test_the_law_is_applied_to_what_came_before_and_in_the_batches(truth: Truth) -> None:
    assert (truth.rows_before, truth.corrected, len(truth.ids)) == (3, 1, 3)
    assert truth.rejected == {"MALFORMED_JSON": 1}
    row = truth.rows["imp-20260101-1"]
    assert tuple(row) == ROW_COLUMNS
    assert (row["cost"], row["revenue"], row["is_converted"]) == (500_000, 20_000_000, True)
    # One that no batch speaks of is compared, too.
    assert len(truth.rows) == 2


def rows_of(truth: Truth) -> list[dict[str, Any]]:
    return [dict(row) for row in truth.rows.values()]


def test_lawful_rows_do_not_differ(truth: Truth) -> None:
    found = compare(truth.rows, rows_of(truth))
    assert (found["compared"], found["differ"], found["by_column"]) == (2, 0, {})


def test_a_conversion_that_counts_twice_is_seen(truth: Truth) -> None:
    rows = rows_of(truth)
    next(row for row in rows if row["is_converted"])["revenue"] = 40_000_000
    found = compare(truth.rows, rows)
    assert (found["differ"], found["by_column"]) == (1, {"revenue": 1})
    assert found["examples"] == [{
        "impression_id": "imp-20260101-1",
        "wanted_and_found": {"revenue": [20_000_000, 40_000_000]},
    }]  # fmt: skip


@pytest.mark.parametrize("name", [name for name in ROW_COLUMNS if name != "impression_id"])
def test_each_column_is_compared(truth: Truth, name: str) -> None:
    rows = rows_of(truth)
    rows[0][name] = "another"
    assert compare(truth.rows, rows)["by_column"] == {name: 1}
    assert compare(truth.rows, rows, lacks=[name])["differ"] == 0


def test_a_row_that_is_missing_or_there_twice_differs(truth: Truth) -> None:
    rows = rows_of(truth)
    assert compare(truth.rows, rows[1:])["missing"] == compare(truth.rows, rows[1:])["differ"] == 1
    twice = compare(truth.rows, [*rows, rows[0]])
    assert (twice["repeated"], twice["differ"]) == (1, 1)


def test_an_impression_that_nobody_spoke_of_is_no_right_row(truth: Truth, tmp_path: Path) -> None:
    rest = [{**row, "impression_id": name} for row in rows_of(truth)[:1] for name in truth.ids
            if name not in truth.rows]  # fmt: skip
    lawful = [*rows_of(truth), *rest]
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(lawful), path)
    assert compare_file(truth, path)["right"]
    pq.write_table(pa.Table.from_pylist([*lawful, {**lawful[0], "impression_id": "other"}]), path)
    found = compare_file(truth, path)
    assert (found["right"], found["differ"], found["unknown_ids"]) == (False, 0, ["other"])


def test_old_records_come_late_or_again() -> None:
    options = options_with("default", rate=1_000.0)
    told = records_of(timeline_of(options), 20_000)
    late, again = old_records(told, 100)
    assert len(late) == len(again) == 50
    assert not late.keys() & {id(one) for one in again}
    assert all(b'"IMPRESSION"' not in (one[1] or b"") for one in [*late.values(), *again])
    new = told[-1_000:]
    records = mixed(new, again)
    assert len(records) == 1_050
    times = [one[2] for one in records]
    # Each has the time of the record before it: late for an event of the past.
    assert [one for one in records if one in new] == new
    assert len({times[n] for n, one in enumerate(records) if one[1] == again[0][1]}) == 1


def test_constants_are_those_of_the_law() -> None:
    assert (
        LAW_V1.attribution_window_ms, LAW_V1.late_tolerance_ms, LAW_V1.future_tolerance_ms,
    ) == (WINDOW_MS, LATE_MS, FUTURE_MS)  # fmt: skip
    assert set(LACKS) < set(ROW_COLUMNS)
    assert set(TITLES) == set(NOTES) == set(PEERS)


def reported(**differ: int) -> dict[str, Any]:
    def one(name: str, seconds: float) -> dict[str, Any]:
        rows = {"compared": 900, "differ": differ.get(name, 0), "unknown": 0,
                "right": not differ.get(name)}  # fmt: skip
        return {"batch_seconds": [seconds] * 2, "batch_cpu_seconds": [seconds] * 2,
                "question_seconds": [0.1], "bytes": 2**20, "rows": rows}  # fmt: skip

    found = Found(
        rounds={"adlake": [one("adlake", 2.0)] * 3, "ducklake": [one("ducklake", 4.0)] * 3},
        preloads={
            name: {"versions": {"v": "1"}, "seconds": 1.0, "bytes": 0}
            for name in ("adlake", "ducklake", "delta")
        },
        failed={"delta": "out of memory"},
    )
    settings = {"batch": 1_000, "rounds": 3, "warm_up": 1}
    traffic = {"rows_before": 5_000, "rows_before_that_batches_speak_of": 40}
    return report_of({"cores": 2}, settings, traffic, found)


def test_the_report_has_medians_and_what_did_not_run() -> None:
    report = reported(ducklake=7)
    assert report["peers"]["adlake"]["median"] == {
        "events_per_second": 500, "batch_seconds": 2.0, "batch_cpu_seconds": 2.0,
        "question_seconds": 0.1, "mib": 1.0,
    }  # fmt: skip
    assert report["peers"]["adlake"]["right"]
    assert not report["peers"]["ducklake"]["right"]
    assert len(report["peers"]["ducklake"]["rounds"]) == 3
    assert report["failed"] == {"delta": "out of memory"}
    assert {"Paimon on Flink", "Hudi"} <= report["not_run"].keys()


def test_the_table_says_who_is_wrong_and_who_was_not_run() -> None:
    told = peers.table(reported(ducklake=7))
    assert "| adlake | 500 | 2.0 | 2.0 | 0.1 | 1.0 | right: 900 compared |" in told
    assert "| **wrong**: 7 of 900 differ |" in told
    assert "- delta failed, and is not in the table." in told
    assert "- Hudi was not run: " in told


def test_faster_is_longer_and_wrong_is_hatched() -> None:
    picture = ElementTree.fromstring(peers_picture.drawn(reported(ducklake=7)))  # noqa: S314
    bars = [one for one in picture.iter() if one.get("class") == "bar"]
    ours, other = (float(str(one.get("width"))) for one in bars)
    assert ours == pytest.approx(2 * other)
    assert [one.get("fill") == "url(#wrong)" for one in bars] == [False, True]
    words = [str(one.text) for one in picture.iter() if one.tag.endswith("text")]
    assert "250 a second, wrong: 7 of 900 differ" in words


def test_nothing_measured_is_said() -> None:
    assert "Not measured yet." in peers_picture.drawn(None)
