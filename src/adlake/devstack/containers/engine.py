"""The container engine of this machine and its compose: found, asked, told what to do."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from adlake import environment
from adlake.devstack.errors import DevstackError
from adlake.folders import IS_CHECKOUT
from adlake.settings import REPO_ROOT

ANSWER_SECONDS: Final = 10.0
COMPOSES: Final = (("docker", "compose"), ("docker-compose",))
"""Ways to compose, in the order in which they are looked for."""
REST_PROFILE: Final = "rest"
PROFILES: Final = ("notebooks", REST_PROFILE)
"""Services on demand; stopping and removing means them as well."""
NO_ENGINE: Final = (
    "no container engine answers: start Docker (`docker info` tells more), or use RUNTIME=native, "
    "which needs only Python and a JDK"
)
NO_COMPOSE: Final = (
    "Docker answers, but there is no compose: install its plugin (`docker compose version`) or "
    "docker-compose 1.29"
)
NO_COMPOSE_FILE: Final = (
    "docker-compose.yml is no part of an installed package: clone the repository for containers, "
    "or use RUNTIME=native"
)
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class EngineFacts:
    """What the engine says of itself."""

    version: str
    memory_bytes: int
    cpus: int


def ask(*command: str, timeout: float = ANSWER_SECONDS) -> str | None:
    """What a client prints; None when it is not there, refuses, or takes too long."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=False, cwd=REPO_ROOT,
            env=environment.for_engine(), stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def engine_facts() -> EngineFacts | None:
    """The engine that answers; None: none does."""
    told = ask("docker", "info", "--format", "{{json .}}")
    try:
        facts = json.loads(told or "null")
    except ValueError:
        return None
    # Without an engine the client answers, too: with its own facts alone.
    if not isinstance(facts, dict) or not facts.get("ServerVersion"):
        return None
    return EngineFacts(
        str(facts["ServerVersion"]), int(facts.get("MemTotal", 0)), int(facts.get("NCPU", 0))
    )


def compose_version(compose: Sequence[str]) -> str | None:
    """What this way to compose says of its version; None: it is not there."""
    told = ask(*compose, "version", "--short")
    return told.strip().removeprefix("v") if told else None


def find_compose() -> tuple[str, ...]:
    """The first way to compose that is there.

    Raises:
        DevstackError: there is none, no engine answers, or there is nothing to compose.
    """
    if not IS_CHECKOUT:
        raise DevstackError(NO_COMPOSE_FILE)
    if engine_facts() is None:
        raise DevstackError(NO_ENGINE)
    for compose in COMPOSES:
        if compose_version(compose) is not None:
            return compose
    raise DevstackError(NO_COMPOSE)


@dataclass(frozen=True)
class Compose:
    """The compose file of this checkout."""

    command: tuple[str, ...]

    def run(self, *arguments: str) -> int:
        """Do something, with its output on the terminal; the exit code."""
        return subprocess.run(
            self._line(*arguments), check=False, cwd=REPO_ROOT, env=environment.for_engine()
        ).returncode

    def must(self, *arguments: str) -> None:
        """Do something that has to work.

        Raises:
            DevstackError: it did not; compose said why.
        """
        code = self.run(*arguments)
        if code:
            verb = " ".join(arguments)
            raise DevstackError(
                f"compose failed ({verb}: exit code {code}), see above; `make logs RUNTIME=docker` "
                "shows what the services say, `make doctor RUNTIME=docker` checks the machine"
            )

    def containers(self) -> list[str]:
        """Ids of the project's containers, ended ones included.

        Raises:
            DevstackError: compose does not answer.
        """
        told = ask(*self._line("ps", "--quiet", "--all"), timeout=60)
        if told is None:  # docker-compose 1.29 has --all, older ones do not
            told = ask(*self._line("ps", "--quiet"), timeout=60)
        if told is None:
            raise DevstackError("compose does not answer: `docker-compose ps` tells more")
        return told.split()

    def _line(self, *arguments: str) -> list[str]:
        profiles = [word for name in PROFILES for word in ("--profile", name)]
        given = profiles if arguments[0] in {"ps", "down", "logs"} else []
        return [*self.command, *given, *arguments]
