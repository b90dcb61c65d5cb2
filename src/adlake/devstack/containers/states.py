"""What the containers of the project are doing, as `adlake status` shows it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adlake.devstack.containers.engine import Compose, ask
from adlake.devstack.errors import DevstackError

POLL_SECONDS: Final = 2.0
SERVICE_LABEL: Final = "com.docker.compose.service"
MIB: Final = 1 << 20


@dataclass(frozen=True)
class ContainerState:
    """One container."""

    service: str
    state: str
    """ready, not ready, done, died."""
    ports: str
    limit_mib: int
    restarts: int

    @property
    def is_fine(self) -> bool:
        """It serves, or has done its work."""
        return self.state in {"ready", "done"}


def container_states(compose: Compose) -> list[ContainerState]:
    """Every container of the project, by service.

    Raises:
        DevstackError: the engine does not answer.
    """
    ids = compose.containers()
    if not ids:
        return []
    told = ask("docker", "inspect", *ids, timeout=60)
    if told is None:
        raise DevstackError("the container engine does not answer: `docker ps` tells more")
    return sorted((_state_of(one) for one in json.loads(told)), key=lambda one: one.service)


def _state_of(facts: dict[str, Any]) -> ContainerState:
    state, host = facts["State"], facts.get("HostConfig", {})
    return ContainerState(
        service=facts["Config"]["Labels"].get(SERVICE_LABEL, facts["Name"].strip("/")),
        state=_word(state),
        ports=", ".join(_ports(facts.get("NetworkSettings", {}).get("Ports") or {})),
        limit_mib=int(host.get("Memory") or 0) // MIB,
        restarts=int(facts.get("RestartCount") or 0),
    )


def _word(state: dict[str, Any]) -> str:
    health = (state.get("Health") or {}).get("Status", "")
    if state.get("Running"):
        return "ready" if health in {"healthy", ""} else "not ready"
    return "done" if state.get("ExitCode") == 0 else "died"


def _ports(ports: dict[str, Any]) -> Iterator[str]:
    for published in ports.values():
        for one in published or ():
            yield f"{one['HostIp']}:{one['HostPort']}"


def as_table(states: Sequence[ContainerState]) -> str:
    """What people read."""
    lines = [f"{'service':<16} {'state':<10} {'limit':>9}  ports"]
    for one in states:
        restarts = f"  (started again {one.restarts} times)" if one.restarts else ""
        lines.append(
            f"{one.service:<16} {one.state:<10} {one.limit_mib:>5} MiB  {one.ports}{restarts}"
        )
    return "\n".join(lines)


def wait_until_fine(
    compose: Compose, patience_seconds: float, report: Callable[[str], None]
) -> None:
    """Return when every container serves or has done its work; says what is waited for.

    Raises:
        DevstackError: one ended with an error, or is not ready in time.
    """
    deadline = time.monotonic() + patience_seconds
    told: list[str] = []
    while True:
        states = container_states(compose)
        waited_for = [one.service for one in states if not one.is_fine]
        died = [one.service for one in states if one.state == "died"]
        if died:
            raise DevstackError(f"{', '.join(died)} ended with an error: {_look(died)}")
        if not waited_for:
            return
        if time.monotonic() > deadline:
            raise DevstackError(f"{', '.join(waited_for)} not ready in time: {_look(waited_for)}")
        if waited_for != told:
            report(f"  waiting for {', '.join(waited_for)}")
            told = waited_for
        time.sleep(POLL_SECONDS)


def _look(services: Sequence[str]) -> str:
    return f"`make logs RUNTIME=docker NAME={services[0]}` shows what it says"
