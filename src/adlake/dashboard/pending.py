"""A customer as it will be: the row of the lake, and what the broker has beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adlake.dashboard.lake import Record


@dataclass(frozen=True)
class Counted:
    """Counters of a customer, and what of them is not in the lake yet."""

    orders: int = 0
    value: Decimal = Decimal(0)
    delivered: int = 0
    failed: int = 0


def counted(row: Record | None) -> Counted:
    """Those of the lake; nothing where the lake has no such customer."""
    if row is None:
        return Counted()
    return Counted(
        row["order_count"], row["lifetime_value"], row["delivered_count"], row["failed_count"]
    )


def waiting(events: Sequence[dict[str, Any]]) -> Counted:
    """What pending events add; one order or message that is told twice is one.

    Stage, score and segments follow when the lake has them: their rules are not repeated here.
    """
    orders = {one["order_id"]: Decimal(str(one["amount"])) for one in events if "order_id" in one}
    messages = {one["activation_id"]: one["status"] for one in events if "activation_id" in one}
    delivered = sum(status == "DELIVERED" for status in messages.values())
    return Counted(
        len(orders), sum(orders.values(), Decimal(0)), delivered, len(messages) - delivered
    )


def events_of(pending: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events of an answer, with their fields."""
    return [one | (one.get("event") or {}) for one in pending]
