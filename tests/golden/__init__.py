"""The law's truth table as data for every engine: `law_cases()`.

Nothing here may import `adlake.attribution` or `adlake.payload`: the table judges them.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

BASE_TIME = datetime(2026, 3, 2, 10, tzinfo=UTC)
BASE_MS = int(BASE_TIME.timestamp()) * 1000
"""T of the table, epoch milliseconds."""
TOPIC = "ad_events"
PARTITION = 0

_MS_OF_DAY = BASE_MS % 86_400_000
_UNIT_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_DURATION = re.compile(r"0|-?[0-9]+(ms|[dhms])( [0-9]+(ms|[dhms]))*")
_TIME_COLUMNS = ("impression_time", "click_time", "conversion_time", "last_updated_ts")
_MONEY_COLUMNS = ("cost", "revenue", "revenue_out_of_window")
_DIMENSIONS = ("campaign_id", "creative_id", "user_id", "geo_country", "platform")


@dataclass(frozen=True)
class DeliveryFixture:
    """One Kafka record, and what the table says of it. Positions are unique over all cases."""

    payload: bytes
    ingest_ms: int
    partition: int
    offset: int
    rejected: str | None = None
    """Expected reject reason; None: admitted."""
    finding: str | None = None
    """Expected delivery audit: DUPLICATE_DELIVERY, CONFLICTING_DUPLICATE or None."""


@dataclass(frozen=True)
class LawCase:
    """One row of the truth table.

    `rows` holds the expected Gold rows (one or none): the 18 law columns, times as epoch
    milliseconds, money as integer micros, NULL as None.
    """

    number: int
    story: str
    impression_id: str
    deliveries: tuple[DeliveryFixture, ...]
    rows: tuple[dict[str, Any], ...]
    dispositions: dict[str, str]
    """Expected disposition of every conversion that counts, by event id."""
    flags: dict[str, frozenset[str]]
    """Expected flags by event id; events without flags are left out."""
    credited_click: str | None


@cache
def law_cases() -> tuple[LawCase, ...]:
    """All 40 rows, in order."""
    table = tomllib.loads(Path(__file__).with_name("truth_table.toml").read_text("utf-8"))
    return tuple(_case(block, table["defaults"]) for block in table["case"])


def duration_ms(text: str) -> int:
    """Milliseconds of a duration such as `7d 1ms`, `2h 1m`, `-5m 1ms` (the sign covers all) or `0`.

    Raises:
        ValueError: not such a duration.
    """
    if not _DURATION.fullmatch(text):
        raise ValueError(f"not a duration: {text!r} (write 7d 1ms, -10m or 0)")
    parts = re.findall(r"([0-9]+)([a-z]+)", text)
    total_ms = sum(int(amount) * _UNIT_MS[unit] for amount, unit in parts)
    return -total_ms if text.startswith("-") else total_ms


def _case(block: dict[str, Any], defaults: dict[str, Any]) -> LawCase:
    number = block["number"]
    impression_id = f"imp-{BASE_TIME:%Y%m%d}-{_MS_OF_DAY:07x}-row{number:02d}"
    rows = [_row(impression_id, {**defaults["row"], **block["row"]})] if "row" in block else []
    return LawCase(
        number=number,
        story=block["story"],
        impression_id=impression_id,
        deliveries=tuple(
            _delivery(_filled(delivery, impression_id, defaults), number * 100 + n)
            for n, delivery in enumerate(block["deliveries"])
        ),
        rows=tuple(rows),
        dispositions=block.get("dispositions", {}),
        flags={event_id: frozenset(names) for event_id, names in block.get("flags", {}).items()},
        credited_click=block.get("credited_click"),
    )


def _filled(
    delivery: dict[str, Any], impression_id: str, defaults: dict[str, Any]
) -> dict[str, Any]:
    money_name = {"IMPRESSION": "bid", "CONVERSION": "value"}.get(delivery["type"])
    wanted = (*_DIMENSIONS, money_name)
    inherited = {name: value for name, value in defaults.items() if name in wanted}
    return {"impression_id": impression_id, **inherited, **delivery}


def _delivery(fields: dict[str, Any], offset: int) -> DeliveryFixture:
    event_ms = BASE_MS + duration_ms(fields["at"])
    return DeliveryFixture(
        payload=_payload(fields, event_ms),
        ingest_ms=event_ms + duration_ms(fields.get("delay", "0")),
        partition=PARTITION,
        offset=offset,
        rejected=fields.get("rejected"),
        finding=fields.get("finding"),
    )


def _payload(fields: dict[str, Any], event_ms: int) -> bytes:
    """The JSON text; money goes in as it is written in the table, never through a float."""
    texts = {"event_id": fields["id"], "event_type": fields["type"]}
    texts |= {name: fields[name] for name in ("impression_id", *_DIMENSIONS)}
    numbers = {"event_timestamp": str(event_ms)}
    if "bid" in fields:
        numbers["bid_price"] = fields["bid"]
    if "value" in fields:
        numbers["conversion_value"] = fields["value"]
    members = [f'"{name}":{json.dumps(text)}' for name, text in texts.items() if text != "NULL"]
    members += [f'"{name}":{number}' for name, number in numbers.items()]
    return ("{" + ",".join(members) + "}").encode()


def _row(impression_id: str, written: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"impression_id": impression_id} | {
        column: None if value == "NULL" else value for column, value in written.items()
    }
    for column in _TIME_COLUMNS:
        row[column] = None if row[column] is None else BASE_MS + duration_ms(row[column])
    for column in _MONEY_COLUMNS:
        row[column] = None if row[column] is None else int(Decimal(row[column]) * 1_000_000)
    return row
