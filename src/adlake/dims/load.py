"""A file of campaigns to campaign updates: every row is judged before the first one is sent.

A row becomes one update. Its event id is made of what it says, so a file that is loaded twice
changes nothing the second time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import csv, parquet

from adlake.contracts.errors import AdlakeError, listed
from adlake.dims.contract import EVENT_TYPE, MONEY_FIELD, TEXT_FIELDS, VALUE_SETS
from adlake.dims.rules import admit

MOMENT: Final = "start_ts"
COLUMNS: Final = ("campaign_id", "advertiser_id", *TEXT_FIELDS, *VALUE_SETS, MONEY_FIELD, MOMENT)
"""Of a file; all but campaign_id may be missing or empty."""
Row = Mapping[str, Any]
Record = tuple[bytes, bytes, int]
"""Kafka key, value, timestamp (epoch ms)."""


class LoadError(AdlakeError):
    """A file that cannot be loaded; nothing of it was sent."""


@dataclass(frozen=True)
class BadRow:
    """Row `number` of the file, the first one is 1, and what is wrong with it."""

    number: int
    problem: str


def records_of(path: Path, now_ms: int) -> list[Record]:
    """The updates that a CSV or Parquet file stands for.

    Args:
        path: its columns are some of COLUMNS, in any order.
        now_ms: moment of rows that name none, and Kafka time of all; epoch ms.

    Raises:
        LoadError: the file cannot be read, or names the rows that are no lawful updates.
    """
    rows = rows_of(path)
    records, bad = [], []
    for number, row in enumerate(rows, start=1):
        made = _record(row, now_ms)
        if isinstance(made, str):
            bad.append(BadRow(number, made))
        else:
            records.append(made)
    if bad:
        shown = listed([f"row {one.number}: {one.problem}" for one in bad])
        raise LoadError(
            f"{len(bad):,} of {len(rows):,} rows of {path.name} are no lawful campaigns, so "
            f"nothing was sent:\n{shown}"
        )
    return records


def rows_of(path: Path) -> Sequence[Row]:
    """Rows by column; cells of a CSV file are texts, empty ones NULL. Raises LoadError."""
    try:
        if path.suffix.lower() == ".parquet":
            table = parquet.read_table(path)
        elif path.suffix.lower() == ".csv":
            as_text = csv.ConvertOptions(
                column_types=dict.fromkeys(COLUMNS, pa.string()), strings_can_be_null=True,
                null_values=[""], quoted_strings_can_be_null=True,
            )  # fmt: skip
            table = csv.read_csv(path, convert_options=as_text)
        else:
            raise LoadError(f"{path.name}: a file that ends in .csv or .parquet is wanted")
    except FileNotFoundError:
        raise LoadError(f"there is no file {path}") from None
    except (OSError, pa.ArrowInvalid) as error:
        raise LoadError(f"{path.name} cannot be read: {error}") from error
    unknown = [name for name in table.column_names if name not in COLUMNS]
    if unknown or "campaign_id" not in table.column_names:
        what = f"unknown columns {', '.join(unknown)}" if unknown else "no column campaign_id"
        raise LoadError(f"{path.name} has {what}; there are: {', '.join(COLUMNS)}")
    return list(table.to_pylist())


def _record(row: Row, now_ms: int) -> Record | str:
    """The update that a row stands for, or what is wrong with it."""
    try:
        at_ms = _moment(row.get(MOMENT), now_ms)
        fields = {name: _plain(name, row.get(name)) for name in COLUMNS if name != MOMENT}
    except ValueError as error:
        return str(error)
    said = {name: value for name, value in fields.items() if value is not None}
    digest = hashlib.sha256(json.dumps([at_ms, said], sort_keys=True).encode()).hexdigest()
    head = {"event_id": f"load-{digest[:32]}", "event_type": EVENT_TYPE, "event_timestamp": at_ms}
    payload = _as_json(head | said)
    judged = admit(payload, now_ms)
    if judged.reason is not None:
        return _in_words(judged.reason, str(judged.detail), fields)
    return str(said["campaign_id"]).encode(), payload, now_ms


def _in_words(reason: str, detail: str, fields: Mapping[str, str | None]) -> str:
    field = next((name for name in VALUE_SETS if detail == f"BAD_{name.upper()}"), None)
    if field is not None:
        return f"{reason} ({detail}): {field} {fields[field]!r} is none of {VALUE_SETS[field]}"
    return f"{reason} ({detail})"


def _moment(value: Any, now_ms: int) -> int:  # noqa: ANN401 - a cell
    """Epoch ms of a cell: ISO 8601 (UTC unless it says otherwise); none: now."""
    if value is None:
        return now_ms
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(
                f"{MOMENT} {value!r}: an instant like 2026-01-31T12:00:00Z is wanted"
            ) from None
    if not isinstance(value, datetime):
        raise ValueError(f"{MOMENT} {value!r} is no instant")
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000 + moment.microsecond // 1_000


def _plain(name: str, value: Any) -> str | None:  # noqa: ANN401 - a cell
    """A cell as text; of money the text of a JSON number."""
    if value is None or name != MONEY_FIELD:
        return None if value is None else str(value)
    if isinstance(value, float):
        raise ValueError(f"{name} {value!r} is a floating number: a decimal one is wanted")
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"{name} {value!r} is no number") from None
    if not amount.is_finite():
        raise ValueError(f"{name} {value!r} is no number")
    return str(amount)


def _as_json(fields: Mapping[str, Any]) -> bytes:
    """Money as a number, exactly as it is written."""
    texts = {
        name: str(value) if name in (MONEY_FIELD, "event_timestamp") else json.dumps(value)
        for name, value in fields.items()
    }
    return ("{" + ",".join(f'"{name}":{text}' for name, text in texts.items()) + "}").encode()
