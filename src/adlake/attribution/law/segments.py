"""Channel and region of an impression, and so of each of its events, from its state.

They come from the donor, the event that also gives the five dimensions, so one impression never
splits over two campaigns. They stand beside the 18 columns of the law and are none of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from adlake.attribution.law.segment_text import segment_text
from adlake.attribution.law.state import State


@dataclass(frozen=True, slots=True)
class Segments:
    """None means unknown."""

    channel: str | None
    region: str | None


def segments_of(state: State) -> Segments:
    """Those of the donor; a region that no delivery of it names is its country, in that form.

    Args:
        state: of an impression of which something was admitted, so not an empty one.
    """
    donor = min(state, key=lambda event: (event.type_rank, event.ts_ms, event.event_id))
    return Segments(
        channel=donor.channel,
        region=donor.region or segment_text(donor.geo_country),
    )
