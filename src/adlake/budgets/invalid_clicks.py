"""The invalid-traffic job: a credit for each billed click that is general invalid traffic (GIVT).

It flags a click that comes within a second of another one on its impression, by what Gold holds.
What needs a judgement, such as slower bursts and conversions faster than a person, is shown by the
metrics on fraud and credited by nobody. A credit follows from its click alone, so one that is sent
again is the same bytes and counts once; whoever else credits the click cannot make it worth less
than nothing, since a click is credited by its amount at most.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from adlake.budgets.contract import EventType
from adlake.io.sql.files import bind, sql_text
from adlake.io.trino.client import TrinoClient

REPEAT_MS: Final = 1_000
MOST_CREDITS: Final = 10_000
"""Of one run; the next one takes the rest, once these are credited."""


def flagged_clicks(trino: TrinoClient, most: int = MOST_CREDITS) -> list[Mapping[str, Any]]:
    """Clicks that are not credited in full: advertiser_id, click_id, amount (text), event_ms."""
    wanted = {"repeat_ms": REPEAT_MS, "row_limit": most}
    return list(trino.records(bind(sql_text("budgets/flagged_clicks"), wanted)))


def credit_of(click: Mapping[str, Any]) -> str:
    """The SPEND_CREDIT of a flagged click as JSON text, its keys sorted."""
    credit_id = f"givt:{click['click_id']}"
    members = {
        "advertiser_id": click["advertiser_id"],
        "amount": None,
        "click_id": click["click_id"],
        "credit_id": credit_id,
        "event_id": credit_id,
        "event_timestamp": click["event_ms"],
        "event_type": str(EventType.CREDIT),
        "reason": "GIVT",
    }
    texts = {name: json.dumps(value, ensure_ascii=False) for name, value in members.items()}
    # The stored digits, not a float's.
    texts["amount"] = click["amount"]
    return "{" + ",".join(f'"{name}":{text}' for name, text in texts.items()) + "}"
