"""What runs, since when, where, and how much memory it takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from adlake.devstack.services.service import Service, State
from adlake.devstack.stack import Stack
from adlake.devstack.supervisor.process import memory_bytes, one_look
from adlake.devstack.supervisor.supervision import restarts_of
from adlake.io.process_identity import age_seconds

MEMORY_BUDGET_BYTES = 8_000_000_000
"""What the whole stack may take on a laptop."""
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class ServiceStatus:
    """One line of `adlake status`."""

    service: str
    state: str
    pid: int | None
    uptime_seconds: float | None
    port: int | None
    memory_bytes: int
    """The whole process tree."""
    restarts: int = 0
    """How often the supervisor started it again since `make up`."""
    note: str = ""
    """How it last ended by itself, or what keeps it from its work."""


def status_of_stack(
    stack: Stack, ask_pending: Callable[[], str] = lambda: ""
) -> list[ServiceStatus]:
    """Look at every service, and at what starts them again.

    `ask_pending` says what the stream may not read yet; called only when Kafka is ready.
    """
    restarts = restarts_of(stack.home)
    with one_look():
        rows = [status_of(service) for service in [*stack.services(), stack.supervisor()]]
    if any(row.service == "kafka" and row.state == State.READY for row in rows):
        rows = [_with_pending(row, ask_pending) for row in rows]
    return [_with_restarts(row, *restarts.get(row.service, (0, ""))) for row in rows]


def _with_pending(row: ServiceStatus, ask_pending: Callable[[], str]) -> ServiceStatus:
    if row.service != "stream" or not (pending := ask_pending()):
        return row
    return replace(row, note="; ".join(filter(None, (row.note, pending))))


def _with_restarts(row: ServiceStatus, count: int, last: str) -> ServiceStatus:
    return replace(row, restarts=count, note=row.note or last)


def status_of(service: Service) -> ServiceStatus:
    """Look at one service."""
    main = service.main_process()
    if service.elsewhere() and main is None:
        return _elsewhere(service)
    return ServiceStatus(
        service=service.name,
        state=service.state_of(main).value,
        pid=main.pid if main else None,
        uptime_seconds=age_seconds(main) if main else None,
        port=next(iter(service.ports().values()), None),
        memory_bytes=memory_bytes(service.processes_of(main)),
        note=service.waits_for() if main else service.missing(),
    )


def _elsewhere(service: Service) -> ServiceStatus:
    note = f"others run it at {service.elsewhere()}: never started or stopped from here"
    return ServiceStatus(service.name, service.state().value, None, None, None, 0, note=note)


def all_wanted_ready(rows: list[ServiceStatus]) -> bool:
    """No service died or hangs; one that was never started is no fault."""
    return all(row.state in {State.READY, State.STOPPED} for row in rows)


def as_json(rows: list[ServiceStatus]) -> str:
    """Machine-readable form."""
    total = sum(row.memory_bytes for row in rows)
    document = {
        "services": [asdict(row) for row in rows],
        "memory_bytes": total,
        "memory_budget_bytes": MEMORY_BUDGET_BYTES,
    }
    return json.dumps(document, indent=2)


def as_table(rows: list[ServiceStatus]) -> str:
    """Form for people."""
    lines = [f"{'service':<12} {'state':<10} {'pid':>8} {'uptime':>10} {'port':>6} {'memory':>10}"]
    for row in rows:
        uptime = _duration(row.uptime_seconds)
        memory = f"{row.memory_bytes / MEBIBYTE:.0f} MiB" if row.memory_bytes else "-"
        lines.append(
            f"{row.service:<12} {row.state:<10} {row.pid or '-':>8} {uptime:>10} "
            f"{row.port or '-':>6} {memory:>10}"
        )
    for row in rows:
        if row.restarts or row.note:
            again = f"started again {row.restarts} times; " if row.restarts else ""
            lines.append(f"{row.service}: {again}{row.note}")
    total = sum(row.memory_bytes for row in rows)
    share = f"{total / 1e9:.2f} GB of the {MEMORY_BUDGET_BYTES / 1e9:.0f} GB budget"
    lines.append(f"total memory: {share} ({'within' if total <= MEMORY_BUDGET_BYTES else 'OVER'})")
    return "\n".join(lines)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {rest:02}s"
