"""Checks the machine: what is wrong, and what to do about it."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import psutil

from adlake.contracts.place import LakePlaceError, NoLakeYetError
from adlake.devstack.errors import DevstackError
from adlake.devstack.install.class_archive import own_place
from adlake.devstack.install.fetch import file_sets
from adlake.devstack.install.java import spark_jdk, trino_java
from adlake.devstack.install.prerequisites import place_problems
from adlake.devstack.install.versions import read_versions
from adlake.devstack.lake_place import refuse_wrong_place
from adlake.devstack.services.ports import is_free, owner
from adlake.devstack.services.postgres_place import find_postgres_bin
from adlake.devstack.services.service import Service
from adlake.devstack.stack import Stack
from adlake.folders import ADLAKE
from adlake.io.iceberg.rest_catalog import NO_FENCE
from adlake.settings import Settings

OLDEST_PYTHON = (3, 11)
GIB = 1 << 30
STATE_GIB = 5
"""Free disk to begin with."""
DAY_GIB = 20
"""What a day of the default traffic takes, as benchmarks/reports/cost.json measured it at so
many events a second; a test holds both equal."""
DEFAULT_RATE = 1_000.0
INSTALL_GIB = 4
"""Free disk that the downloads need at their peak."""
MEMORY_GIB = 8
FEWEST_FILES = 4_096
TWO_DAYS = 48


class Verdict(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    BLOCKS = "BLOCKS"


@dataclass(frozen=True)
class Finding:
    """One checked thing; `remedy` says what to do unless it is fine."""

    verdict: Verdict
    subject: str
    detail: str
    remedy: str = ""

    def __str__(self) -> str:
        advice = f"\n{'':<21} -> {self.remedy}" if self.remedy else ""
        return f"{self.verdict.value:<8} {self.subject:<12} {self.detail}{advice}"


def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order in which a newcomer meets them."""
    cache = settings.paths.cache.resolve()
    home = settings.paths.home.resolve()
    return [
        python_finding(sys.version_info[:3]),
        _guarded("JDK", _jdk_detail),
        _guarded("Trino Java", lambda: str(_existing(trino_java()))),
        _guarded("Postgres", lambda: str(find_postgres_bin())),
        *place_findings(settings),
        cache_finding(cache),
        *class_archive_findings(settings),
        *port_findings(settings),
        *watcher_findings(settings),
        *catalog_findings(settings),
        lake_finding(settings),
        state_finding(home, settings.generator.generator_rate),
        memory_finding(psutil.virtual_memory().available),
        files_finding(resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
    ]


def is_blocked(findings: list[Finding]) -> bool:
    """Does anything keep `make up` from working?"""
    return any(finding.verdict is Verdict.BLOCKS for finding in findings)


def python_finding(version: tuple[int, ...]) -> Finding:
    """The interpreter of .venv."""
    shown = ".".join(map(str, version))
    if version >= OLDEST_PYTHON:
        return Finding(Verdict.OK, "Python", shown)
    return Finding(Verdict.BLOCKS, "Python", shown, "install 3.11 or newer, then remove .venv")


def place_findings(settings: Settings) -> Iterator[Finding]:
    """Paths, folders and the user id, where `make up` would refuse them."""
    problems = place_problems(settings)
    for problem in problems:
        yield Finding(Verdict.BLOCKS, "place", problem)
    if not problems:
        yield Finding(Verdict.OK, "place", "paths, folders and user will do")


def port_findings(settings: Settings) -> Iterator[Finding]:
    """One finding per port or server of others; a port held by our own running service is fine."""
    for service in Stack(settings).services():
        if away := service.elsewhere():
            yield _elsewhere_finding(service, away)
            continue
        running = service.main_process() is not None
        for setting, port in service.ports().items():
            if running:
                yield Finding(Verdict.OK, f"port {port}", f"{service.name} runs here")
            elif is_free(port):
                yield Finding(Verdict.OK, f"port {port}", f"free for {service.name}")
            else:
                yield Finding(
                    Verdict.BLOCKS,
                    f"port {port}",
                    f"wanted by {service.name}, taken by {owner(port)}",
                    f"stop that, or choose another with {setting}=<port>",
                )


def watcher_findings(settings: Settings) -> Iterator[Finding]:
    """Optional services whose program the machine lacks."""
    for service in Stack(settings).services():
        if service.is_optional and (missing := service.missing()):
            detail = "not installed: no alerts; everything else works"
            yield Finding(Verdict.WARNING, service.name, detail, missing)


def _elsewhere_finding(service: Service, address: str) -> Finding:
    detail = f"at {address}, others run it: never started or stopped from here"
    if service.is_ready():
        return Finding(Verdict.OK, service.name, detail)
    remedy = f"nobody answers there: start it there, or change {service.elsewhere_setting}"
    return Finding(Verdict.BLOCKS, service.name, detail, remedy)


def catalog_findings(settings: Settings) -> Iterator[Finding]:
    """What a catalog that is not ours lacks."""
    if settings.has_rest_catalog:
        remedy = (
            f"let nobody else write there; `{ADLAKE} lake release` when a driver is gone for good"
        )
        yield Finding(Verdict.WARNING, "catalog", NO_FENCE, remedy)


def lake_finding(settings: Settings) -> Finding:
    """Is this lake in its own place, with its warehouse?"""
    try:
        refuse_wrong_place(settings)
    except LakePlaceError as error:
        return Finding(Verdict.BLOCKS, "lake", "is not in its place", str(error))
    except NoLakeYetError:
        home = settings.paths.home.resolve()
        return Finding(Verdict.OK, "lake", f"{home} is not made yet: `make up` makes it")
    return Finding(Verdict.OK, "lake", f"{settings.paths.home.resolve()} is its own place")


def cache_finding(cache: Path) -> Finding:
    """Are the downloads there, and if not, is there room for them?"""
    missing = [one.name for one in file_sets(cache, read_versions()) if not one.folder.is_dir()]
    if not missing:
        return Finding(Verdict.OK, "downloads", f"complete in {cache}")
    room = disk_finding("downloads", cache, INSTALL_GIB, "ADLAKE_CACHE")
    if room.verdict is not Verdict.OK:
        return room
    detail = f"missing: {', '.join(missing)} ({room.detail})"
    return Finding(Verdict.WARNING, "downloads", detail, "`make up` fetches them")


def class_archive_findings(settings: Settings) -> Iterator[Finding]:
    """Whether Spark's sessions start from an archive; they do without."""
    if not settings.jvm.class_archive:
        return
    with suppress(DevstackError):  # no Java: that has a finding of its own
        found = own_place(settings.jvm.java_options).find()
        detail = str(found) if found else "not made yet: the running stack makes it, once"
        yield Finding(Verdict.OK, "archive", detail)


def disk_finding(subject: str, folder: Path, wanted_gib: int, setting: str) -> Finding:
    """Is there room, and may we write?"""
    existing = _nearest(folder)
    if not os.access(existing, os.W_OK):
        remedy = f"make it writable, or choose another folder with {setting}"
        return Finding(Verdict.BLOCKS, subject, f"{existing} is not writable", remedy)
    free = _free_gib(folder)
    detail = f"{free:.0f} GiB free at {existing}"
    if free >= wanted_gib:
        return Finding(Verdict.OK, subject, detail)
    remedy = f"free {wanted_gib} GiB, or choose another folder with {setting}"
    return Finding(Verdict.BLOCKS, subject, detail, remedy)


def _nearest(folder: Path) -> Path:
    """The folder, or what is there yet of the way to it."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _free_gib(folder: Path) -> float:
    return shutil.disk_usage(_nearest(folder)).free / GIB


def state_finding(home: Path, rate: float) -> Finding:
    """Is there room to begin, and for how long?"""
    found = disk_finding("state disk", home, STATE_GIB, "ADLAKE_HOME")
    if found.verdict is not Verdict.OK:
        return found
    free = _free_gib(home)
    a_day = DAY_GIB * rate / DEFAULT_RATE
    detail = f"{found.detail}: {lasting(free, rate)}"
    if free >= a_day:
        return replace(found, detail=detail)
    remedy = "enough to begin with; for longer make room, or lower ADLAKE_GENERATOR_RATE"
    return Finding(Verdict.WARNING, found.subject, detail, remedy)


def lasting(free_gib: float, rate: float) -> str:
    """How long that lasts at the rate of the generator."""
    hours = 24 * free_gib / (DAY_GIB * rate / DEFAULT_RATE)
    shown = f"{hours / 24:,.0f} days" if hours >= TWO_DAYS else f"{hours:.0f} hours"
    return f"about {shown} of traffic at {rate:,g} events a second"


def memory_finding(available_bytes: int) -> Finding:
    """Room for the stack; little memory is slow, not impossible."""
    detail = f"{available_bytes / GIB:.1f} GiB available"
    if available_bytes >= MEMORY_GIB // 2 * GIB:
        return Finding(Verdict.OK, "memory", detail)
    remedy = "close programs, or lower ADLAKE_DRIVER_MEMORY; the stack takes 3 to 5 GiB"
    return Finding(Verdict.WARNING, "memory", detail, remedy)


def files_finding(limit: int) -> Finding:
    """Open files: Kafka and Trino need many."""
    if limit == resource.RLIM_INFINITY or limit >= FEWEST_FILES:
        return Finding(Verdict.OK, "open files", "limit is high enough")
    remedy = f"raise it: `ulimit -n {FEWEST_FILES}`"
    return Finding(Verdict.WARNING, "open files", f"limit {limit}", remedy)


def _guarded(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(Verdict.OK, subject, look())
    except DevstackError as error:
        return Finding(Verdict.BLOCKS, subject, "not found", str(error))


def _jdk_detail() -> str:
    jdk = spark_jdk()
    return f"{jdk.major} in {jdk.home}"


def _existing(path: Path) -> Path:
    if not path.exists():
        raise DevstackError(f"{path} is missing: remove .venv and run `make venv`")
    return path
