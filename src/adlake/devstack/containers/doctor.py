"""Checks the machine for the container form: engine, memory, compose, ports, disk, passwords."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Final

from adlake.devstack.containers.engine import (
    COMPOSES,
    NO_COMPOSE,
    NO_ENGINE,
    Compose,
    EngineFacts,
    compose_version,
    engine_facts,
)
from adlake.devstack.containers.secret_lines import SECRETS, read_lines
from adlake.devstack.containers.states import container_states
from adlake.devstack.doctor import GIB, Finding, Verdict, catalog_findings, lasting
from adlake.devstack.errors import DevstackError
from adlake.devstack.services.ports import is_free, owner
from adlake.settings import REPO_ROOT, SETTINGS_FILE, Settings

LIMITS_GIB: Final = 8
"""What the memory limits of docker-compose.yml sum to at most."""
LEAST_GIB: Final = 7.5
"""An engine that is given 8 GB says a little less."""
IMAGES_GIB: Final = 12
"""Free disk that images, their building and the first hours of traffic need."""
OLDEST_COMPOSE: Final = (1, 29)
PUBLISHED: Final = (
    "ADLAKE_KAFKA_PORT", "ADLAKE_POSTGRES_PORT", "ADLAKE_S3_PORT", "ADLAKE_S3_CONSOLE_PORT",
    "ADLAKE_TRINO_PORT", "ADLAKE_SPARK_UI_PORT", "ADLAKE_METRICS_PORT", "ADLAKE_DASHBOARD_PORT",
    "ADLAKE_API_PORT", "ADLAKE_METABASE_PORT", "ADLAKE_GRAFANA_PORT", "ADLAKE_PROMETHEUS_PORT",
    "ADLAKE_ALERTMANAGER_PORT", "ADLAKE_NOTEBOOK_PORT", "ADLAKE_REST_PORT",
)  # fmt: skip
"""Settings of the ports that docker-compose.yml publishes."""
REST_ALONE: Final = "ADLAKE_REST_PORT"
"""Of them, the one that is published with a REST catalog alone."""


def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order in which a newcomer meets them."""
    facts = engine_facts()
    if facts is None:
        return [Finding(Verdict.BLOCKS, "engine", "does not answer", NO_ENGINE)]
    compose = next(
        ((one, version) for one in COMPOSES if (version := compose_version(one)) is not None), None
    )
    return [
        Finding(Verdict.OK, "engine", f"{facts.version}, {facts.cpus} processors"),
        memory_finding(facts),
        compose_finding(compose[1] if compose else None),
        passwords_finding(),
        *port_findings(settings, published_now(Compose(compose[0])) if compose else set()),
        *catalog_findings(settings),
        disk_finding(settings.generator.generator_rate),
    ]


def memory_finding(facts: EngineFacts) -> Finding:
    """Has the engine the memory that the limits sum to?"""
    detail = f"{facts.memory_bytes / GIB:.1f} GiB for containers"
    if facts.memory_bytes >= LEAST_GIB * GIB:
        return Finding(Verdict.OK, "memory", detail)
    remedy = (
        f"give it {LIMITS_GIB} GB (Docker Desktop: Settings, Resources), or leave services out: "
        "`docker-compose up -d dashboard generator`"
    )
    return Finding(Verdict.WARNING, "memory", detail, remedy)


def compose_finding(version: str | None) -> Finding:
    """Is there a compose that reads our file?"""
    if version is None:
        return Finding(Verdict.BLOCKS, "compose", "not found", NO_COMPOSE)
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers >= OLDEST_COMPOSE:
        return Finding(Verdict.OK, "compose", version)
    remedy = "install docker-compose 1.29 or the plugin `docker compose`"
    return Finding(Verdict.BLOCKS, "compose", f"{version} is too old", remedy)


def passwords_finding() -> Finding:
    """Are the passwords made?"""
    made = read_lines(SETTINGS_FILE)
    missing = [name for name in SECRETS if name not in made]
    if not missing:
        return Finding(Verdict.OK, "passwords", f"in {SETTINGS_FILE}")
    return Finding(Verdict.WARNING, "passwords", "not made yet", "`make up` or `make secrets`")


def port_findings(settings: Settings, ours: set[int]) -> Iterator[Finding]:
    """One finding per published port; one that our own containers hold is fine."""
    given = settings.as_environment(with_secrets=False)
    wanted = [one for one in PUBLISHED if one != REST_ALONE or settings.has_rest_catalog]
    for setting in wanted:
        port = int(given[setting])
        if port in ours:
            yield Finding(Verdict.OK, f"port {port}", "published by our containers")
        elif is_free(port):
            yield Finding(Verdict.OK, f"port {port}", "free")
        else:
            remedy = f"stop that, or choose another with {setting}=<port>"
            detail = f"taken by {owner(port)}"
            yield Finding(Verdict.BLOCKS, f"port {port}", detail, remedy)


def published_now(compose: Compose) -> set[int]:
    """Ports that our containers publish."""
    try:
        states = container_states(compose)
    except DevstackError:
        return set()
    return {
        int(part.rpartition(":")[2]) for one in states for part in one.ports.split(", ") if part
    }


def disk_finding(rate: float) -> Finding:
    """Is there room for images and volumes? As far as this side can see."""
    free = shutil.disk_usage(REPO_ROOT).free / GIB
    detail = (
        f"{free:.0f} GiB free at {REPO_ROOT}: {lasting(free, rate)} (an engine in a machine of its "
        "own has its own)"
    )
    if free >= IMAGES_GIB:
        return Finding(Verdict.OK, "disk", detail)
    return Finding(Verdict.WARNING, "disk", detail, f"free {IMAGES_GIB} GiB: `docker system prune`")
