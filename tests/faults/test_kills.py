"""F1, F2, F26: the driver is killed at every phase, JVM, Python and both; no cent moves.

The kills share one lake: each driver repairs what the one before it left, works, and dies at the
next place. At the end every head that Gold ever had is compared with the law, row by row.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adlake.contracts.failpoints import PLACES
from adlake.wiring.lake import lake_reader
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import (
    VICTIMS,
    client_of,
    drilled_lake,
    heads_of,
    produce,
    prove,
    prove_history,
    run_into,
)
from tests.fixtures.drill.oracles import PollingReader, commit_times, recovery_seconds
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

MAINTENANCE_PLACES = [place for place in PLACES if place.startswith("maintenance.")]
ELSEWHERE = ("maintenance.", "replay.", "dims.", "producer.", "slots.", "campaigns.", "funnel.")
"""Reached by other drills."""
STREAM_PLACES = [place for place in PLACES if not place.startswith(ELSEWHERE)]
RECOVERY_KILLS = ("recovery.start", "recovery.before_commit", "gold.after_append")
ALL_KILLS = len(VICTIMS) * len(STREAM_PLACES + MAINTENANCE_PLACES) + len(RECOVERY_KILLS)
BACKLOG = 100_000
RECOVERY_P95_LIMIT_SECONDS = 60.0
DIMENSIONS = {
    "dim_creatives": "creative_id",
    "dim_users": "user_id",
}
BEHIND = "bronze.after_commit=kill9@batch0"
"""Leaves Gold behind Bronze, so that the next start has something to repair."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with drilled_lake(tmp_path_factory.mktemp("kills") / "home") as one:
        produce(one, BACKLOG, seed=1)
        yield one


@pytest.fixture(scope="module")
def reader(lake: Lake) -> Iterator[PollingReader]:
    with PollingReader(lake.settings().ports.trino_port) as one:
        yield one


@pytest.fixture(scope="module")
def kills() -> list[tuple[str, int]]:
    """Place and moment (epoch ms) of each kill."""
    return []


def planted(place: str, action: str) -> str:
    """The setting for one kill; where a batch number says nothing, the first visit counts."""
    if place.startswith(("stream.", "recovery.", "maintenance.")):
        return f"{place}={action}"
    return f"{place}={action}@batch1"


def test_p10_a_driver_killed_between_dimension_tables_fills_the_rest(
    lake: Lake, chronicle: Chronicle
) -> None:
    run_into(lake, "dims.after_load=kill9")
    run_into(lake, "batch.start=kill9@batch0")
    with client_of(lake) as trino:
        for table, key in DIMENSIONS.items():
            [(rows, keys)] = trino.rows(f"SELECT count(*), count(DISTINCT {key}) FROM dims.{table}")
            assert rows == keys > 0, table
    chronicle.add("P10", "kill -9 both between two dimension tables", fired=True)


@pytest.mark.parametrize("action", VICTIMS)
@pytest.mark.parametrize("place", STREAM_PLACES)
def test_f01_a_killed_driver_is_repaired_by_the_next(
    lake: Lake, reader: PollingReader, kills: list[tuple[str, int]], place: str, action: str
) -> None:
    if place.startswith("recovery."):
        marker = lake.home / "failpoints" / "bronze.after_commit.kill9.0"
        marker.unlink(missing_ok=True)
        run_into(lake, BEHIND)
    # Between batches the query must be idle: a long trigger.
    pause = {"TRIGGER_SECONDS": "20"} if place == "stream.between_batches" else {}
    polls = reader.polls
    kills.append((f"{place} {action}", run_into(lake, planted(place, action), **pause)))
    reader.assert_reads_on(polls)


@pytest.mark.parametrize("action", VICTIMS)
@pytest.mark.parametrize("place", MAINTENANCE_PLACES)
def test_f26_a_driver_killed_in_maintenance_is_repaired_by_the_next(
    lake: Lake, reader: PollingReader, kills: list[tuple[str, int]], place: str, action: str
) -> None:
    polls = reader.polls
    kills.append((f"{place} {action}", run_into(lake, planted(place, action))))
    reader.assert_reads_on(polls)


def test_f02_recovery_itself_is_killed_three_times_in_a_row(
    lake: Lake, kills: list[tuple[str, int]]
) -> None:
    for file in (lake.home / "failpoints").glob("recovery.*"):
        file.unlink()
    (lake.home / "failpoints" / "bronze.after_commit.kill9.0").unlink(missing_ok=True)
    run_into(lake, BEHIND)
    for place in RECOVERY_KILLS:
        plant = f"{place}=kill9"
        kills.append((f"F2 {plant}", run_into(lake, plant)))


def test_f01_f02_f26_every_row_and_every_head_is_lawful_after_all_kills(
    lake: Lake, reader: PollingReader, kills: list[tuple[str, int]], chronicle: Chronicle
) -> None:
    # What is left of the backlog, in few batches.
    lake.stack(MAX_OFFSETS_PER_TRIGGER="50000").up(only=["stream"])
    prove(lake)
    found = prove_history(lake)
    with client_of(lake) as trino:
        reader.assert_saw_only_heads(trino, heads_of(lake))
    commits = commit_times(lake_reader(lake.settings()))
    lake.stack().down(only=["stream"])
    recoveries = recovery_seconds([(moment, True) for _, moment in kills], commits)
    assert len(recoveries) >= len(kills) / 2, "too few kills were followed by a commit of Gold"
    for name, moment in kills:
        place, _, action = name.partition(" ")
        chronicle.add(
            fault_of(place), f"kill -9 {VICTIMS.get(action, 'both')} at {name}",
            fired=True, fired_at_ms=moment, rows_that_differ=0,
        )  # fmt: skip
    p95 = recoveries[min(len(recoveries) - 1, int(0.95 * len(recoveries)))]
    if len(kills) == ALL_KILLS:  # the totals of some kills would pass for those of all
        chronicle.totals |= found | {
            "kills": len(kills),
            "reader_polls": reader.polls,
            "recoveries_measured": len(recoveries),
            "recovery_seconds_p50": recoveries[len(recoveries) // 2],
            "recovery_seconds_p95": p95,
        }
    assert p95 < RECOVERY_P95_LIMIT_SECONDS


def fault_of(place: str) -> str:
    """Number of the fault in the matrix."""
    if place == "F2":
        return place
    return "F26" if place.startswith("maintenance.") else "F1"
