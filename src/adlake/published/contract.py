"""What is published of which table, under which key, in which form. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from adlake.contracts.tables import CUSTOMER_360, SERVING_FLIPS
from adlake.contracts.topics import CUSTOMER_TOPIC, SERVING_TOPIC


class Form(StrEnum):
    """How a value is written; NULL is `null` in each of them."""

    TEXT = "text"
    TEXTS = "texts"
    """An array of them, in its order."""
    WHOLE = "whole"
    """A number without a fraction."""
    TRUTH = "truth"
    MONEY = "money"
    """Text of six decimals; so are scores."""
    TIME = "time"
    """Text, UTC to the millisecond."""
    RATE = "rate"
    """A number of six decimals, rounded half up from the two counts that RATES names: an engine's
    own text of a DOUBLE may change with its version, and the record would be another one."""


@dataclass(frozen=True)
class Publication:
    """Rows of one table as records of one topic."""

    topic: str
    """Its name in the project."""
    table: str
    record_id: str
    """Column that tells records apart: of each the newest one that was sent is in the log."""
    key: str
    """Column whose value is the key of a record."""
    members: Mapping[str, Form]
    """Columns of a payload, in the order of their names."""
    tells_gone: bool = False
    """A row that is gone is told by a record without a payload: the key names it alone."""
    due: str = ""
    """Column with the time before which a row is not sent; empty: rows are sent at once."""
    order: tuple[str, ...] = ()
    """Records are sent in the order of these columns; empty: a key has one row."""


RATES: Final = MappingProxyType({"engagement_rate": ("delivered_count", "activation_count")})
"""Column -> part and whole; 0 of nothing is 0."""
RATE_DIGITS: Final = 6


def _sorted(**members: Form) -> Mapping[str, Form]:
    return MappingProxyType(dict(sorted(members.items())))


CUSTOMERS: Final = Publication(
    CUSTOMER_TOPIC, CUSTOMER_360, record_id="user_id", key="user_id", tells_gone=True,
    # No name and no address, hashed or not: who reads the topic is not asked who they are.
    members=_sorted(
        user_id=Form.TEXT, geo_country=Form.TEXT, created_at=Form.TIME, is_active=Form.TRUTH,
        order_count=Form.WHOLE, lifetime_value=Form.MONEY, first_order_time=Form.TIME,
        last_order_time=Form.TIME, delivered_count=Form.WHOLE, failed_count=Form.WHOLE,
        activation_count=Form.WHOLE, engagement_rate=Form.RATE, lifecycle_stage=Form.TEXT,
        previous_stage=Form.TEXT, stage_changed_at=Form.TIME, propensity_score=Form.MONEY,
        propensity_band=Form.TEXT, segments=Form.TEXTS, rule_version=Form.WHOLE,
        last_updated_ts=Form.TIME,
    ),
)  # fmt: skip
FLIPS: Final = Publication(
    SERVING_TOPIC, SERVING_FLIPS, record_id="flip_id", key="advertiser_id", due="effective_at",
    order=("effective_at", "flip_number"),
    members=_sorted(
        flip_id=Form.TEXT, advertiser_id=Form.TEXT, advertiser=Form.TEXT, effective_at=Form.TIME,
        can_serve=Form.TRUTH, previous_can_serve=Form.TRUTH, net_spend=Form.MONEY,
        valid_spend=Form.MONEY, reserve=Form.MONEY, budget_value=Form.MONEY, period=Form.TEXT,
        period_start=Form.TIME, cause=Form.TEXT, flip_number=Form.WHOLE,
    ),
)  # fmt: skip
PUBLICATIONS: Final = (CUSTOMERS, FLIPS)
LOG_COLUMNS: Final = ("topic", "record_id", "record_key", "payload_sha256")
"""Of gold.published_records, in its order."""
