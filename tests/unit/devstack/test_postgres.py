"""A killed server that nobody waited for does not keep a new one from starting."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import psutil

from adlake.devstack.services.postgres import forget_lock_of_zombie


def test_the_lock_of_a_zombie_goes_and_that_of_a_living_server_stays(tmp_path: Path) -> None:
    lock = tmp_path / "postmaster.pid"
    forget_lock_of_zombie(lock)
    with subprocess.Popen(["true"]) as dead:
        deadline = time.monotonic() + 10
        while psutil.Process(dead.pid).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for text, stays in (
            (f"{os.getpid()}\n/data\n", True),
            ("", True),
            (f"{dead.pid}\n", False),
        ):
            lock.write_text(text)
            forget_lock_of_zombie(lock)
            assert lock.exists() is stays, text
