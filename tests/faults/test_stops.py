"""F3, F6: the driver is asked to stop, or something raises, at each step of a batch."""

from __future__ import annotations

import time

import pytest

from adlake.devstack.services.service import State
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import (
    fired_at,
    produce,
    prove,
    prove_history,
    run_into,
    wait_for_free_port,
)
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

STOP_LIMIT_SECONDS = 30.0
STEPS = (
    "batch.start", "bronze.before_commit", "bronze.after_commit", "gold.after_append",
    "gold.before_publish", "gold.after_commit", "batch.end",
)  # fmt: skip


@pytest.mark.parametrize("place", STEPS)
def test_f03_sigterm_ends_the_driver_cleanly_at(
    lake: Lake, chronicle: Chronicle, place: str
) -> None:
    produce(lake, 1_500, seed=len(place))
    moment = run_into(lake, f"{place}=term")
    seconds = time.time() - moment / 1000
    log = lake.stream().last_log_lines(60)
    assert seconds < STOP_LIMIT_SECONDS
    assert "Traceback" not in log
    chronicle.add("F3", f"SIGTERM at {place}", fired=True, stopped_in_seconds=round(seconds, 1))


@pytest.mark.parametrize("place", STEPS)
def test_f06_one_exception_is_retried_at(lake: Lake, chronicle: Chronicle, place: str) -> None:
    produce(lake, 1_500, seed=100 + len(place))
    driver = lake.stream(FAILPOINTS=f"{place}=raise")
    wait_for_free_port(lake)
    driver.start()
    lake.adlake("wait", "--timeout", "240")
    assert driver.state() is State.READY, "one exception must not end the driver"
    assert "(attempt 1)" in driver.log_file.read_text()
    fired_at(lake, f"{place}=raise")
    driver.stop()
    chronicle.add("F6", f"one exception at {place}", fired=True, outcome="retried")


def test_f06_an_exception_that_stays_stops_the_driver_by_name(
    lake: Lake, chronicle: Chronicle
) -> None:
    produce(lake, 1_500, seed=7)
    run_into(lake, "gold.after_append=raise_always")
    log = lake.stream().log_file.read_text()
    assert "planted fault at gold.after_append" in log
    assert "(attempt 3)" in log
    chronicle.add(
        "F6", "an exception at gold.after_append in every attempt", fired=True,
        outcome="stopped by name after four attempts",
    )  # fmt: skip


def test_f03_f06_leave_every_row_and_head_lawful(lake: Lake, chronicle: Chronicle) -> None:
    lake.stack().up(only=["stream"])
    prove(lake)
    chronicle.add("F3, F6", "proof after all of them", **prove_history(lake))
    lake.stack().down(only=["stream"])
