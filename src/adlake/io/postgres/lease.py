"""The lease of a sink: one writer at a time, with a generation that only grows.

The generation is enforced inside the catalog database (sql/migrations/0012_fence_every_table.sql,
whose columns call it epoch): a commit of an older one is refused there. The lease here decides who
may start; correctness never rests on a clock.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import psutil
import psycopg
from psycopg.rows import class_row

from adlake.contracts.errors import AdlakeError
from adlake.folders import ADLAKE
from adlake.io.process_identity import beginning
from adlake.io.sql.control import control_sql

log = logging.getLogger(__name__)

Connect = Callable[[], psycopg.Connection]
"""Opens a connection to the catalog database."""


class LeaseHeldError(AdlakeError):
    """Another driver holds the lease; the message names it.

    `living` is that driver where it is known to be at work: who asks it to do something can wait.
    """

    is_lasting = True

    def __init__(self, told: str, living: str = "") -> None:
        super().__init__(told)
        self.living = living


class LeaseLostError(AdlakeError):
    """This driver's generation is no longer the newest: it must stop, its commits are refused."""

    is_lasting = True


def this_holder() -> str:
    """Name of this process: host, pid and when the process began (pids are reused)."""
    process = psutil.Process()
    return f"{socket.gethostname()}/pid {process.pid}/started {beginning(process)}"


def holder_lives_here(holder: str) -> bool:
    """True only when the holder runs on this host."""
    return holder.startswith(f"{socket.gethostname()}/pid ") and not holder_is_dead(holder)


def holder_is_dead(holder: str) -> bool:
    """True only when the holder ran on this host and is certainly gone."""
    host, _, rest = holder.partition("/pid ")
    pid_text, _, started = rest.partition("/started ")
    if host != socket.gethostname() or not pid_text.isdigit():
        return False
    try:
        process = psutil.Process(int(pid_text))
        return beginning(process) != started or process.status() == "zombie"
    except psutil.NoSuchProcess:
        return True


@dataclass(frozen=True)
class Lease:
    """A held lease."""

    connect: Connect
    name: str
    generation: int
    holder: str

    def renew(self) -> None:
        """Push the expiry ahead.

        Raises:
            LeaseLostError: a newer generation exists.
        """
        with self.connect() as connection:
            row = connection.execute(control_sql("leases/renew"), self._named).fetchone()
        if row is None:
            raise LeaseLostError(
                f"lease {self.name} generation {self.generation} was taken over: this driver stops"
            )

    def release(self) -> None:
        """Let the next driver start at once; without the database it expires by itself."""
        try:
            with self.connect() as connection:
                connection.execute(control_sql("leases/release"), self._named)
        except psycopg.Error as error:
            # Raised, it would hide why the driver stops.
            log.warning("lease %s could not be released: %s", self.name, error)

    @property
    def _named(self) -> dict[str, str | int]:
        return {"lease_name": self.name, "generation": self.generation}


def acquire(connect: Connect, name: str, ttl_seconds: float, *, is_fenced: bool = True) -> Lease:
    """Take the lease with the next generation.

    Without a fence in the catalog (`is_fenced` False) time alone frees no lease: a paused holder
    could still commit. It is taken over when it was released, or its holder is certainly dead.

    A holder whose time seems to have run out is watched for a while first: the clock may have been
    set, and a living one renews.

    Raises:
        LeaseHeldError: a living driver holds it; the message says who and until when.
    """
    holder = this_holder()
    with connect() as connection:
        connection.execute(control_sql("leases/insert"), {"lease_name": name})
        before = _existing(connection, name)
    if before.watch_seconds and not holder_is_dead(before.holder):
        time.sleep(before.watch_seconds)
    with connect() as connection:
        connection.execute(control_sql("leases/lock"), {"lease_name": name})
        now = _existing(connection, name)
        is_same = (now.generation, now.renewed_at) == (before.generation, before.renewed_at)
        has_run_out = is_same and before.watch_seconds is not None
        is_free = now.is_released or (has_run_out and is_fenced)
        if not is_free and not holder_is_dead(now.holder):
            if has_run_out:
                raise LeaseHeldError(
                    f"{now.holder} held lease {name} (generation {now.generation}) and was not "
                    "heard of since its time ran out, but may only be paused, and this catalog has "
                    f"no fence against it: make sure that it is gone, then `{ADLAKE} lake release`"
                )
            raise LeaseHeldError(
                f"{now.holder} holds lease {name} (generation {now.generation}, "
                f"{now.seconds_left:.0f} s left unless renewed): only one driver may write; stop "
                "that one first",
                living=now.holder,
            )
        lease = Lease(connect=connect, name=name, generation=now.generation + 1, holder=holder)
        taken = {
            "lease_name": name, "generation": lease.generation, "holder": holder,
            "ttl_seconds": ttl_seconds,
        }  # fmt: skip
        connection.execute(control_sql("leases/take"), taken)
    return lease


