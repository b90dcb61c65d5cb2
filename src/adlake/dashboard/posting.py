"""What pages send: under an id that stays until it is taken, and what became of it as a banner."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import streamlit as st

from adlake.contracts.errors import AdlakeError
from adlake.io.events_api.asking import ApiAwayError, ApiUnreadyError

MOST_MONEY: Final = 10**12
"""The API takes less alone."""


@dataclass(frozen=True)
class Outcome:
    """What became of something that was sent."""

    is_taken: bool
    sentence: str
    detail: str = ""
    """What the API said, of a failure."""


def digits_of(text: str) -> str | None:
    """An amount by its digits, as it is sent; None: it is none."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    is_money = amount.is_finite() and 0 <= amount < MOST_MONEY
    return f"{amount:f}" if is_money else None


def sent(action: str, send: Callable[[str], Any], taken: Callable[[Any], str]) -> Outcome:
    """Send something under an id of its own.

    Args:
        action: tells it from other things that this reader sends.
        send: sends it under this id, and gives the answer.
        taken: what the banner says of the answer.
    """
    held = f"id of {action}"
    event_id = st.session_state.setdefault(held, str(uuid.uuid4()))
    try:
        answer = send(event_id)
    except (ApiAwayError, ApiUnreadyError) as error:
        # Perhaps it has arrived: the same again, under the same id, counts once.
        return Outcome(False, "Nobody says that it was taken: send it again.", str(error))
    except (AdlakeError, ValueError) as error:  # of settings: the file of the key is gone, say
        del st.session_state[held]
        return Outcome(False, "It was not taken.", str(error))
    del st.session_state[held]
    return Outcome(True, taken(answer))


def banner(outcome: Outcome | None) -> None:
    """Say what became of it; None: nothing was sent."""
    if outcome is None:
        return
    if outcome.is_taken:
        st.success(outcome.sentence, icon=":material/check_circle:")
        return
    st.error(outcome.sentence, icon=":material/error:")
    if outcome.detail:
        st.code(outcome.detail, language=None, wrap_lines=True)
