"""The attribution law on plain values: deliveries -> state -> Gold row and audit.

    state = merge(stored_state, state_of(new_deliveries))
    row = project(impression_id, state)
    segments = segments_of(state)

Order, splits and repeats of the deliveries do not change a single column.
"""

from __future__ import annotations

from adlake.attribution.law.delivery_audit import delivery_findings, delivery_flags
from adlake.attribution.law.projection import EventOutcome, GoldRow, event_outcomes, project, units
from adlake.attribution.law.segments import Segments, segments_of
from adlake.attribution.law.state import (
    EMPTY_STATE,
    AdmittedDelivery,
    ContentKey,
    Event,
    State,
    decode_state,
    delivery_of,
    encode_state,
    merge,
    state_of,
    states_of,
)

__all__ = [
    "EMPTY_STATE",
    "AdmittedDelivery",
    "ContentKey",
    "Event",
    "EventOutcome",
    "GoldRow",
    "Segments",
    "State",
    "decode_state",
    "delivery_findings",
    "delivery_flags",
    "delivery_of",
    "encode_state",
    "event_outcomes",
    "merge",
    "project",
    "segments_of",
    "state_of",
    "states_of",
    "units",
]
