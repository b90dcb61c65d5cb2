"""Requests to the holder of the attribution lease: table `adlake.operations`.

Only that process may commit to the tables of the stream. Whoever wants something done there leaves
a row, and the holder does it between two batches.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from adlake.io.postgres.lease import Connect, this_holder
from adlake.io.sql.control import control_sql

PUBLISH_REPLAY = "publish-replay"
UNDO_REPLAY = "undo-replay"
BUILD_MODELS = "build-models"
BUILD_ROLLUPS = "build-rollups"
BUILD_ALERTS = "build-alerts"
BUILD_BUDGETS = "build-budgets"
KEEP_SNAPSHOT = "keep-snapshot"
MAINTAIN = "maintain"
ROLL_DAY = "roll-day"
MAKE_VIEWS = "make-views"


@dataclass(frozen=True)
class Operation:
    """One request; `state` is requested, done or failed, `result` a sentence once it is over."""

    operation_id: int
    kind: str
    arguments: Mapping[str, int]
    state: str
    result: str


def request(connect: Connect, kind: str, arguments: Mapping[str, int]) -> int:
    """Leave a request; returns its id."""
    with connect() as connection:
        wanted = {
            "kind": kind, "arguments": json.dumps(dict(arguments)), "requested_by": this_holder(),
        }  # fmt: skip
        row = connection.execute(control_sql("operations/insert"), wanted).fetchone()
    assert row is not None  # noqa: S101 - RETURNING gives the inserted row
    return int(row[0])


def request_if_due(connect: Connect, kind: str, every_seconds: float) -> int | None:
    """Leave a request unless one of its kind is open or was over so recently; its id, or None."""
    wanted = {"kind": kind, "every_seconds": every_seconds, "requested_by": this_holder()}
    with connect() as connection:
        row = connection.execute(control_sql("operations/insert_due"), wanted).fetchone()
    return None if row is None else int(row[0])


def next_open(connect: Connect) -> Operation | None:
    """The oldest request that is not over."""
    with connect() as connection:
        row = connection.execute(control_sql("operations/next_open")).fetchone()
    return None if row is None else Operation(*row)


def read(connect: Connect, operation_id: int) -> Operation:
    """A request as it stands now."""
    with connect() as connection:
        row = connection.execute(
            control_sql("operations/read"), {"operation_id": operation_id}
        ).fetchone()
    assert row is not None  # noqa: S101 - rows are never deleted
    return Operation(*row)


def finish(connect: Connect, operation_id: int, state: str, result: str) -> None:
    """Say how a request ended; the first word counts."""
    with connect() as connection:
        connection.execute(
            control_sql("operations/finish"),
            {"operation_id": operation_id, "state": state, "result": result},
        )
