"""The business event contract: topic `business_events`, one JSON object a record. Data only.

A field that a type does not have is an extra: it stays in the payload, is not read and not judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from adlake.business.time_zones import TIME_ZONES
from adlake.contracts import letters
from adlake.contracts.details import REASON_OF as REASON_OF_TEXT
from adlake.contracts.details import RejectDetail
from adlake.contracts.events import RejectReason

TOPIC: Final = "business_events"
CONTRACT_VERSION: Final = 1
"""Stored with every row. A change of what is admitted is a new version."""


class BusinessType(StrEnum):
    """The eleven event types."""

    SIGNUP = "SIGNUP"
    ACTIVATION = "ACTIVATION"
    """The user starts using the product."""
    SHARE = "SHARE"
    COMPLETION = "COMPLETION"
    CUSTOMER_PROFILE = "CUSTOMER_PROFILE"
    ORDER = "ORDER"
    MESSAGE_STATUS = "MESSAGE_STATUS"
    """Delivery of an e-mail, SMS, push or in-app message; `activation_id` names the message."""
    AD_CLICK = "AD_CLICK"
    """A billable click. Its `event_id` defaults to `click_id`."""
    BUDGET_CHANGE = "BUDGET_CHANGE"
    ADVERTISER_STATUS = "ADVERTISER_STATUS"
    SPEND_CREDIT = "SPEND_CREDIT"


@dataclass(frozen=True)
class TypeContract:
    """Fields of one type beside the header; `key` is the field that is the Kafka key."""

    key: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    value_sets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Exact values of a field; any other one is BAD_VALUE."""
    money: str | None = None
    """The field that has to be a finite number from 0 to below 10^12."""
    once_per: tuple[str, ...] = ("event_id",)
    """Events of the type that agree here are one event."""


_STEP: Final = TypeContract("user_id", ("user_id", "campaign_id"), ("channel", "region"))
TYPES: Final[dict[BusinessType, TypeContract]] = {
    BusinessType.SIGNUP: TypeContract(
        "user_id", ("user_id", "campaign_id"), ("channel", "region", "impression_id")
    ),
    BusinessType.ACTIVATION: _STEP,
    BusinessType.SHARE: _STEP,
    BusinessType.COMPLETION: _STEP,
    BusinessType.CUSTOMER_PROFILE: TypeContract(
        "user_id", ("user_id",), ("name", "email", "geo_country")
    ),
    BusinessType.ORDER: TypeContract(
        "user_id", ("user_id", "order_id", "amount"), money="amount", once_per=("order_id",)
    ),
    BusinessType.MESSAGE_STATUS: TypeContract(
        "user_id",
        ("user_id", "activation_id", "channel", "status"),
        ("campaign_id",),
        {"channel": ("email", "sms", "push", "in_app"), "status": ("DELIVERED", "FAILED")},
    ),
    BusinessType.AD_CLICK: TypeContract(
        "advertiser_id",
        ("advertiser_id", "click_id", "ad_id", "amount"),
        ("advertiser", "budget_value", "campaign_id", "impression_id"),
        money="amount",
        once_per=("advertiser_id", "click_id"),
    ),
    BusinessType.BUDGET_CHANGE: TypeContract(
        "advertiser_id",
        ("advertiser_id", "budget_value", "period"),
        value_sets={"period": ("DAILY", "MONTHLY", "LIFETIME")},
        money="budget_value",
    ),
    BusinessType.ADVERTISER_STATUS: TypeContract(
        "advertiser_id",
        ("advertiser_id", "status"),
        ("advertiser", "time_zone", "flight_start", "flight_end"),
        {"status": ("ACTIVE", "PAUSED"), "time_zone": TIME_ZONES},
    ),
    BusinessType.SPEND_CREDIT: TypeContract(
        "advertiser_id",
        ("advertiser_id", "credit_id", "click_id", "amount", "reason"),
        value_sets={"reason": ("GIVT", "MANUAL")},
        money="amount",
        once_per=("credit_id",),
    ),
}

