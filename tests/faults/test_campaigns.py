"""F33: kill -9 while campaigns are versioned; updates come late, twice and in any order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adlake.contracts.tables import CAMPAIGN_UPDATES, DIM_CAMPAIGNS
from adlake.dims.rules import admit
from adlake.dims.versions import versions_of
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

PLACES = ("bronze.after_commit", "campaigns.before_merge", "gold.after_commit")
CAMPAIGNS = 20
STATES = ("ACTIVE", "PAUSED", "DELETED", "")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with drilled_lake(tmp_path_factory.mktemp("campaigns") / "home") as one:
        produce(one, 2_000, seed=33, campaigns=True)
        yield one


def load_updates(lake: Lake, file: Path, seed: int) -> None:
    """Updates of few campaigns at any moment of the last ten days, some of them twice."""
    dice = random.Random(seed)
    rows = []
    for _ in range(60):
        moment = datetime.now(UTC) - timedelta(seconds=dice.randrange(864_000))
        status, budget = dice.choice(STATES), dice.choice(("", f"{dice.randrange(10**6)}.5"))
        rows.append(f"own-{dice.randrange(CAMPAIGNS)},{status},{budget},{moment.isoformat()}")
    rows += dice.choices(rows, k=10)
    dice.shuffle(rows)
    file.write_text("campaign_id,status,budget_amount,start_ts\n" + "\n".join(rows) + "\n")
    lake.adlake("dims", "load", str(file))


@pytest.mark.parametrize("action", VICTIMS)
@pytest.mark.parametrize("place", PLACES)
def test_f33_a_driver_killed_among_versions_is_repaired_by_the_next(
    lake: Lake, tmp_path: Path, chronicle: Chronicle, place: str, action: str
) -> None:
    load_updates(lake, tmp_path / "own.csv", seed=len(place) + len(action))
    run_into(lake, f"campaigns:{place}={action}")
    chronicle.add("F33", f"kill -9 {VICTIMS[action]} at {place} of the campaigns", fired=True)


def test_f33_the_whole_table_is_what_its_updates_give(lake: Lake, chronicle: Chronicle) -> None:
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    proof = prove(lake)
    assert f"{DIM_CAMPAIGNS} snapshot" in proof
    with client_of(lake) as trino:
        sent = trino.records(
            "SELECT raw_payload, CAST(to_unixtime(ingest_ts) * 1000 AS BIGINT) AS ingest_ms "
            f"FROM {CAMPAIGN_UPDATES}"
        )
        stored = trino.records(
            "SELECT campaign_key, campaign_id, status, CAST(budget_amount * 1000000 AS BIGINT) "
            "AS budget_micros, CAST(to_unixtime(start_ts) * 1000 AS BIGINT) AS start_ms, "
            f"is_current FROM {DIM_CAMPAIGNS}"
        )
    lake.stack().down(only=["stream"])
    judged = [admit(row["raw_payload"].encode(), row["ingest_ms"]) for row in sent]
    expected = [
        (one.campaign_key, one.campaign_id, one.attributes[6], one.attributes[5], one.start_ms,
         one.end_ms is None)
        for one in versions_of(verdict.update for verdict in judged if verdict.reason is None)
    ]  # fmt: skip
    assert sorted(tuple(row.values()) for row in stored) == sorted(expected)
    assert len(expected) > 300
    chronicle.add(
        "F33", f"{len(sent):,} updates, {len(expected):,} versions, all as plain Python gives them",
        fired=True, rows_that_differ=0, outcome="no gap, no overlap, one current each",
    )  # fmt: skip
