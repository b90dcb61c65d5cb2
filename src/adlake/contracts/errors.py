"""The root of every error that a user can cause or repair."""

from __future__ import annotations


class AdlakeError(Exception):
    """Says in one line what is wrong and what to do; `cli` prints it without a traceback."""


NO_GOLD = "Gold is empty: start the stream (`make up`), then `adlake wait`"
"""What every reader of Gold says before the first batch."""
