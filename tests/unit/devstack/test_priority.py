"""Who waits when all want the processor."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from adlake.devstack.services.generator import Generator
from adlake.devstack.services.kafka import Kafka
from adlake.devstack.services.stream import Stream
from adlake.devstack.supervisor.priority import LEAST, give_way

GROUPS = Path("/proc/sys/kernel/sched_autogroup_enabled")


@pytest.fixture
def leader() -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a session of its own."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(command, start_new_session=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("niceness", [5, LEAST])
def test_a_process_and_its_session_give_way(leader: subprocess.Popen[bytes], niceness: int) -> None:
    give_way(leader.pid, niceness)
    assert psutil.Process(leader.pid).nice() == niceness
    if GROUPS.exists() and GROUPS.read_text().strip() == "1":
        group = Path(f"/proc/{leader.pid}/autogroup").read_text()
        assert group.split()[-1] == str(niceness)


def test_one_that_has_ended_is_no_error(leader: subprocess.Popen[bytes]) -> None:
    leader.kill()
    leader.wait()
    before = psutil.Process().nice()
    give_way(leader.pid, 5)
    assert psutil.Process().nice() == before


def test_one_that_shares_its_session_is_left_alone() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    before = psutil.Process().nice()
    with subprocess.Popen(command) as process:
        give_way(process.pid, LEAST)
        assert psutil.Process(process.pid).nice() == before
        process.kill()


def test_batches_and_simulated_traffic_give_way_to_what_people_wait_for() -> None:
    assert Stream.niceness == Generator.niceness > Kafka.niceness == 0
