"""What pages read through the API alone, kept for a moment, and what they post to it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import streamlit as st

from adlake.dashboard.lake import KEPT_SECONDS, AnswerCache, Record
from adlake.io.events_api.asking import LakeApi

_AT_ONCE: Final = 3
_POSTS: Final = "newest post of this reader"
_TIMES: Final = frozenset({
    "since", "period_start", "period_end", "bucket_start", "bucket_end", "start_ts", "end_ts",
    "effective_at", "budgets", "customers", "created_at", "first_order_time", "last_order_time",
    "stage_changed_at", "last_updated_ts", "entered_at", "left_at", "changed_at",
})  # fmt: skip
_DAYS: Final = frozenset({"local_day", "as_of_date"})
_MONEY: Final = frozenset({
    "budget_value", "gross_spend", "net_spend", "valid_spend", "reserve", "remaining",
    "credit_amount", "overdelivery_amount", "average_budget", "lifetime_value", "propensity_score",
})  # fmt: skip


@dataclass(frozen=True)
class Remote:
    """The API, seen by pages."""

    api: LakeApi

    def get(
        self, path: str, given: Mapping[str, str] | None = None, kept_seconds: float = KEPT_SECONDS
    ) -> Any:  # noqa: ANN401
        """An answer, shared by all open pages for a moment; None: there is no such thing.

        Who posted something is answered anew.

        Raises:
            AdlakeError: the API does not answer, or cannot.
        """
        [answer] = self.answers([(path, given or {})], kept_seconds)
        return answer

    def answers(
        self, asked: Sequence[tuple[str, Mapping[str, str]]], kept_seconds: float = KEPT_SECONDS
    ) -> list[Any]:
        """Several answers, asked side by side."""
        # Threads of our own know no session.
        cache, posts = _kept(), st.session_state.get(_POSTS)

        def answer(one: tuple[str, Mapping[str, str]]) -> Any:  # noqa: ANN401
            path, given = one
            key = (self.api.address, path, tuple(sorted(given.items())), posts)
            return cache.get(key, lambda: self.api.get(path, given), kept_seconds)

        if len(asked) == 1:
            return [answer(asked[0])]
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            return list(pool.map(answer, asked))

    def post(self, path: str, body: str) -> Any:  # noqa: ANN401
        """Send something, and forget what was asked before.

        Raises:
            AdlakeError: it was not taken.
        """
        answer = self.api.post(path, body)
        st.session_state[_POSTS] = str(uuid.uuid4())
        return answer

    def as_of(self, part: str) -> datetime | None:
        """When the tables of budgets or of customers were last brought up; None: never."""
        found: datetime | None = read(self.get("/data-as-of") or {}).get(part)
        return found


def read(row: Mapping[str, Any]) -> Record:
    """A row of an answer with its times, days and money as such."""
    return {name: _value(name, told) for name, told in row.items()}


def _value(name: str, told: Any) -> Any:  # noqa: ANN401
    if not isinstance(told, str):
        return told
    if name in _TIMES:
        return datetime.fromisoformat(told)
    if name in _DAYS:
        return date.fromisoformat(told)
    return Decimal(told) if name in _MONEY else told


@st.cache_resource
def _kept() -> AnswerCache:
    return AnswerCache()
