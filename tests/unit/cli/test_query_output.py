"""How results look: exact for programs, rounded for people, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import pytest

from adlake.contracts.output_format import OutputFormat
from adlake.io.output import (
    TABLE_ROW_LIMIT,
    OutputFileError,
    inert,
    write_csv,
    write_json,
    write_result,
    write_table,
)
from adlake.io.trino.client import QueryResult

MOMENT = datetime(2026, 11, 1, 12, 0, 0, 1_000, tzinfo=timezone(timedelta(hours=2)))
ROW = (
    "c1", 1_234_567, Decimal("0.1000000000000000000000000000001"), None, True, MOMENT,
    date(2026, 1, 2), b"\x00\xff", {"k": [Decimal("1.50")]},
)  # fmt: skip
COLUMNS = tuple("abcdefghi")


def result(*rows: tuple[Any, ...], columns: tuple[str, ...] = COLUMNS) -> QueryResult:
    return QueryResult(columns, iter(rows))


def written(
    write: Callable[[QueryResult, TextIO], None],
    *rows: tuple[Any, ...],
    columns: tuple[str, ...] = COLUMNS,
) -> str:
    stream = io.StringIO()
    write(result(*rows, columns=columns), stream)
    return stream.getvalue()


def test_json_keeps_every_digit() -> None:
    assert json.loads(written(write_json, ROW)) == [{
        "a": "c1", "b": 1_234_567, "c": "0.1000000000000000000000000000001", "d": None,
        "e": True, "f": "2026-11-01T10:00:00.001000Z", "g": "2026-01-02", "h": "00ff",
        "i": {"k": ["1.50"]},
    }]  # fmt: skip


def test_json_of_no_rows_is_an_empty_array() -> None:
    assert json.loads(written(write_json)) == []
    assert len(json.loads(written(write_json, ROW, ROW))) == 2


def test_csv_keeps_every_digit_and_null_is_empty() -> None:
    header, row = csv.reader(io.StringIO(written(write_csv, ROW)))
    assert header == list(COLUMNS)
    assert row == [
        "c1", "1234567", "0.1000000000000000000000000000001", "", "true",
        "2026-11-01T10:00:00.001000Z", "2026-01-02", "00ff", '{"k": ["1.50"]}',
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_csv_text_cannot_be_a_formula(text: str) -> None:
    assert inert(text) == f"'{text}"
    ((cell,), (value,)) = csv.reader(
        io.StringIO(written(write_csv, (text,), columns=(text,)), newline="")
    )
    assert cell == value == f"'{text}"


def test_csv_numbers_stay_numbers() -> None:
    text = written(write_csv, (Decimal("-1.5"), -2, "-x"), columns=("a", "b", "c"))
    assert text == "a,b,c\n-1.5,-2,'-x\n"


def test_csv_survives_separators_and_line_ends() -> None:
    value = 'a,"b"\nc'
    (_, (cell,)) = csv.reader(io.StringIO(written(write_csv, (value,), columns=("a",))))
    assert cell == value


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        ("snapshot_id", "7290123456789012345"), ("parent_id", "7290123456789012345"),
        ("ID", "7290123456789012345"), ("gold_snapshot", "7290123456789012345"),
        ("kafka_offset", "7290123456789012345"), ("rows", "7,290,123,456,789,012,345"),
        ("snapshots", "7,290,123,456,789,012,345"), ("paid", "7,290,123,456,789,012,345"),
    ],
)  # fmt: skip
def test_a_number_that_names_something_is_shown_as_it_is_typed(column: str, shown: str) -> None:
    table = written(write_table, (7_290_123_456_789_012_345,), columns=(column,))
    assert table.split()[-1] == shown


def test_table_rounds_and_shows_control_characters() -> None:
    text = written(write_table, ROW, (Decimal("2.5"), "\x1b[31m", "[b]x[/b]", *ROW[3:]))
    assert "1,234,567" in text
    assert "0.10 " in text
    assert "2026-11-01 10:00:00" in text
    assert r"\x1b[31m" in text
    assert "\x1b" not in text
    assert "[b]x[/b]" in text


def test_table_is_cut_with_a_hint() -> None:
    rows = [(number,) for number in range(TABLE_ROW_LIMIT + 1)]
    assert "--format csv has all" in written(write_table, *rows, columns=("n",))
    assert "--format csv" not in written(write_table, *rows[:-1], columns=("n",))
    assert "no rows" in written(write_table, columns=("n",))


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    write_result(result(ROW), OutputFormat.CSV, target)
    assert target.read_text().startswith("a,b,c")
    with pytest.raises(OutputFileError, match="cannot write"):
        write_result(result(ROW), OutputFormat.CSV, tmp_path / "missing" / "out.csv")


def test_times_without_a_zone_stay_as_they_are() -> None:
    naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    assert json.loads(written(write_json, (naive,), columns=("t",))) == [
        {"t": "2026-01-01T00:00:00"}
    ]
