"""F8: no room left, for each of the folders that something is written to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adlake.devstack.services.service import State
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.disk import small_disk, without_room
from tests.fixtures.drill.lake import (
    drilled_lake,
    kill_service,
    produce,
    prove,
    prove_history,
    wait_for_free_port,
)
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

FULL = "No space left on device"


@contextmanager
def lake_on_a_small_disk(base: Path, place: str, megabytes: int) -> Iterator[tuple[Lake, Path]]:
    """A lake with one of its folders on a disk of its own; its first traffic is proven."""
    with small_disk(base / "disk", megabytes) as disk:
        (disk / place).mkdir()
        (base / "home").mkdir()
        (base / "home" / place).symlink_to(disk / place)
        with drilled_lake(base / "home") as lake:
            produce(lake, 6_000, seed=8)
            lake.stack().up(only=["stream"])
            prove(lake)
            yield lake, disk


@pytest.mark.parametrize(
    ("place", "megabytes", "left"),
    [("warehouse", 64, 200_000), ("checkpoints", 16, 4_096), ("tmp", 256, 20_000)],
    ids=["warehouse", "checkpoint", "scratch"],
)
def test_f08_a_full_disk_stops_the_stream_and_loses_nothing(
    tmp_path: Path, chronicle: Chronicle, place: str, megabytes: int, left: int
) -> None:
    with lake_on_a_small_disk(tmp_path, place, megabytes) as (lake, disk):
        driver = lake.stream()
        with without_room(disk, left):
            produce(lake, 6_000, seed=81)
            lake.wait_for_death(driver, timeout=240)
        assert FULL in driver.log_file.read_text()
        wait_for_free_port(lake)
        lake.stack().up(only=["stream"])
        prove(lake)
        found = prove_history(lake)
        lake.stack().down(only=["stream"])
    chronicle.add("F8", f"{place} full", fired=True, outcome="stopped, resumed with room", **found)


def test_f08_a_broker_without_room_loses_nothing_that_it_acknowledged(
    tmp_path: Path, chronicle: Chronicle
) -> None:
    orders = ("generate", "--events", "60000", "--seed", "82", "--unpaced")
    with lake_on_a_small_disk(tmp_path, "kafka", 96) as (lake, disk):
        [broker] = lake.stack().services(["kafka"])
        with without_room(disk, 1_000_000):
            refused = lake.adlake(*orders, expected=None, timeout=280)
            assert refused.returncode != 0
            assert "Traceback" not in refused.stderr
            deadline = time.monotonic() + 60
            while FULL not in broker.log_file.read_text(errors="replace"):
                assert time.monotonic() < deadline, "the broker found room"
                time.sleep(1)
        if broker.state() is not State.READY:
            kill_service(lake, "kafka")
        lake.stack().up(only=["kafka", "stream"])
        lake.adlake(*orders)
        prove(lake)
        found = prove_history(lake)
        lake.stack().down(only=["stream"])
    chronicle.add("F8", "broker full", fired=True, outcome="stopped, resumed with room", **found)
