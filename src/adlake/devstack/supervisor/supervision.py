"""The supervisor as a service of its own, and what `status` says of its work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from adlake.devstack.services.service import Service
from adlake.devstack.supervisor import loop as supervisor
from adlake.devstack.supervisor.endings import Event, read_events
from adlake.environment import module_line


class SupervisorService(Service):
    """Watches the other services; started before them by `up`, stopped before them by `down`."""

    name: ClassVar[str] = supervisor.NAME
    reads_secrets: ClassVar[bool] = True

    def command(self) -> list[str]:
        """Argument vector."""
        return module_line(supervisor.__name__, str(self.home))

    def ports(self) -> dict[str, int]:
        """None."""
        return {}

    def is_ready(self) -> bool:
        """It has looked once: what ends from now on is seen."""
        main = self.main_process()
        try:
            seen = int(supervisor.ready_file(self.home).read_text())
        except (OSError, ValueError):
            return False
        return main is not None and seen == main.pid


def restarts_of(home: Path) -> dict[str, tuple[int, str]]:
    """By service: how often it was started again since `make up`, and how it last ended."""
    events = read_events(home)
    names = dict.fromkeys(event.service for event in events)
    return {name: _summary([one for one in events if one.service == name]) for name in names}


def _summary(events: Sequence[Event]) -> tuple[int, str]:
    count = sum(event.event == "started" for event in events)
    last = next((event for event in reversed(events) if event.event != "started"), events[-1])
    is_waiting = last is events[-1] and last.next_try_seconds is not None
    pause = f"; next try {last.next_try_seconds:.0f} s later" if is_waiting else ""
    return count, f"{last.event} {last.at}: {last.reason}{pause}"
