"""The explanation of an impression: each delivery, each event, the row, and what differs."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adlake.io.bronze_records import payload_of
from adlake.io.output import write_table
from adlake.proof import explain
from adlake.proof.explain import Explanation, TooManyDeliveriesError, bounded, explained

START = datetime(2026, 3, 2, 11, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
IMPRESSION = "imp-20260302-25c3f80-x"


def record(
    offset: int, event_id: str, event_type: str, second: int, **fields: object
) -> dict[str, Any]:
    """A row of Bronze; `ingested` (seconds) and `reject` override what a healthy one has."""
    ingested: Any = fields.pop("ingested", second)
    reject: Any = fields.pop("reject", (None, None))
    payload = {
        "event_id": event_id, "event_type": event_type, "impression_id": IMPRESSION,
        "campaign_id": "c1", "user_id": "u1", "event_timestamp": START_MS + second * 1000,
    } | fields  # fmt: skip
    return {
        "kafka_topic": "t", "kafka_partition": 0, "kafka_offset": offset,
        "ingest_ts": START + timedelta(seconds=ingested), "event_id": event_id,
        "impression_id": IMPRESSION,
        "event_type": event_type, "reject_reason": reject[0], "reject_detail": reject[1],
        "raw_payload": json.dumps(payload), "raw_bytes": None,
        "kafka_key": None if offset == 2 else IMPRESSION.encode(),
    }  # fmt: skip


DELIVERIES = [
    record(0, "i1", "IMPRESSION", 0, bid_price=1.5),
    record(1, "i1", "IMPRESSION", 0, bid_price=1.5, ingested=5),
    record(2, "k1", "CLICK", 60),
    record(3, "v1", "CONVERSION", 120, conversion_value=20),
    record(4, "v1", "CONVERSION", 120, conversion_value=21),
    record(5, "v2", "CONVERSION", 180, conversion_value=7),
    record(6, "v3", "CONVERSION", 9, conversion_value=-1, reject=("NEGATIVE_VALUE", "NEG_VALUE")),
]


def test_each_delivery_says_what_happened_to_it() -> None:
    found = explained(IMPRESSION, DELIVERIES, [])
    assert [line["what_happened"] for line in found.deliveries] == [
        "counted", "DUPLICATE_DELIVERY", "counted", "counted", "CONFLICTING_DUPLICATE", "counted",
        "rejected: NEGATIVE_VALUE (NEG_VALUE)",
    ]  # fmt: skip


def test_a_delivery_that_names_no_impression_is_known_by_its_key() -> None:
    cut = record(7, "v4", "CONVERSION", 20, reject=("MALFORMED_JSON", "NOT_JSON"))
    cut |= {"impression_id": None, "event_id": None, "event_type": None, "raw_payload": "{"}
    lines = explained(IMPRESSION, [*DELIVERIES, cut], []).deliveries
    assert lines[-1]["what_happened"] == (
        "rejected: MALFORMED_JSON (NOT_JSON), known by its Kafka key alone"
    )
    assert "alone" not in lines[-2]["what_happened"]


def test_a_correction_says_what_it_corrects() -> None:
    fixed = record(8, "v3", "CONVERSION", 9, conversion_value=1, adlake_origin="t/0/6")
    found = explained(IMPRESSION, [*DELIVERIES, fixed], [])
    assert [line.get("corrects") for line in found.deliveries] == [None] * 7 + ["t/0/6"]
    output = io.StringIO()
    write_table(next(found.tables())[1], output)
    assert "corrects" in output.getvalue()
    assert output.getvalue().count("t/0/6") == 1


def test_the_source_incarnation_is_shown_once_there_is_more_than_one() -> None:
    assert "topic" not in explained(IMPRESSION, DELIVERIES, []).deliveries[0]
    again = [*DELIVERIES[:2], *({**one, "kafka_topic": "t@2"} for one in DELIVERIES[2:])]
    topics = [line["topic"] for line in explained(IMPRESSION, again, []).deliveries]
    assert topics == ["t"] * 2 + ["t@2"] * 5


def test_a_delivery_under_another_key_is_flagged() -> None:
    found = explained(IMPRESSION, DELIVERIES, [])
    assert [line["flags"] for line in found.deliveries] == [
        None, None, "KEY_MISMATCH", None, None, None, None,
    ]  # fmt: skip


def test_each_event_says_what_became_of_it() -> None:
    found = explained(IMPRESSION, DELIVERIES, [])
    assert [(line["event_id"], line["disposition"], line["money"]) for line in found.events] == [
        ("i1", None, Decimal("1.500000")),
        ("k1", "CREDITED_CLICK", None),
        ("v1", "ATTRIBUTED", Decimal("20.000000")),
        ("v2", "REPEAT_CONVERSION", Decimal("7.000000")),
    ]


def test_the_stored_row_is_compared_column_by_column() -> None:
    row = explained(IMPRESSION, DELIVERIES, []).row
    assert (row["revenue"], row["conversion_time"]) == (Decimal(20), START + timedelta(minutes=2))
    assert explained(IMPRESSION, DELIVERIES, [row]).differences == []
    spoiled = row | {"revenue": Decimal("20.01"), "user_id": None, "channel": "push"}
    differences = explained(IMPRESSION, DELIVERIES, [spoiled]).differences
    assert differences == ["user_id", "revenue", "channel"]
    assert explained(IMPRESSION, DELIVERIES, []).differences == ["no row in Gold"]


def test_only_rejected_deliveries_need_no_row() -> None:
    found = explained(IMPRESSION, DELIVERIES[-1:], [])
    assert (found.events, found.row, found.differences) == ([], {}, [])
    assert last_title(found) == "No row: no delivery was admitted, and Gold holds none"


def test_a_row_that_no_delivery_gives_is_a_difference() -> None:
    row = explained(IMPRESSION, DELIVERIES, []).row
    found = explained(IMPRESSION, DELIVERIES[-1:], [row])
    assert found.differences == ["Gold holds a row that no delivery gives"]
    assert "Gold holds a row that no delivery gives" in last_title(found)
    twice = explained(IMPRESSION, DELIVERIES[-1:], [row, row]).differences
    assert twice == ["Gold holds a row that no delivery gives", "Gold holds 2 rows"]


def test_every_stored_row_is_compared_and_counted() -> None:
    row = explained(IMPRESSION, DELIVERIES, []).row
    assert last_title(explained(IMPRESSION, DELIVERIES, [row])) == "The row, as Gold holds it"
    assert explained(IMPRESSION, DELIVERIES, [row, row]).differences == ["Gold holds 2 rows"]
    spoiled = row | {"revenue": Decimal("20.01")}
    found = explained(IMPRESSION, DELIVERIES, [row, spoiled])
    assert found.differences == ["revenue", "Gold holds 2 rows"]


def last_title(found: Explanation) -> str:
    return [title for title, _ in found.tables()][-1]


def test_the_tables_show_ids_reasons_and_the_verdict() -> None:
    stream = io.StringIO()
    titles = []
    for title, table in explained(IMPRESSION, DELIVERIES, []).tables():
        titles.append(title)
        write_table(table, stream)
    for text in ("CONFLICTING_DUPLICATE", "REPEAT_CONVERSION", "out_of_window"):
        assert text in stream.getvalue()
    assert IMPRESSION in titles[0]
    assert "no row in Gold" in titles[-1]


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("MOST_DELIVERIES", 3),
        ("MOST_PAYLOAD_BYTES", sum(len(payload_of(d)) for d in DELIVERIES[:3])),
    ],
)
def test_an_impression_with_very_many_deliveries_is_refused_before_they_are_all_read(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(explain, limit, value)
    assert len(bounded(IMPRESSION, DELIVERIES[:3])) == 3
    more = iter(DELIVERIES)
    with pytest.raises(TooManyDeliveriesError, match=r"more than 3 deliveries.*adlake sql"):
        bounded(IMPRESSION, more)
    assert next(more) is DELIVERIES[4], "it reads no further"


def test_a_long_table_names_the_option_that_has_all() -> None:
    many = explained(IMPRESSION, [record(n, f"i{n}", "CLICK", n) for n in range(1_001)], [])
    shown = io.StringIO()
    write_table(next(many.tables())[1], shown, all_rows="--json")
    assert "only the first 1,000 rows are shown; --json has all" in shown.getvalue()
