"""What waits and who holds what, in the control database: one look for those who watch."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.rows import class_row

from adlake.io.postgres.lease import Connect
from adlake.io.sql.control import control_sql


@dataclass(frozen=True)
class OpenRequests:
    """The requests of one kind that are not over."""

    kind: str
    requests: int
    oldest_seconds: float


@dataclass(frozen=True)
class LeaseState:
    """A lease and its newest generation."""

    lease_name: str
    generation: int
    is_held: bool


@dataclass(frozen=True)
class ControlState:
    """Of one moment."""

    open_requests: tuple[OpenRequests, ...]
    leases: tuple[LeaseState, ...]


def control_state(connect: Connect) -> ControlState:
    """Ask the database, over a connection of its own."""
    with connect() as connection:
        with connection.cursor(row_factory=class_row(OpenRequests)) as cursor:
            waiting = cursor.execute(control_sql("operations/open_ages")).fetchall()
        with connection.cursor(row_factory=class_row(LeaseState)) as cursor:
            leases = cursor.execute(control_sql("leases/list")).fetchall()
    return ControlState(tuple(waiting), tuple(leases))
