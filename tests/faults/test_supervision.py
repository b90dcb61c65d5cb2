"""Services that end by themselves are started again; what an operator did is never undone."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from adlake.devstack.errors import DevstackError
from adlake.devstack.services.service import State
from adlake.devstack.status import status_of_stack
from adlake.devstack.supervisor.endings import read_events
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import drilled_lake, kill_service, produce, prove, wait_for_free_port
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

ENDED_SECONDS = 180
"""A batch pauses for 14 s between its attempts; then the stream ends, and must come back."""
HEALED_SECONDS = 120
ENDED = ("stream", "ended")


@pytest.fixture(scope="module")
def supervised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    home = tmp_path_factory.mktemp("supervised") / "home"
    with drilled_lake(home, SUPERVISE="true") as one:
        yield one


def ending_of_stream(lake: Lake) -> str | None:
    """Why the stream ended, as the supervisor saw it; None while it runs."""
    events = read_events(lake.home)
    return next((one.reason for one in events if (one.service, one.event) == ENDED), None)


def test_an_outage_of_the_catalog_heals_by_itself(supervised: Lake, chronicle: Chronicle) -> None:
    supervised.stack().up(only=["stream"])
    produce(supervised, 1_500, seed=5)
    supervised.adlake("wait", "--timeout", "240")
    supervised.adlake("down", "--only", "postgres")
    produce(supervised, 1_500, seed=51)
    began = time.monotonic()
    while (ended := ending_of_stream(supervised)) is None:
        assert time.monotonic() < began + ENDED_SECONDS, supervised.stream().last_log_lines(40)
        time.sleep(0.5)
    assert "the catalog database does not answer" in ended
    running = supervised.stack().running()
    assert "postgres" not in running, "the supervisor undid what an operator did"
    supervised.stack().up(only=["postgres"])
    deadline = time.monotonic() + HEALED_SECONDS
    while supervised.stream().state() is not State.READY:
        assert time.monotonic() < deadline, supervised.stream().last_log_lines(40)
        time.sleep(0.5)
    prove(supervised)
    [row] = [row for row in status_of_stack(supervised.stack()) if row.service == "stream"]
    chronicle.add(
        "F39", "catalog away until the stream ended, and nobody types `make up`", fired=True,
        restarts=row.restarts, outcome="healed by itself",
    )  # fmt: skip
    assert row.restarts >= 1


def test_a_killed_driver_comes_back_by_itself(supervised: Lake, chronicle: Chronicle) -> None:
    began = time.monotonic()
    kill_service(supervised, "stream")
    produce(supervised, 1_500, seed=52)
    prove(supervised)
    chronicle.add(
        "F39", "driver killed and nobody types `make up`", fired=True,
        proven_after_seconds=round(time.monotonic() - began, 1),
    )  # fmt: skip


def test_up_says_so_when_the_first_batch_fails(supervised: Lake) -> None:
    supervised.stack().down(only=["stream"])
    produce(supervised, 500, seed=53)
    wait_for_free_port(supervised)
    with pytest.raises(DevstackError, match="died while starting"):
        supervised.stack(FAILPOINTS="batch.start=raise_always").up(only=["stream"])
    supervised.stack().down(only=["stream"])
    supervised.stack().up(only=["stream"])
    prove(supervised)
    supervised.stack().down(only=["stream"])
    supervised.stack().up(only=["stream"])
    assert supervised.stream().state() is State.READY, "there is nothing to read, so it is ready"