@dataclass(frozen=True)
class _Seen:
    """A lease as the database has it; times by the clock of the database."""

    generation: int
    holder: str
    is_released: bool
    renewed_at: datetime
    taken_at: datetime | None
    ttl_seconds: float
    seconds_left: float

    @property
    def watch_seconds(self) -> float | None:
        """How long without a renewal proves that nobody renews; None: its time still runs.

        More than the time that is given at all is left only when the clock was set back.
        """
        if self.is_released:
            return None
        if self.seconds_left < 0:
            return self.ttl_seconds / 2
        return self.ttl_seconds if self.seconds_left > self.ttl_seconds + 1 else None


def _seen(connection: psycopg.Connection, name: str) -> _Seen | None:
    with connection.cursor(row_factory=class_row(_Seen)) as cursor:
        return cursor.execute(control_sql("leases/look"), {"lease_name": name}).fetchone()


def _existing(connection: psycopg.Connection, name: str) -> _Seen:
    """A lease that was inserted before; no row is ever deleted."""
    seen = _seen(connection, name)
    assert seen is not None  # noqa: S101 - see above
    return seen


def release_by_hand(connect: Connect, name: str) -> str | None:
    """Let the next driver start, on the word of a person; the holder's name, None: nobody's.

    Raises:
        LeaseHeldError: it is renewed, so its holder lives.
    """
    with connect() as connection:
        before = _seen(connection, name)
    if before is None or before.is_released:
        return None
    if before.seconds_left > 0 and not holder_is_dead(before.holder):
        raise LeaseHeldError(
            f"{before.holder} renewed lease {name} a moment ago: it lives, stop it there"
        )
    with connect() as connection:
        held = {"lease_name": name, "generation": before.generation}
        connection.execute(control_sql("leases/release"), held)
    return before.holder


@dataclass(frozen=True)
class Holder:
    """Who holds a lease; `since` is None where a version took it that did not write that down."""

    name: str
    generation: int
    since: datetime | None


def holder_of(connect: Connect, name: str) -> Holder | None:
    """Who holds the lease now; None when a driver that starts would get it."""
    with connect() as connection:
        seen = _seen(connection, name)
    if seen is None or seen.is_released or holder_is_dead(seen.holder):
        return None
    has_run_out = seen.seconds_left < 0 and not holder_lives_here(seen.holder)
    return None if has_run_out else Holder(seen.holder, seen.generation, seen.taken_at)


def is_held(connect: Connect, name: str) -> bool:
    """Whether somebody holds the lease, or held it until its time ran out a moment ago.

    A holder that lives on this machine holds it whatever the clock says.
    """
    with connect() as connection:
        seen = _seen(connection, name)
    if seen is None or seen.is_released:
        return False
    return seen.seconds_left >= 0 or holder_lives_here(seen.holder)


def state_lease_of(connection: psycopg.Connection, namespace: str, table: str = "*") -> None:
    """Until its transaction ends, let a connection write this table as the last holder could.

    For one who knows that no holder is left: a lake that is stopped.
    """
    written = {"table_namespace": namespace, "table_name": table}
    connection.execute(control_sql("leases/state"), written)


class LeaseKeeper:
    """Renews a lease in the background; calls `on_lost` once when it is gone."""

    def __init__(self, lease: Lease, ttl_seconds: float, on_lost: Callable[[], None]) -> None:
        self._lease = lease
        self._interval_seconds = ttl_seconds / 4
        self._on_lost = on_lost
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)

    def start(self) -> None:
        """Begin renewing."""
        self._thread.start()

    def stop(self) -> None:
        """End renewing (the lease itself stays held until released)."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_seconds):
            try:
                self._lease.renew()
            except LeaseLostError:
                self._on_lost()
                return
            except psycopg.Error:
                # The database is away: commits fail as well, so there is nothing to protect yet.
                continue
