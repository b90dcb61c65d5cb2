"""The root of every error that a user can cause or repair."""

from __future__ import annotations


class AdlakeError(Exception):
    """Says in one line what is wrong and what to do; `cli` prints it without a traceback."""
