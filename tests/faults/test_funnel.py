"""F41: kill -9 while events of the funnel are merged, among repeats, conflicts and late ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adlake.business.audit import JudgedDelivery
from adlake.business.funnel import funnel_events
from adlake.business.rules import admit
from adlake.contracts.tables import BUSINESS_EVENTS, FUNNEL_EVENTS
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import (
    VICTIMS,
    client_of,
    drilled_lake,
    produce,
    prove,
    run_into,
    wait_for_free_port,
)
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

PLACES = ("bronze.after_commit", "funnel.before_merge", "gold.after_commit")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with drilled_lake(tmp_path_factory.mktemp("funnel") / "home") as one:
        yield one


@pytest.mark.parametrize("action", VICTIMS)
@pytest.mark.parametrize("place", PLACES)
def test_f41_a_driver_killed_among_events_of_the_funnel_is_repaired_by_the_next(
    lake: Lake, chronicle: Chronicle, place: str, action: str
) -> None:
    produce(lake, 4_000, seed=41 + 10 * PLACES.index(place) + list(VICTIMS).index(action))
    run_into(lake, f"business:{place}={action}")
    chronicle.add("F41", f"kill -9 {VICTIMS[action]} at {place} of business events", fired=True)


def test_f41_the_whole_table_is_what_its_records_give(lake: Lake, chronicle: Chronicle) -> None:
    wait_for_free_port(lake)
    # What is left of the backlog, in few batches.
    lake.stack(MAX_OFFSETS_PER_TRIGGER="50000").up(only=["stream"])
    proof = prove(lake)
    assert f"{FUNNEL_EVENTS} snapshot" in proof
    with client_of(lake) as trino:
        sent = trino.records(
            "SELECT raw_payload, kafka_partition, kafka_offset, "
            "CAST(to_unixtime(ingest_ts) * 1000 AS BIGINT) AS ingest_ms "
            f"FROM {BUSINESS_EVENTS} WHERE raw_payload IS NOT NULL"
        )
        stored = trino.rows(
            "SELECT event_type, event_id, CAST(to_unixtime(event_time) * 1000 AS BIGINT), content, "
            f"CAST(to_unixtime(first_ingest_ts) * 1000 AS BIGINT) FROM {FUNNEL_EVENTS}"
        )
        found = sorted(tuple(row) for row in stored)
    lake.stack().down(only=["stream"])
    judged = (
        JudgedDelivery(
            ("business_events", row["kafka_partition"], row["kafka_offset"]), row["ingest_ms"],
            admit(row["raw_payload"].encode(), None, row["ingest_ms"]),
        )
        for row in sent
    )  # fmt: skip
    expected = sorted(
        (one.event_type, one.event_id, one.event_ms, one.content, one.first_ingest_ms)
        for one in funnel_events(judged)
    )
    assert found == expected
    assert len(expected) > 100
    chronicle.add(
        "F41", f"{len(sent):,} records, {len(expected):,} events, all as plain Python gives them",
        fired=True, rows_that_differ=0, outcome="each event once, with its smallest content",
    )  # fmt: skip
