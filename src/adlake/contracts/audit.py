"""Names in the audit views: what became of each event and of each admitted delivery."""

from __future__ import annotations

from enum import StrEnum


class Disposition(StrEnum):
    """What became of one conversion; the first that holds, in this order."""

    NO_CLICK = "NO_CLICK"
    CONVERSION_BEFORE_CLICK = "CONVERSION_BEFORE_CLICK"
    OUT_OF_WINDOW = "OUT_OF_WINDOW"
    REPEAT_CONVERSION = "REPEAT_CONVERSION"
    ATTRIBUTED = "ATTRIBUTED"


class EventFlag(StrEnum):
    """Remarks on one event of any type; an event may carry several. None changes the Gold row."""

    DUPLICATE_IMPRESSION = "DUPLICATE_IMPRESSION"
    CLICK_BEFORE_IMPRESSION = "CLICK_BEFORE_IMPRESSION"
    DIM_MISMATCH = "DIM_MISMATCH"
    LATE = "LATE"


class DeliveryFinding(StrEnum):
    """Why an admitted delivery added nothing to its event."""

    DUPLICATE_DELIVERY = "DUPLICATE_DELIVERY"
    CONFLICTING_DUPLICATE = "CONFLICTING_DUPLICATE"


class BusinessFlag(StrEnum):
    """Remarks on a business event that counts, beside those of its admission."""

    BUDGET_MISMATCH = "BUDGET_MISMATCH"
    """A click carries another budget than the BUDGET_CHANGE in force at its time."""


class DeliveryFlag(StrEnum):
    """Remarks on an admitted delivery; none changes the Gold row."""

    KEY_MISMATCH = "KEY_MISMATCH"
    """Its Kafka key is not the impression id: two partitions may hold one impression."""