FUNNEL_TYPES: Final = (
    BusinessType.SIGNUP, BusinessType.ACTIVATION, BusinessType.SHARE, BusinessType.COMPLETION,
)  # fmt: skip
"""The steps of users after the ads: `gold.funnel_events` has each event of them once."""
FUNNEL_COLUMNS: Final = (
    "event_type", "event_id", "event_time", "user_id", "campaign_id", "channel", "region",
    "impression_id", "content", "first_ingest_ts",
)  # fmt: skip
"""Of that table, in its order."""

HEADER_FIELDS: Final = ("event_id", "event_type", "event_timestamp")
REQUIRED_ORDER: Final = (
    "user_id", "advertiser_id", "campaign_id", "order_id", "activation_id", "credit_id",
    "click_id", "ad_id", "amount", "budget_value", "channel", "status", "period", "reason",
)  # fmt: skip
"""After the header: the order in which missing fields are looked for, for every type."""
ID_FIELDS: Final = (
    "event_id", "user_id", "advertiser_id", "campaign_id", "impression_id", "order_id",
    "activation_id", "click_id", "ad_id", "credit_id",
)  # fmt: skip
"""At most 256 UTF-8 bytes, no control character, no lone surrogate."""
FREE_TEXT_FIELDS: Final = ("channel", "region")
"""Trimmed and lower-cased, `unknown` when absent or blank, where the type names no values."""
LENIENT_STRING_FIELDS: Final = ("advertiser", "name", "email", "geo_country")
"""Kept as sent; anything but a string counts as NULL."""
VALUE_SET_FIELDS: Final = ("channel", "status", "period", "reason", "time_zone")
"""In the order in which they are judged."""
FLIGHT_FIELDS: Final = ("flight_start", "flight_end")
"""Times in the form of `event_timestamp`."""
LENIENT_BUDGET_TYPE: Final = BusinessType.AD_CLICK
"""A bad `budget_value` here is read as NULL: the click's money must not get lost."""
POSITIVE_MONEY_TYPE: Final = BusinessType.SPEND_CREDIT
"""A credit of nothing is BAD_VALUE."""
UNKNOWN: Final = "unknown"
BRONZE_ID_FIELDS: Final = ("event_id", "user_id", "advertiser_id", "campaign_id")
"""Read of a record of unknown type too."""


def fields_of(event_type: BusinessType) -> frozenset[str]:
    """Every field that the type has."""
    contract = TYPES[event_type]
    return frozenset((*HEADER_FIELDS, *contract.required, *contract.optional))


CONTENT_FIELDS: Final[dict[BusinessType, tuple[str, ...]]] = {
    one: tuple(
        sorted(fields_of(one) - {*HEADER_FIELDS, *contract.once_per, contract.money or "event_id"})
    )
    for one, contract in TYPES.items()
}
"""What deliveries of one event may differ in, beside its time and its money; how it is named (the
ids it counts once per, and the `event_id`) is none of it."""
ADVERTISER_TYPES: Final = tuple(t for t, one in TYPES.items() if one.key == "advertiser_id")
"""Here `advertiser` alone is the advertiser's id too."""
FREE_TEXT_TYPES: Final = tuple(
    t for t in TYPES if "channel" in fields_of(t) and "channel" not in TYPES[t].value_sets
)


