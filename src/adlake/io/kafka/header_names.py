"""Records whose headers have names in another encoding than UTF-8, read by kafka-python.

Kafka's format says that a name is text, and neither brokers nor other clients check it: Java's
replaces what is no UTF-8. kafka-python calls such a record corrupt. The lake reads no headers, so
no header may keep it from a record.
"""

from __future__ import annotations

import functools
from typing import Any

from kafka.record.default_records import DefaultRecordBatch


class _AnyText(bytes):
    """Bytes that are text in any case."""

    def decode(self, encoding: str = "utf-8", _errors: str = "strict") -> str:
        return super().decode(encoding, "replace")


class _AnyTextView:
    """A buffer whose parts are `_AnyText`; nothing is copied but what is asked for."""

    def __init__(self, buffer: Any) -> None:  # noqa: ANN401  bytes of any type
        self._buffer = buffer

    def __getitem__(self, place: int | slice) -> Any:  # noqa: ANN401
        found = self._buffer[place]
        return _AnyText(found) if isinstance(place, slice) else found


def accept_any_header_names() -> None:
    """From now on this process reads such records; others are read as before, at the same cost."""
    strict = DefaultRecordBatch._read_msg
    if hasattr(strict, "__wrapped__"):
        return

    @functools.wraps(strict)
    def read(batch: Any) -> Any:  # noqa: ANN401  untyped client
        try:
            return strict(batch)
        except UnicodeDecodeError:  # raised before the batch's position moves
            buffer, batch._buffer = batch._buffer, _AnyTextView(batch._buffer)
            try:
                return strict(batch)
            finally:
                batch._buffer = buffer

    DefaultRecordBatch._read_msg = read
