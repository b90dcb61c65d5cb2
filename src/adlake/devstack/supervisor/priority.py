"""Which programs of one machine wait when all want the processor."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

import psutil

LEAST: Final = 19
"""For what nobody waits for."""
TRIES: Final = 5
PAUSE_SECONDS: Final = 0.15
"""The kernel takes one such change a tenth of a second from those who are not root."""


def give_way(pid: int, niceness: int) -> None:
    """Let other programs go before a process and what it starts; never fails.

    Linux shares the processor between sessions first (sched_autogroup, man 7 sched): there the
    niceness of a process counts only inside its session, and the session has one of its own. A
    process that does not lead its session is left as it is: others of the session would wait too.
    """
    try:
        if os.getsid(pid) != pid:
            return
        psutil.Process(pid).nice(niceness)
    except (psutil.Error, OSError):
        return
    session = Path(f"/proc/{pid}/autogroup")
    for _ in range(TRIES):
        try:
            session.write_text(str(niceness))
        except BlockingIOError:
            time.sleep(PAUSE_SECONDS)
        except OSError:
            return  # this kernel has no such groups, or the process has ended
        else:
            return
