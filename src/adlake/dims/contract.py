"""The campaign update contract: topic `campaign_updates`, key `campaign_id`. Data only.

An update names a campaign and a moment, and says what holds from then on. A field that is absent,
null or blank says nothing: what held before goes on. `status` DELETED ends a campaign; its history
stays, and a later update may bring it back.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from adlake.contracts.details import REASON_OF as REASON_OF_TEXT
from adlake.contracts.details import RejectDetail
from adlake.contracts.events import RejectReason

CONTRACT_VERSION: Final = 1
"""Stored with every row. A change of what is admitted is a new version."""
EVENT_TYPE: Final = "CAMPAIGN_UPDATE"
REQUIRED: Final = ("event_id", "event_type", "event_timestamp", "campaign_id")
"""In the order in which missing ones are looked for."""
ID_FIELDS: Final = ("event_id", "campaign_id", "advertiser_id")
"""At most 256 UTF-8 bytes, no control character, no lone surrogate."""
TEXT_FIELDS: Final = ("name", "channel", "objective")
"""Strings with the bounds of an id."""
STATUSES: Final = ("ACTIVE", "PAUSED", "DELETED")
BUDGET_TYPES: Final = ("DAILY", "MONTHLY", "LIFETIME")
VALUE_SETS: Final = {"status": STATUSES, "budget_type": BUDGET_TYPES}
"""Exact values of a field; in the order in which they are judged."""
MONEY_FIELD: Final = "budget_amount"
KEY_DIGITS: Final = 15
"""Hexadecimal ones of a surrogate key: 60 bits, so a positive BIGINT in every engine."""
FIRST_STATUS: Final = "ACTIVE"
"""Of a campaign that no update gave a status."""

ATTRIBUTES: Final = (
    "name", "advertiser_id", "channel", "objective", "budget_type", "budget_micros", "status",
)  # fmt: skip
"""What an update can say of a campaign; money is micros."""


class UpdateDetail(StrEnum):
    """What exactly failed, where `RejectDetail` has no word for it."""

    BAD_TEXT = "BAD_TEXT"
    """A text is no string, too long, or has a control character or lone surrogate."""
    BAD_STATUS = "BAD_STATUS"
    BAD_BUDGET_TYPE = "BAD_BUDGET_TYPE"


Detail = RejectDetail | UpdateDetail

VALUE_DETAIL: Final = {
    "status": UpdateDetail.BAD_STATUS,
    "budget_type": UpdateDetail.BAD_BUDGET_TYPE,
}
REASON_OF: Final[dict[Detail, RejectReason]] = {
    **dict(REASON_OF_TEXT.items()),
    **dict.fromkeys(UpdateDetail, RejectReason.BAD_VALUE),
}

BRONZE_COLUMNS: Final = (
    "event_id", "event_type", "event_timestamp", "campaign_id", "raw_payload", "raw_bytes",
    "kafka_topic", "kafka_partition", "kafka_offset", "kafka_key", "ingest_ts",
    "contract_version", "reject_reason", "reject_detail", "partition_ts",
)  # fmt: skip
"""As in bronze.ad_events."""
