"""Customer 360: what is counted, the stages of a customer, the numbers between. Data only."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from adlake.contracts.law import DAY_MS, MICROS_PER_UNIT


class CustomerType(StrEnum):
    """Business events that are about a customer; other types say nothing here."""

    CUSTOMER_PROFILE = "CUSTOMER_PROFILE"
    ORDER = "ORDER"
    MESSAGE_STATUS = "MESSAGE_STATUS"


COUNTED_BY: Final = {
    CustomerType.CUSTOMER_PROFILE: "event_id",
    CustomerType.ORDER: "order_id",
    CustomerType.MESSAGE_STATUS: "event_id",
}
"""Events of a type that agree here are one event, whosever they are."""
CONTENT_FIELDS: Final = {
    CustomerType.CUSTOMER_PROFILE: ("email", "geo_country", "name", "user_id"),
    CustomerType.ORDER: ("user_id",),
    CustomerType.MESSAGE_STATUS: ("activation_id", "campaign_id", "channel", "status", "user_id"),
}
"""What contents of one event may differ in, beside its time and its money. Of an e-mail address
its SHA-256 is compared, as in the audit: the address itself stays in Bronze."""
EVENT_COLUMNS: Final = (
    "event_type", "counted_id", "user_id", "event_time", "amount", "activation_id", "campaign_id",
    "channel", "status", "name", "email_sha256", "geo_country", "is_counted", "first_ingest_ts",
)  # fmt: skip
"""Of gold.customer_events, in its order."""
CUSTOMER_COLUMNS: Final = (
    "user_id", "name", "email_sha256", "geo_country", "created_at", "is_active", "order_count",
    "lifetime_value", "first_order_time", "last_order_time", "delivered_count", "failed_count",
    "activation_count", "engagement_rate", "lifecycle_stage", "previous_stage", "stage_changed_at",
    "propensity_score", "propensity_band", "segments", "rule_version", "last_updated_ts",
    "as_of_date", "stage_history",
)  # fmt: skip
"""Of gold.customer_360, in its order."""
DELIVERED: Final = "DELIVERED"
"""Status of a message that arrived; any other one is FAILED."""


class Stage(StrEnum):
    """Where a customer stands; the first that holds, from the top."""

    EVANGELIST = "evangelist"
    HIGH_VALUE = "high-value"
    ENGAGED = "engaged"
    CUSTOMER = "customer"
    PROSPECT = "prospect"


class Band(StrEnum):
    """What the propensity score comes to."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Segment(StrEnum):
    """Groups that a customer may be in, in the order in which they are listed."""

    ACTIVE_CUSTOMERS = "active_customers"
    BIG_SPENDERS = "big_spenders"
    LAPSED = "lapsed"
    LIKELY_BUYERS = "likely_buyers"
    PROSPECTS = "prospects"
    RESPONSIVE = "responsive"
    UNRESPONSIVE = "unresponsive"


RULE_VERSION: Final = 1
"""Of stages, score and segments; a change of any number below is a new version."""
HIGH_VALUE_MICROS: Final = 5_000 * MICROS_PER_UNIT
"""Who spent more is of high value; exactly so much is not more."""
EVANGELIST_RATE: Final = (7, 10)
"""Delivered messages of all, at least: as a fraction, since stages are told by whole numbers."""
ENGAGED_RATE: Final = (1, 2)
"""Delivered messages of all, more than."""
FEWEST_UNANSWERED: Final = 3
"""Fewer messages do not make a customer unresponsive."""
LAPSED_MS: Final = 90 * DAY_MS
"""Who ordered longer ago than this before a day has lapsed on it."""

SCORE_DIGITS: Final = 6
"""Decimals of the score. It is kept in millionths, like money."""
FULL_ORDERS: Final = 10
"""So many orders, or more, have all of `ORDERS_WEIGHT`."""
ORDERS_WEIGHT: Final = 400_000
VALUE_WEIGHT: Final = 400_000
"""Of a lifetime value of HIGH_VALUE_MICROS or more."""
RATE_WEIGHT: Final = 200_000
"""Of messages that were all delivered."""
MEDIUM_SCORE: Final = 300_000
"""Less is low."""
HIGH_SCORE: Final = 600_000
"""So much or more is high: a likely buyer."""
