"""F42: kill -9 between the two tables of the KPI alerts; the next driver writes both at once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from adlake.contracts.stamps import READ_UNTIL_MS
from adlake.contracts.tables import ALERT_INCIDENTS, ALERTS_LOG
from adlake.contracts.windows import EARLY_MS, WINDOW_MS
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
from tests.fixtures.patience import wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1_200)]

PLACE = "alerts.between_tables"
MARGIN_MS = 15_000
"""After a cutoff: the keeper's own margin for the broker's clock, and some."""
AT_ONCE_SECONDS = 240.0
"""For a build of everything, by a driver that has just started."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Both tables are there, written once."""
    with drilled_lake(tmp_path_factory.mktemp("alerts") / "home", ALERTS="true") as one:
        produce(one, 2_000, seed=42)
        one.stack().up(only=["stream"])
        one.adlake("wait", "--timeout", "240")
        one.adlake("alerts", "build")
        one.stack().down(only=["stream"])
        yield one


def read_until(lake: Lake) -> list[int]:
    """Up to when the topics had been read, by log and incidents."""
    found = []
    with client_of(lake) as trino:
        for space, name in (table.split(".") for table in (ALERTS_LOG, ALERT_INCIDENTS)):
            [[until_ms]] = trino.rows(
                f"SELECT summary['{READ_UNTIL_MS}'] FROM {space}.\"{name}$snapshots\" "
                "ORDER BY committed_at DESC LIMIT 1"
            )
            found.append(int(until_ms))
    return found


def next_window(lake: Lake) -> None:
    """Wait until one more window is to be judged than the log has."""
    judged = (max(read_until(lake)) - EARLY_MS) // WINDOW_MS
    due_ms = (judged + 1) * WINDOW_MS + EARLY_MS + MARGIN_MS
    time.sleep(max(0.0, due_ms / 1_000 - time.time()))


@pytest.mark.parametrize("action", VICTIMS)
def test_f42_a_driver_killed_between_log_and_incidents_leaves_whole_tables(
    lake: Lake, chronicle: Chronicle, action: str
) -> None:
    produce(lake, 2_000, seed=420 + list(VICTIMS).index(action))
    next_window(lake)
    run_into(lake, f"{PLACE}={action}")
    log, incidents = read_until(lake)
    assert log > incidents, "each is as its own stamp says"
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    wait_until(
        lambda: len(set(read_until(lake))) == 1, AT_ONCE_SECONDS, every=2.0,
        otherwise="incidents stayed behind the log",
    )  # fmt: skip
    proof = prove(lake)
    for table in (ALERTS_LOG, ALERT_INCIDENTS):
        assert f"{table} snapshot" in proof
    lake.stack().down(only=["stream"])
    chronicle.add(
        "F42", f"kill -9 {VICTIMS[action]} at {PLACE}", fired=True,
        outcome="both tables written by the next driver at its first look, proven",
    )  # fmt: skip
