"""Names and constants of the budget rules. Data only; docs/adr/0054 says why."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class EventType(StrEnum):
    """The business events that an advertiser's account is made of."""

    CLICK = "AD_CLICK"
    CREDIT = "SPEND_CREDIT"
    BUDGET = "BUDGET_CHANGE"
    STATUS = "ADVERTISER_STATUS"


class Period(StrEnum):
    """How long a budget is for."""

    DAILY = "DAILY"
    """With a second cap for the month, see `month_cap_micros`."""
    MONTHLY = "MONTHLY"
    LIFETIME = "LIFETIME"


class Cause(StrEnum):
    """Why serving stopped or went on. The first that holds, in this order."""

    FIRST_SEEN = "FIRST_SEEN"
    STATUS = "STATUS"
    FLIGHT = "FLIGHT"
    BUDGET = "BUDGET"
    """The budget in force is another one."""
    PERIOD_START = "PERIOD_START"
    SPEND = "SPEND"
    CREDIT = "CREDIT"
    """A credit made room."""
    RESERVE = "RESERVE"
    """Nothing made room: the reserve fell."""


class Category(StrEnum):
    """What a row of the combined view tells of a day."""

    GROSS_SPEND = "gross_spend"
    NET_SPEND = "net_spend"
    BUDGET_VALUE = "budget_value"


ACTIVE: Final = "ACTIVE"
"""Status of an advertiser of whom nobody told one."""
DEFAULT_ZONE: Final = "UTC"
CLOCK: Final = "CLOCK"
"""What triggers a decision that no delivery does."""

MONTH_CAP_TENTHS: Final = 304
"""A month may cost 30.4 daily budgets."""
DECISION_LAG_S: Final = 60
"""Until a decision has reached the ad server; so long spending goes on behind it."""
RATE_WEIGHTS: Final = tuple((2 * 4**age * 10**12 + 5**age) // (2 * 5**age) for age in range(127))
"""0.8^age in units of 10^-12, rounded half up: what a whole minute still weighs in the rate of
spending after `age` others. The next weight is zero."""
RATE_SHARE: Final = 300 * 10**12
"""Amounts times weights, divided by this, are the rate a second: 0.2 of each minute's 60th."""
MOST_RESERVE: Final = 10**18 - 1
"""Micros. No budget is larger, so no decision needs more to be kept back, and a column holds it."""
KEY_DIGITS: Final = 15
"""Hexadecimal ones of a surrogate key: 60 bits, so a positive BIGINT in every engine."""
