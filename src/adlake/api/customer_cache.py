"""Rows of customers at hand, as the topic of customers tells them; bounded in memory.

The topic names no persons. Who a customer is, is read from the lake and kept beside the row for a
minute after the topic told something new of it: then it may be another name.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from adlake.api.customer_answers import Customer, as_json

PERSON: Final = ("name", "email_sha256")
"""Columns that the topic does not have."""
PERSON_SECONDS: Final = 60.0


@dataclass
class _Held:
    row: bytes
    """JSON of what the topic tells."""
    person: Mapping[str, str | None] | None = None
    """None: nobody has asked the lake yet."""
    asked: float = 0.0
    """When the lake was."""
    is_told_since: bool = False
    """Whether the topic told something new since."""


@dataclass
class CustomerCache:
    """The customers that were told or asked for last; for several threads.

    Args:
        most: customers; 0: none is kept.
    """

    most: int
    clock: Callable[[], float] = time.monotonic
    is_warm: bool = False
    """All that happened since it began to be fed is in it."""
    is_whole: bool = False
    """And every customer of before; none had to make room."""
    _held: OrderedDict[str, _Held] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, user_id: str) -> tuple[Customer | None, bool]:
        """A customer, and whether that is all there is to say: else the lake knows more."""
        with self._lock:
            held = self._held.get(user_id)
            if held is None or not self.is_warm:
                return None, False
            self._held.move_to_end(user_id)
            is_old = held.is_told_since and self.clock() - held.asked >= PERSON_SECONDS
            is_sure = held.person is not None and not is_old
            row, person = held.row, held.person
        return _customer(row, person), is_sure

    def take(self, user_id: str, payload: bytes | None) -> datetime | None:
        """What the topic tells; None: there is no such customer any more.

        Returns:
            When the row was updated last, None without one.

        Raises:
            ValueError: it tells no customer.
        """
        told = None if payload is None else _customer(payload, None)
        with self._lock:
            held = self._held.pop(user_id, None)
            if payload is None or told is None:
                return None
            held = held or _Held(payload)
            held.row, held.is_told_since = payload, True
            self._put(user_id, held)
        return told.last_updated_ts

    def fill(self, row: Mapping[str, Any]) -> None:
        """A row of the lake, from before the topic is read."""
        with self._lock:
            told = {name: value for name, value in as_json(row).items() if name not in PERSON}
            told_row = json.dumps(told, default=_time).encode()
            self._put(row["user_id"], _Held(told_row, _person(row), self.clock()))

    def learn(self, row: Mapping[str, Any]) -> None:
        """Who a customer is, of a row of the lake; one that is not at hand is not kept."""
        with self._lock:
            held = self._held.get(row["user_id"])
            if held is not None:
                held.person, held.asked, held.is_told_since = _person(row), self.clock(), False

    def __len__(self) -> int:
        """Customers at hand."""
        return len(self._held)

    def _put(self, user_id: str, held: _Held) -> None:
        self._held[user_id] = held
        while len(self._held) > self.most:
            self._held.popitem(last=False)
            self.is_whole = False


def _customer(row: bytes, person: Mapping[str, str | None] | None) -> Customer:
    told = json.loads(row)
    messages = told.get("activation_count")
    # The topic rounds it; the counts beside it tell it exactly, as the lake does.
    told["engagement_rate"] = told["delivered_count"] / messages if messages else 0.0
    return Customer(**told, **(person or dict.fromkeys(PERSON)))


def _person(row: Mapping[str, Any]) -> Mapping[str, str | None]:
    return {name: row[name] for name in PERSON}


def _time(value: Any) -> str:  # noqa: ANN401 - of whatever JSON does not know
    return str(value.isoformat())
