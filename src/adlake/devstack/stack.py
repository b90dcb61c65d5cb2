"""The whole native stack: up, down, status, nuke."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from adlake.devstack.errors import DevstackError
from adlake.devstack.home import HOME_MARKER, bind_home, refuse_other_home
from adlake.devstack.install.fetch import install
from adlake.devstack.install.installation import Installation
from adlake.devstack.install.prerequisites import refuse_unfit
from adlake.devstack.locks import exclusive
from adlake.devstack.secret_files import let_nobody_else_write
from adlake.devstack.services.alertmanager import Alertmanager
from adlake.devstack.services.api import Api
from adlake.devstack.services.dashboard import Dashboard
from adlake.devstack.services.generator import Generator
from adlake.devstack.services.kafka import Kafka
from adlake.devstack.services.ports import HOST
from adlake.devstack.services.postgres import Postgres
from adlake.devstack.services.postgres_place import remove_place
from adlake.devstack.services.prometheus import Prometheus
from adlake.devstack.services.service import Service, shorten
from adlake.devstack.services.stream import Stream
from adlake.devstack.services.trino import Trino
from adlake.devstack.services.warehouse import remove_warehouse
from adlake.devstack.supervisor.supervision import SupervisorService
from adlake.io.iceberg.object_store import is_object_store
from adlake.settings import Settings

SERVICES: tuple[type[Service], ...] = (
    Postgres, Kafka, Trino, Stream, Generator, Dashboard, Api, Alertmanager, Prometheus,
)  # fmt: skip
"""In the order of starting; stopping goes the other way."""
OWN_FOLDERS = frozenset(
    {
        "run", "logs", "secrets", "postgres", "kafka", "trino", "stream", "generator", "seeds",
        "truth", "warehouse", "checkpoints", "failpoints", "tmp", "prometheus", "alertmanager",
    }
)  # fmt: skip
"""Jobs started by hand may make some of these before the first `up`."""
LOCK_SECONDS = 300.0
Report = Callable[[str], None]


def silent(_line: str) -> None:
    """A report for callers who want none."""


class Stack:
    """One stack: everything follows from `settings`, so several can run side by side."""

    def __init__(
        self,
        settings: Settings,
        report: Report = silent,
        installation: Installation | None = None,
    ) -> None:
        self.settings = settings
        self.home = settings.paths.home.resolve()
        self._report = report
        self._installation = installation
        self._print_lock = threading.Lock()

    @property
    def installation(self) -> Installation:
        """Programs and jars, fetched on first use."""
        if self._installation is None:
            refuse_unfit(self.settings)
            cache = self.settings.paths.cache.resolve()
            with_s3 = is_object_store(self.settings.paths.warehouse_uri)
            self._installation = install(cache, self._report, with_s3=with_s3)
        return self._installation

    def services(self, names: Collection[str] | None = None) -> list[Service]:
        """Services by name (all when None), in the order of starting; to look at and to stop."""
        return [
            kind(self.settings, self._installation)
            for kind in SERVICES
            if names is None or kind.name in names
        ]

    def up(self, only: Collection[str] | None = None, without: Collection[str] = ()) -> None:
        """Start what is not running, each service as soon as those it needs are ready.

        Raises DevstackError when a service cannot be started; the others keep running.
        """
        names = chosen(only, without)
        refuse_unfit(self.settings)
        with self._locked():
            began = time.monotonic()
            self._installation = self.installation
            self._supervise()
            self._start_all(self._startable(names, is_named=only is not None))
            self._report(f"all ready in {time.monotonic() - began:.0f} s")

    def _startable(self, names: set[str], *, is_named: bool) -> list[Service]:
        """The services without optional ones that lack something; named ones are not left out."""
        services = self.services(names)
        left_out = [one for one in services if one.is_optional and one.missing() and not is_named]
        for service in left_out:
            self._say(f"  {service.name:<12} left out: {service.missing()}")
        return [service for service in services if service not in left_out]

    def down(self, only: Collection[str] | None = None) -> None:
        """Stop services, dependents first; harmless when nothing runs."""
        if not self.home.exists():
            return
        names = chosen(only, ())
        # First of all: the pid files of a copy name processes of the original.
        refuse_other_home(self.home)
        if only is None:
            self.supervisor().stop()
        with self._locked():
            for service in reversed(self.services(names)):
                # One of ours may still run from before the settings named another place.
                stopped = service.stop()
                if service.elsewhere() and only is not None:
                    self._say(f"  {service.name:<12} left: others run it at {service.elsewhere()}")
                if stopped.was_running:
                    forced = f", {len(stopped.killed)} process(es) killed" if stopped.killed else ""
                    self._say(f"  {service.name:<12} stopped ({stopped.seconds:.1f} s{forced})")
                elif only is not None and not service.elsewhere():
                    self._say(f"  {service.name:<12} was not running")
            if not any(service.pid_path.exists() for service in self.services()):
                self.supervisor().stop()

    def revive(self, name: str) -> None:
        """Start a service again if it ended by itself and is still wanted; does not wait for it."""
        with self._locked():
            self._installation = self.installation
            for service in self.services([name]):
                service.revive()

    def running(self) -> list[str]:
        """Names of the services that run now."""
        return [one.name for one in self.services() if one.main_process() is not None]

    def supervisor(self) -> SupervisorService:
        """What starts services again; no member of `services`: nobody chooses it."""
        return SupervisorService(self.settings, self._installation)

    def _supervise(self) -> None:
        if self.settings.supervision.supervise:
            self.supervisor().start()
        else:
            self.supervisor().stop()

    def nuke(self) -> None:
        """Stop everything and remove the state folder; refuses a folder that is not ours."""
        if not self.home.exists():
            self._report(f"nothing to remove: {self.home} does not exist")
            return
        if not (self.home / HOME_MARKER).is_file():
            raise DevstackError(
                f"{self.home} does not look like a state folder of adlake ({HOME_MARKER} is "
                "missing): check ADLAKE_HOME, or remove the folder yourself"
            )
        refuse_other_home(self.home)
        self.down()
        remove_warehouse(self.settings, self._report)
        remove_place(self.home)
        shutil.rmtree(self.home)
        for service in self.services():
            if away := service.elsewhere():
                self._report(f"left: what this lake has in {service.name} at {away}")
        self._report(f"removed {self.home}")

    def _start_all(self, services: list[Service]) -> None:
        futures: dict[str, Future[None]] = {}
        with ThreadPoolExecutor(max_workers=len(services)) as pool:
            for service in services:
                needed = [futures[name] for name in service.requires if name in futures]
                futures[service.name] = pool.submit(self._start_after, needed, service)
            try:
                wait(futures.values())
            except BaseException:
                for service in services:
                    service.cancelled.set()
                raise
        for future in futures.values():
            future.result()

    def _start_after(self, needed: list[Future[None]], service: Service) -> None:
        for future in needed:
            future.result()
        if away := service.elsewhere():
            service.join()
            self._say(f"  {service.name:<12} {'answers':<20} {away} (others run it)")
            return
        started = service.start()
        port = next(iter(service.ports().values()), None)
        where = f"{HOST}:{port}" if port else "no port"
        what = "already running" if started.already_running else f"ready in {started.seconds:.1f} s"
        self._say(f"  {service.name:<12} {what:<20} {where:<16} log: {shorten(service.log_file)}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self.home.exists() and any(self.home.iterdir()):
            self._refuse_foreign_home()
        refuse_other_home(self.home)
        let_nobody_else_write()
        bind_home(self.home)
        lock_file = self.home / "run" / "lock"
        with exclusive(lock_file, "this stack", wait_seconds=LOCK_SECONDS, report=self._report):
            yield

    def _refuse_foreign_home(self) -> None:
        if (self.home / HOME_MARKER).exists():
            return
        foreign = sorted({path.name for path in self.home.iterdir()} - OWN_FOLDERS)
        if foreign:
            raise DevstackError(
                f"{self.home} holds other things ({', '.join(foreign[:3])}): choose an empty "
                "folder for ADLAKE_HOME"
            )

    def _say(self, line: str) -> None:
        with self._print_lock:
            self._report(line)


def chosen(only: Collection[str] | None, without: Collection[str]) -> set[str]:
    """Names to act on; raises DevstackError for a name that is no service."""
    known = [kind.name for kind in SERVICES]
    for name in [*(only or ()), *without]:
        if name not in known:
            raise DevstackError(f"{name!r} is no service; there are: {', '.join(known)}")
    return set(known if only is None else only) - set(without)
