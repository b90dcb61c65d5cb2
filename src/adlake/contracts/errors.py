"""The root of every error that a user can cause or repair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from adlake.folders import ADLAKE


class AdlakeError(Exception):
    """Says in one line what is wrong and what to do; `cli` prints it without a traceback."""

    is_lasting: ClassVar[bool] = False
    """Trying again helps nothing until somebody acts: a supervisor waits long before it does."""


MOST_LISTED = 20


def listed(lines: Sequence[str]) -> str:
    """What is wrong, a line each: the first `MOST_LISTED`, and how many more there are."""
    more = len(lines) - MOST_LISTED
    told = [f"  {one}" for one in lines[:MOST_LISTED]]
    return "\n".join([*told, *([f"  and {more:,} more"] if more > 0 else [])])


NO_GOLD = (
    "Gold holds nothing yet: send events (`make generate`), have the stream run (`make up`), then "
    f"`{ADLAKE} wait`"
)
"""What every reader of Gold says before the first batch."""

STREAM_IS_AWAY = "the stream is not running: `make up` starts it"
