"""What advertisers spent and what customers did, counted while the events are made.

It knows journeys, not the rules of budgets and customers: of each event the winning content among
its admitted deliveries, of each message the latest status, of each click at most its own amount
credited. A journey's earlier share of the totals is replaced by the new one, so they are right
after every delivery. Clicks, orders and messages have ids of their journey alone, so shares add up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

from adlake.business.contract import BusinessType
from adlake.generator.business_events import BusinessEvent
from adlake.generator.business_faults import BusinessDelivery

SPEND_SUMS: Final = ("clicks", "gross_micros", "credit_micros")
"""Of an advertiser, in this order."""
CUSTOMER_SUMS: Final = ("orders", "lifetime_micros", "delivered", "failed")
"""Of a customer, in this order."""
_CLICK, _CREDIT = BusinessType.AD_CLICK, BusinessType.SPEND_CREDIT
_PROFILE, _ORDER = BusinessType.CUSTOMER_PROFILE, BusinessType.ORDER
_MESSAGE = BusinessType.MESSAGE_STATUS
_COUNTED: Final = frozenset((_CLICK, _CREDIT, _PROFILE, _ORDER, _MESSAGE))

Sums = dict[str, list[int]]
"""By advertiser or customer."""


def winners_of(deliveries: Sequence[BusinessDelivery], mask: int) -> list[BusinessEvent]:
    """Of each event the smallest content among its deliveries with a set bit."""
    smallest: dict[str, BusinessEvent] = {}
    for place, delivery in enumerate(deliveries):
        event = delivery.event
        if mask >> place & 1:
            known = smallest.get(event.name)
            if known is None or event.variant < known.variant:
                smallest[event.name] = event
    return list(smallest.values())


def spend_of(events: Iterable[BusinessEvent]) -> Sums:
    """Clicks, their amounts, and what is credited of them, by advertiser."""
    events = list(events)
    credited: dict[object, int] = {}
    for one in events:
        if one.event_type is _CREDIT:
            click = one.fields["click_id"]
            credited[click] = credited.get(click, 0) + one.micros
    found: Sums = {}
    for one in events:
        if one.event_type is _CLICK:
            credit = min(one.micros, credited.get(one.fields["click_id"], 0))
            _add(found, str(one.fields["advertiser_id"]), (1, one.micros, credit))
    return found


def customers_of(events: Iterable[BusinessEvent]) -> Sums:
    """Orders, their amounts, messages delivered and failed, by customer.

    Who has nothing but a profile is there, too.
    """
    found: Sums = {}
    latest: dict[object, BusinessEvent] = {}
    for one in events:
        if one.event_type is _PROFILE:
            _add(found, str(one.fields["user_id"]), (0, 0, 0, 0))
        elif one.event_type is _ORDER:
            _add(found, str(one.fields["user_id"]), (1, one.micros, 0, 0))
        elif one.event_type is _MESSAGE:
            message = one.fields["activation_id"]
            known = latest.get(message, one)
            latest[message] = max(known, one, key=lambda event: (event.stamped_ms, event.name))
    for one in latest.values():
        is_delivered = one.fields["status"] == "DELIVERED"
        _add(found, str(one.fields["user_id"]), (0, 0, int(is_delivered), int(not is_delivered)))
    return found


class AccountTotals:
    """Running totals of one run."""

    def __init__(self, spend: Sums | None = None, customers: Sums | None = None) -> None:
        self.spend: Sums = {} if spend is None else spend
        self.customers: Sums = {} if customers is None else customers

    def replace(self, deliveries: Sequence[BusinessDelivery], before: int, after: int) -> None:
        """One delivery of a journey was admitted: `after` has its bit, `before` has not."""
        admitted = deliveries[(before ^ after).bit_length() - 1]
        if admitted.event.event_type not in _COUNTED:
            return
        for sign, mask in ((-1, before), (1, after)):
            events = winners_of(deliveries, mask)
            for totals, share in (
                (self.spend, spend_of(events)),
                (self.customers, customers_of(events)),
            ):
                for name, sums in share.items():
                    _add(totals, name, [sign * one for one in sums])

    def to_state(self) -> str:
        """The totals as text: a checkpoint would copy and encode lists of customers one by one."""
        return json.dumps({"spend": self.spend, "customers": self.customers})

    @classmethod
    def from_state(cls, state: str | None) -> AccountTotals | None:
        """The totals that `to_state` described; None of a run that began without them."""
        return None if state is None else cls(**json.loads(state))


def _add(found: Sums, name: str, sums: Sequence[int]) -> None:
    known = found.get(name)
    found[name] = list(sums) if known is None else [a + b for a, b in zip(known, sums, strict=True)]
