"""What the holder of the lease asks of itself now and then: operations on a schedule.

A request on a schedule is one like any other: a row of adlake.operations, done between two batches.
When it is due says the table, by the clock of the database, so that a restart neither
forgets a build nor does it twice, and one that a user asked for counts too.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from adlake.io.postgres import operations
from adlake.io.postgres.driver import DatabaseError
from adlake.io.postgres.lease import Connect

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
"""Between two looks whether something is due."""


class Schedule:
    """Asks for each kind of operation once in so many seconds, counted from the end of the last.

    A failed one counts as well: what cannot be done is not tried all the time.
    """

    def __init__(self, connect: Connect, every_seconds: Mapping[str, float]) -> None:
        self._connect = connect
        self._every_seconds = every_seconds
        self._looked = float("-inf")

    def ask_due(self) -> None:
        """Leave a request for whatever is due."""
        if not self._every_seconds or time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        try:
            for kind, seconds in self._every_seconds.items():
                number = operations.request_if_due(self._connect, kind, seconds)
                if number is not None:
                    log.info("operation %d: %s is due", number, kind)
        except DatabaseError as error:
            log.warning("the catalog database is away, the schedule waits: %s", error)