class BusinessDetail(StrEnum):
    """What exactly failed, where `RejectDetail` has no word for it."""

    MISSING_USER_ID = "MISSING_USER_ID"
    MISSING_ADVERTISER_ID = "MISSING_ADVERTISER_ID"
    MISSING_ORDER_ID = "MISSING_ORDER_ID"
    MISSING_ACTIVATION_ID = "MISSING_ACTIVATION_ID"
    MISSING_CREDIT_ID = "MISSING_CREDIT_ID"
    MISSING_CLICK_ID = "MISSING_CLICK_ID"
    MISSING_AD_ID = "MISSING_AD_ID"
    MISSING_AMOUNT = "MISSING_AMOUNT"
    MISSING_BUDGET_VALUE = "MISSING_BUDGET_VALUE"
    MISSING_CHANNEL = "MISSING_CHANNEL"
    MISSING_STATUS = "MISSING_STATUS"
    MISSING_PERIOD = "MISSING_PERIOD"
    MISSING_REASON = "MISSING_REASON"
    ZERO_CREDIT = "ZERO_CREDIT"
    BAD_CHANNEL = "BAD_CHANNEL"
    BAD_STATUS = "BAD_STATUS"
    BAD_PERIOD = "BAD_PERIOD"
    BAD_REASON = "BAD_REASON"
    BAD_TIME_ZONE = "BAD_TIME_ZONE"
    BAD_FLIGHT = "BAD_FLIGHT"
    BAD_BUDGET_VALUE = "BAD_BUDGET_VALUE"
    """No reason to reject: the audit of an AD_CLICK whose budget is read as NULL."""


Detail = RejectDetail | BusinessDetail

MISSING_DETAIL: Final[dict[str, Detail]] = {
    "event_id": RejectDetail.MISSING_EVENT_ID,
    "event_type": RejectDetail.MISSING_EVENT_TYPE,
    "event_timestamp": RejectDetail.MISSING_TS,
    "campaign_id": RejectDetail.MISSING_CAMPAIGN_ID,
    **{
        name: BusinessDetail(f"MISSING_{name.upper()}")
        for name in REQUIRED_ORDER
        if name != "campaign_id"
    },
}
VALUE_DETAIL: Final[dict[str, BusinessDetail]] = {
    name: BusinessDetail(f"BAD_{name.upper()}") for name in VALUE_SET_FIELDS
}

_OTHER_KIND: Final = {
    RejectDetail.MISSING_IMPRESSION_ID,
    RejectDetail.MISSING_COST,
    RejectDetail.MISSING_CONVERSION_VALUE,
}
REASON_OF: Final[dict[Detail, RejectReason]] = {
    **{one: reason for one, reason in REASON_OF_TEXT.items() if one not in _OTHER_KIND},
    **dict.fromkeys(MISSING_DETAIL.values(), RejectReason.MISSING_KEY),
    **dict.fromkeys(VALUE_DETAIL.values(), RejectReason.BAD_VALUE),
    BusinessDetail.BAD_FLIGHT: RejectReason.BAD_VALUE,
    BusinessDetail.ZERO_CREDIT: RejectReason.BAD_VALUE,
}
"""Reason of a detail; BAD_BUDGET_VALUE has none, the click is admitted."""

BRONZE_COLUMNS: Final = (
    "event_id",
    "event_type",
    "event_timestamp",
    "user_id",
    "advertiser_id",
    "campaign_id",
    "raw_payload",
    "raw_bytes",
    "kafka_topic",
    "kafka_partition",
    "kafka_offset",
    "kafka_key",
    "ingest_ts",
    "contract_version",
    "reject_reason",
    "reject_detail",
    "partition_ts",
)
"""As in bronze.ad_events: `raw_payload` is the exact text, `raw_bytes` what is no UTF-8."""
FIELD_COLUMNS: Final = (
    *ID_FIELDS, "event_type", *LENIENT_STRING_FIELDS, *FREE_TEXT_FIELDS, "status", "period",
    "reason", "time_zone", "ts_ms", "flight_start_ms", "flight_end_ms", "micros", "budget_micros",
    "has_own_key",
)  # fmt: skip
"""What admission reads of an event. Times are epoch ms, money is micros: `micros` of `amount`,
`budget_micros` of `budget_value`."""

UPPER_CASE: Final = letters.UPPER_CASE
LOWER_CASE: Final = letters.LOWER_CASE
"""Of free text; the same table as for ad events."""
