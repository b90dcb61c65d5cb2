"""F4, F5: two drivers; a paused one that wakes after another took over cannot commit."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from adlake.provision.catalog import catalog_database
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import (
    produce,
    prove,
    prove_history,
    second_driver,
    wait_for_free_port,
    wait_until_stopped,
)
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

EXIT_SECONDS = 120.0
PAUSED_AT = ("bronze.before_commit", "bronze.after_commit", "gold.before_publish")


@pytest.mark.parametrize(
    "place", ["bronze.before_commit", "bronze.after_commit", "gold.before_publish"]
)
def test_f04_a_paused_driver_cannot_commit_after_another_took_over(
    lake: Lake, chronicle: Chronicle, place: str
) -> None:
    produce(lake, 1_500, seed=len(place))
    with second_driver(lake, "zombie.log", FAILPOINTS=f"{place}=stop") as zombie:
        wait_until_stopped(zombie)
        wait_for_free_port(lake)
        wait_for_lapsed_lease(lake)
        lake.stack().up(only=["stream"])
        prove(lake)
        zombie.send_signal(signal.SIGCONT)
        assert zombie.wait(timeout=EXIT_SECONDS) != 0
    log = (lake.home / "logs" / "zombie.log").read_text()
    assert "fenced:" in log or "was taken over" in log
    prove(lake)
    lake.stack().down(only=["stream"])
    chronicle.add(
        "F4", f"paused at {place}, woken after a take-over", fired=True, outcome="refused"
    )


def test_f05_of_two_drivers_started_together_one_works_and_the_other_says_why(
    lake: Lake, chronicle: Chronicle
) -> None:
    produce(lake, 1_500, seed=55)
    with (
        second_driver(lake, "first.log") as first,
        second_driver(lake, "second.log") as second,
    ):
        loser = wait_for_one_to_exit(first, second)
        log = Path(lake.home / "logs" / ("first.log" if loser is first else "second.log"))
        assert loser.returncode != 0
        assert "holds lease attribution" in log.read_text()
        prove(lake)
    chronicle.add(
        "F5", "two drivers started together", fired=True, outcome="one works, one refused"
    )
    prove_history(lake)


def wait_for_lapsed_lease(lake: Lake) -> None:
    """A paused driver holds its lease until it lapses; one that starts earlier is refused."""
    lapsed = (
        "SELECT is_released OR renewed_at + make_interval(secs => ttl_seconds) "
        "< clock_timestamp() FROM adlake.leases"
    )
    deadline = time.monotonic() + EXIT_SECONDS
    while True:
        with catalog_database(lake.settings()).connect() as connection:
            [(is_free,)] = connection.execute(lapsed).fetchall()
        if is_free:
            return
        assert time.monotonic() < deadline, "a paused driver goes on renewing its lease"
        time.sleep(0.5)


def wait_for_one_to_exit(*drivers: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    deadline = time.monotonic() + EXIT_SECONDS
    while time.monotonic() < deadline:
        ended = [driver for driver in drivers if driver.poll() is not None]
        if ended:
            assert len(ended) < len(drivers), "both ended"
            return ended[0]
        time.sleep(0.1)
    raise AssertionError("both drivers work")
