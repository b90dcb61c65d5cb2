"""Requests to the holder of the attribution lease: table `adlake.operations`.

Only that process may commit to Gold. Whoever wants something done there leaves a row, and the
holder does it between two batches.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from adlake.io.lease import Connect, this_holder

PUBLISH_REPLAY = "publish-replay"
UNDO_REPLAY = "undo-replay"


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
        row = connection.execute(
            "INSERT INTO adlake.operations (kind, arguments, requested_by) "
            "VALUES (%s, %s, %s) RETURNING operation_id",
            (kind, json.dumps(dict(arguments)), this_holder()),
        ).fetchone()
    assert row is not None  # noqa: S101 - RETURNING gives the inserted row
    return int(row[0])


def next_open(connect: Connect) -> Operation | None:
    """The oldest request that is not over."""
    with connect() as connection:
        row = connection.execute(
            "SELECT operation_id, kind, arguments, state, coalesce(result, '') "
            "FROM adlake.operations WHERE state = 'requested' ORDER BY operation_id LIMIT 1"
        ).fetchone()
    return None if row is None else Operation(*row)


def read(connect: Connect, operation_id: int) -> Operation:
    """A request as it stands now."""
    with connect() as connection:
        row = connection.execute(
            "SELECT operation_id, kind, arguments, state, coalesce(result, '') "
            "FROM adlake.operations WHERE operation_id = %s",
            (operation_id,),
        ).fetchone()
    assert row is not None  # noqa: S101 - rows are never deleted
    return Operation(*row)


def finish(connect: Connect, operation_id: int, state: str, result: str) -> None:
    """Say how a request ended; the first word counts."""
    with connect() as connection:
        connection.execute(
            "UPDATE adlake.operations SET state = %s, result = %s, finished_at = clock_timestamp() "
            "WHERE operation_id = %s AND state = 'requested'",
            (state, result, operation_id),
        )
