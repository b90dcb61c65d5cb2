"""Prints a query result as a table for people, or as JSON or CSV for programs.

JSON and CSV keep every digit: decimals are JSON strings, times are ISO 8601 in UTC, NULL is `null`
or an empty cell. Only the table rounds.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from adlake.contracts.errors import AdlakeError
from adlake.contracts.output_format import OutputFormat

if TYPE_CHECKING:
    from adlake.io.trino.client import QueryResult

TABLE_ROW_LIMIT: Final = 1_000
_TABLE_DECIMALS: Final = 6
_UNWRAPPED_WIDTH: Final = 10_000
_NAMING: Final = re.compile(r"(^|_)(id|snapshot|offset)$", re.IGNORECASE)
"""Columns of numbers that are copied, not read: ids, snapshots, places in a topic."""
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


class OutputFileError(AdlakeError):
    """The output file cannot be written."""


def write_result(result: QueryResult, output_format: OutputFormat, output: Path | None) -> None:
    """Write a result to `output`, or to standard output.

    Raises:
        OutputFileError: the file cannot be opened for writing.
    """
    try:
        target = output.open("w", encoding="utf-8", newline="") if output else None
    except OSError as error:
        raise OutputFileError(f"cannot write {output}: {error.strerror}") from error
    with target or nullcontext():
        try:
            _WRITERS[output_format](result, target or sys.stdout)
            sys.stdout.flush()
        except BrokenPipeError:  # the reader (`| head`) has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_table(result: QueryResult, stream: TextIO, all_rows: str = "--format csv") -> None:
    """At most `TABLE_ROW_LIMIT` rows, numbers rounded to 6 decimals.

    `all_rows` is the option of the command that gives the rest.
    """
    shown = list(itertools.islice(result.rows, TABLE_ROW_LIMIT))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for position, column in enumerate(result.columns):
        is_number = any(isinstance(row[position], int | float | Decimal) for row in shown)
        table.add_column(Text(printable(column)), justify="right" if is_number else "left")
    for row in shown:
        cells = zip(result.columns, row, strict=True)
        table.add_row(*(Text(displayed(value, column)) for column, value in cells))
    console = console_of(stream)
    console.print(table)
    if next(result.rows, None) is not None:
        console.print(f"only the first {TABLE_ROW_LIMIT:,} rows are shown; {all_rows} has all")
    elif not shown:
        console.print("no rows")


def write_json(result: QueryResult, stream: TextIO) -> None:
    """One array of objects, a row a line."""
    separator = "[\n"
    for record in result.records():
        stream.write(separator + json.dumps(exact_record(record), ensure_ascii=False))
        separator = ",\n"
    stream.write("[]\n" if separator == "[\n" else "\n]\n")


def write_csv(result: QueryResult, stream: TextIO) -> None:
    """Comma-separated with a header; text that a spreadsheet would run gets a leading quote."""
    minimal = csv.writer(stream, lineterminator="\n")
    quoted = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for cells in itertools.chain(
        [[inert(name) for name in result.columns]], map(csv_cells, result.rows)
    ):
        # The module itself leaves a lone carriage return bare.
        writer = quoted if any("\r" in cell for cell in cells) else minimal
        writer.writerow(cells)


def csv_cells(row: Iterable[object]) -> list[str]:
    """Cells of one CSV row."""
    return [inert(value) if isinstance(value, str) else _csv_text(exact(value)) for value in row]


def inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def exact_record(record: Mapping[str, object]) -> dict[str, object]:
    """A row as JSON-ready values."""
    return {name: exact(value) for name, value in record.items()}


def exact(value: object) -> object:
    """A value without any loss, in a type JSON has."""
    match value:
        case datetime():
            moment = value.astimezone(UTC) if value.tzinfo else value
            shown: object = moment.isoformat().replace("+00:00", "Z")
        case date():
            shown = value.isoformat()
        case Decimal():
            shown = f"{value:f}"
        case bytes():
            shown = value.hex()
        case dict():
            shown = {str(key): exact(item) for key, item in value.items()}
        case list() | tuple():
            shown = [exact(item) for item in value]
        case None | bool() | int() | float() | str():
            shown = value
        case _:
            shown = str(value)
    return shown


def displayed(value: object, column: str = "") -> str:
    """A value for people: thousands separated, decimals cut to 6, NULL as a dash.

    A number whose column says that it names something is shown as it has to be typed.
    """
    match value:
        case None:
            shown = "-"
        case bool():
            shown = "yes" if value else "no"
        case int():
            shown = str(value) if _NAMING.search(column) else f"{value:,}"
        case Decimal() | float():
            whole, _, fraction = f"{value:,.{_TABLE_DECIMALS}f}".partition(".")
            shown = f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"
        case datetime():
            moment = value.astimezone(UTC) if value.tzinfo else value
            shown = f"{moment:%Y-%m-%d %H:%M:%S}"
        case _:
            known = exact(value)
            shown = printable(known if isinstance(known, str) else json.dumps(known))
    return shown


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control characters are shown, not sent."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def console_of(stream: TextIO) -> Console:
    """Fits a terminal; a pipe or file gets whole lines."""
    return Console(file=stream, width=None if stream.isatty() else _UNWRAPPED_WIDTH)


def _csv_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


_WRITERS: Final[Mapping[OutputFormat, Callable[[QueryResult, TextIO], None]]] = {
    OutputFormat.TABLE: write_table,
    OutputFormat.JSON: write_json,
    OutputFormat.CSV: write_csv,
}
