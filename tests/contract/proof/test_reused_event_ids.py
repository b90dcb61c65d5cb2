"""An event id used under several impressions is named with the money at stake, worked by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyspark.sql import SparkSession

from adlake.io.trino.client import connect
from adlake.settings import Settings
from tests.fixtures.reused_event_ids import DAY_MS, EXPECTED, MINUTE, hand_worked_lake, money
from tests.fixtures.trino.audited_lake import Engines, Use, audited_engines, reuse_in
from tests.fixtures.trino.metrics_lake import asked
from tests.fixtures.trino.oracle_lake import utc_of

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def engines(private_lake: Settings, spark: SparkSession, catalog: SqlCatalog) -> Iterator[Engines]:
    with audited_engines(private_lake, spark, hand_worked_lake(), catalog) as both:
        yield both


def test_each_use_of_a_reused_id_says_what_it_counts_and_what_is_at_stake(
    engines: Engines,
) -> None:
    expected = {
        (event_id, impression_id): Use(event_id, *said[:3], *map(money, said[3:]))
        for (event_id, impression_id), said in EXPECTED.items()
    }
    for engine, rows in engines.ask("reused_event_ids").items():
        assert {(r["event_id"], r["impression_id"]): reuse_in(r) for r in rows} == expected, engine
        assert len(rows) == len(expected), engine
        [sold] = [r for r in rows if (r["event_id"], r["impression_id"]) == ("sale", "i2")]
        assert sold["event_ts"] == sold["first_ingest_ts"] == utc_of(DAY_MS + 90 * MINUTE)
        assert (sold["event_type"], sold["campaign_id"]) == ("CONVERSION", "c1")


def test_the_query_sums_each_id_most_revenue_at_stake_first(
    engines: Engines, private_lake: Settings
) -> None:
    with connect(private_lake.ports.trino_port) as client:
        rows = asked(client, "reused_event_ids", {})
        halves = [
            asked(client, "reused_event_ids", {"parts": "2", "part": part}) for part in ("0", "1")
        ]
        first = asked(client, "reused_event_ids", {"most": "1"})
    said = [
        (r["event_id"], r["impressions"], r["first_impression_ids"], r["revenue"],
         r["revenue_at_stake"], r["cost"], r["cost_at_stake"], r["reused_event_ids"])
        for r in rows
    ]  # fmt: skip
    assert said == [
        ("sale", 2, ["i1", "i2"], 50, 30, 0, 0, 5),
        ("late", 3, ["i3", "i4", "i1"], 9, 9, 0, 0, 5),
        ("tie", 3, ["i8", "i9", "i0"], 0, 0, 10, 7, 5),
        ("undefined", 3, ["i6", "i5", "i7"], 0, 0, money("3.25"), money("1.25"), 5),
        ("click", 2, ["i1", "i2"], 0, 0, 0, 0, 5),
    ]
    assert (rows[0]["first_event_at"], rows[0]["last_event_at"]) == (
        utc_of(DAY_MS + 60 * MINUTE), utc_of(DAY_MS + 90 * MINUTE),
    )  # fmt: skip
    assert all(halves)
    assert sorted(r["event_id"] for half in halves for r in half) == sorted(s[0] for s in said)
    assert [(r["event_id"], r["reused_event_ids"]) for r in first] == [("sale", 5)]
