"""What follows from a customer's orders and messages, in plain Python: the reference form.

Stages, score and segments are told by whole numbers: money in micros, messages by their counts, the
score in millionths. So no answer hangs on how a machine rounds. `customers/spark.py` says the same
in Spark and shares only the contract with this one; tests hold the two equal.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Final

from adlake.contracts.law import DAY_MS
from adlake.contracts.letters import LOWER_CASE, UPPER_CASE
from adlake.customers.contract import (
    ENGAGED_RATE,
    EVANGELIST_RATE,
    FEWEST_UNANSWERED,
    FULL_ORDERS,
    HIGH_SCORE,
    HIGH_VALUE_MICROS,
    LAPSED_MS,
    MEDIUM_SCORE,
    ORDERS_WEIGHT,
    RATE_WEIGHT,
    VALUE_WEIGHT,
    Band,
    Segment,
    Stage,
)

_LOWER: Final = str.maketrans(UPPER_CASE, LOWER_CASE)
_BEGIN: Final = date(1970, 1, 1)


@dataclass(frozen=True)
class Standing:
    """What a customer's events come to at one moment."""

    order_count: int = 0
    lifetime_micros: int = 0
    delivered_count: int = 0
    failed_count: int = 0
    """Messages whose latest status is not DELIVERED."""

    @property
    def activation_count(self) -> int:
        """Messages, each once."""
        return self.delivered_count + self.failed_count

    @property
    def engagement_rate(self) -> float:
        """Delivered of all messages; 0 without any: the one rate that is never NULL."""
        return self.delivered_count / self.activation_count if self.activation_count else 0.0

    @property
    def is_high_value(self) -> bool:
        """Spent more than the limit."""
        return self.lifetime_micros > HIGH_VALUE_MICROS

    @property
    def is_engaged(self) -> bool:
        """More than half of the messages were delivered; never without one."""
        part, whole = ENGAGED_RATE
        return whole * self.delivered_count > part * self.activation_count


def stage_of(standing: Standing) -> Stage:
    """The first stage whose condition holds."""
    part, whole = EVANGELIST_RATE
    messages = standing.activation_count
    if standing.is_high_value:
        is_evangelist = messages > 0 and whole * standing.delivered_count >= part * messages
        return Stage.EVANGELIST if is_evangelist else Stage.HIGH_VALUE
    if standing.order_count:
        return Stage.ENGAGED if standing.is_engaged else Stage.CUSTOMER
    return Stage.PROSPECT


def score_of(standing: Standing) -> int:
    """The propensity score in millionths, rounded half up once."""
    orders = min(standing.order_count, FULL_ORDERS)
    micros = min(standing.lifetime_micros, HIGH_VALUE_MICROS)
    messages = standing.activation_count or 1
    scale = FULL_ORDERS * HIGH_VALUE_MICROS * messages
    scaled = (
        ORDERS_WEIGHT * orders * HIGH_VALUE_MICROS * messages
        + VALUE_WEIGHT * micros * FULL_ORDERS * messages
        + RATE_WEIGHT * standing.delivered_count * FULL_ORDERS * HIGH_VALUE_MICROS
    )
    return (2 * scaled + scale) // (2 * scale)


def band_of(score: int) -> Band:
    """What a score comes to."""
    if score < MEDIUM_SCORE:
        return Band.LOW
    return Band.MEDIUM if score < HIGH_SCORE else Band.HIGH


def segments_of(
    standing: Standing, last_order_ms: int | None = None, as_of: date | None = None
) -> tuple[Segment, ...]:
    """The groups a customer is in.

    Args:
        standing: all of the customer's events.
        last_order_ms: of the newest order.
        as_of: the day that is asked about; None: nobody has lapsed.
    """
    messages = standing.activation_count
    is_unanswered = messages >= FEWEST_UNANSWERED and 2 * standing.delivered_count < messages
    holds = {
        Segment.ACTIVE_CUSTOMERS: standing.order_count > 0,
        Segment.BIG_SPENDERS: standing.is_high_value,
        Segment.LAPSED: has_lapsed(last_order_ms, as_of),
        Segment.LIKELY_BUYERS: score_of(standing) >= HIGH_SCORE,
        Segment.PROSPECTS: stage_of(standing) is Stage.PROSPECT,
        Segment.RESPONSIVE: standing.is_engaged,
        Segment.UNRESPONSIVE: is_unanswered,
    }
    return tuple(segment for segment in Segment if holds[segment])


def has_lapsed(last_order_ms: int | None, as_of: date | None) -> bool:
    """Whether the last order is over 90 days older than the beginning of a day (UTC)."""
    if last_order_ms is None or as_of is None:
        return False
    return last_order_ms < (as_of - _BEGIN).days * DAY_MS - LAPSED_MS


def email_sha256(address: str | None) -> str | None:
    """SHA-256 of an e-mail address without blanks around it, in small letters; None of no text."""
    text = "" if address is None else address.strip(" ").translate(_LOWER)
    return hashlib.sha256(text.encode()).hexdigest() if text else None
