"""Rows of Gold as records on Spark: each once when it is another one, whatever dies between."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.contracts.tables import CATALOG, CUSTOMER_360, PUBLISHED_RECORDS, SERVING_FLIPS
from adlake.contracts.topics import CUSTOMER_TOPIC, SERVING_TOPIC
from adlake.io import failpoints
from adlake.io.failpoints import FailpointError
from adlake.io.iceberg.rewriting import rewrite_files
from adlake.io.iceberg.table import IcebergTable
from adlake.published.contract import CUSTOMERS, FLIPS
from adlake.published.keeper import Pace, PublishKeeper
from adlake.published.payloads import records_of
from adlake.published.plain import payload_of, sha256_of
from tests.fixtures.published.rows import (
    CUSTOMER_PAYLOAD,
    ODD,
    TEN,
    TEN_MS,
    Row,
    customer,
    flip,
    frame,
)

pytestmark = pytest.mark.spark

Sent = tuple[str, str, str | None]
"""Topic, key, payload."""
MINUTE_MS = 60_000


class Broker:
    """Takes what is sent; `until_ms` is how far the stream has read."""

    def __init__(self, session: SparkSession, most: int = 100) -> None:
        self.session = session
        self.taken: list[Sent] = []
        self.until_ms: int | None = TEN_MS
        self.most = most
        self.restart()

    def restart(self) -> None:
        """A process that remembers nothing."""
        self.keeper = PublishKeeper(
            {CUSTOMER_TOPIC: "people", SERVING_TOPIC: "serving"},
            self._take,
            lambda _: self.until_ms,
            Pace(0.001, self.most),
            now_ms=lambda: self.until_ms or 0,
        )

    def _take(self, records: DataFrame, topic: str) -> None:
        rows = records.select("record_key", "payload").collect()
        self.taken += [(topic, row.record_key, row.payload) for row in rows]

    def look(self) -> list[Sent]:
        """What one look sends."""
        self.taken = []
        self.keeper.run(self.session, nullcontext())
        return self.taken

    def log(self) -> set[tuple[str | None, ...]]:
        return {
            tuple(row) for row in self.session.table(f"{CATALOG}.{PUBLISHED_RECORDS}").collect()
        }


def put(session: SparkSession, table: str, rows: Sequence[Row]) -> None:
    """The whole table."""
    frame(session, table, rows).writeTo(f"{CATALOG}.{table}").overwrite(F.lit(True))


def payload(row: Row) -> str:
    return payload_of(CUSTOMERS if "user_id" in row else FLIPS, row).decode()


def test_payloads_are_those_of_plain_python(lake: SparkSession) -> None:
    customers = [
        customer("u1"), customer(ODD, geo_country=ODD, segments=[], previous_stage="prospect"),
        customer("u3", created_at=None, delivered_count=0, activation_count=0, is_active=False),
        customer("u4", delivered_count=1, activation_count=2_000_000),
        customer("u5", created_at=TEN - timedelta(days=300_000)),
    ]  # fmt: skip
    flips = [flip(1), flip(2, budget_value=customers[0]["lifetime_value"], period_start=TEN)]
    for publication, rows in ((CUSTOMERS, customers), (FLIPS, flips)):
        made = records_of(publication, frame(lake, publication.table, rows)).collect()
        told = {row.record_id: (row.payload, row.payload_sha256) for row in made}
        for row in rows:
            expected = payload_of(publication, row)
            assert told[row[publication.record_id]] == (expected.decode(), sha256_of(expected))


def test_a_row_is_sent_when_it_is_another_one_and_its_end_too(
    lake: SparkSession, tmp_path: Path
) -> None:
    broker = Broker(lake, most=2)
    assert broker.look() == [], "an empty lake"
    people = [customer("u1"), customer("u2"), customer("u3")]
    put(lake, CUSTOMER_360, people)
    first = broker.look()
    assert len(first) == 2, "a slice"
    assert {(topic, key) for topic, key, _ in first} < {("people", f"u{n}") for n in (1, 2, 3)}
    told = [*first, *broker.look()]
    assert sorted(told) == [("people", row["user_id"], payload(row)) for row in people]
    assert ("people", "u1", CUSTOMER_PAYLOAD) in told
    assert broker.log() == {
        ("people", row["user_id"], row["user_id"], sha256_of(payload(row).encode()))
        for row in people
    }
    broker.restart()
    assert broker.look() == [], "the log knows"
    table = IcebergTable(lake, CUSTOMER_360)
    table.leave_stamp({"adlake.sink": "x"})
    seen = broker.keeper._seen[CUSTOMER_TOPIC].snapshot_id
    assert not table.has_changed_since(seen), "a stamp changes no row"
    # A name is told to nobody, so another one is no news; who is gone is.
    changed = customer("u2", order_count=3)
    put(lake, CUSTOMER_360, [customer("u1", name="Eve"), changed])
    assert table.has_changed_since(seen)
    assert sorted(broker.look()) == [("people", "u2", payload(changed)), ("people", "u3", None)]
    assert ("people", "u3", "u3", None) in broker.log()
    broker.restart()
    assert broker.look() == [], "once"
    put(lake, CUSTOMER_360, [changed, customer("u1"), people[2]])
    assert broker.look() == [("people", "u3", payload(people[2]))], "who comes back is told"
    rewrite_files(lake, CUSTOMER_360, {"rewrite-all": "true"}, "user_id ASC")
    assert not table.has_changed_since(broker.keeper._seen[CUSTOMER_TOPIC].snapshot_id)
    killed_between(broker, tmp_path)


def killed_between(broker: Broker, tmp_path: Path) -> None:
    """Before it is sent, and between that and the log: all is sent, repeats are the same bytes."""
    news = customer("u1", order_count=9)
    put(broker.session, CUSTOMER_360, [news, customer("u3")])
    expected = {("people", "u1", payload(news)), ("people", "u2", None)}
    before = broker.log()
    for place, is_sent in (("before_send", False), ("after_send", True)):
        failpoints.arm(f"published.{place}=raise", tmp_path, None)
        with pytest.raises(FailpointError):
            broker.look()
        assert (set(broker.taken), broker.log()) == (expected if is_sent else set(), before)
        broker.restart()
    assert set(broker.look()) == expected
    assert broker.look() == []


def test_a_decision_is_sent_in_its_order_once_what_was_read_is_past_it(lake: SparkSession) -> None:
    broker = Broker(lake, most=3)
    flips = [flip(n, name) for n in (3, 1, 4, 2) for name in ("a1", "a2")]
    put(lake, SERVING_FLIPS, flips)
    broker.until_ms = None
    assert broker.look() == [], "nobody knows how far"
    broker.until_ms = TEN_MS + 3 * MINUTE_MS - 1
    told = broker.look() + broker.look()
    assert broker.look() == []
    for name in ("a1", "a2"):
        assert [one for _, key, one in told if key == name] == [
            payload(flip(n, name)) for n in (1, 2)
        ]
    assert {topic for topic, _, _ in told} == {"serving"}
    broker.until_ms += 1
    assert [key for _, key, _ in sorted(broker.look())] == ["a1", "a2"], "no row has changed"
    # What no longer stands was sent, and is not taken back: its key is another decision's too.
    put(lake, SERVING_FLIPS, [flip(1)])
    broker.until_ms = TEN_MS + 9 * MINUTE_MS
    assert broker.look() == []
