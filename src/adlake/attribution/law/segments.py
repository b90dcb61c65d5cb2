"""Channel and region of an impression, and so of each of its events.

They come from the donor, the event that also gives the five dimensions, so one impression never
splits over two campaigns. They are no part of an event's content, so two deliveries of one content
may name different ones; the smallest counts, whatever came first. `attribution/spark/segments.py`
and `sql/oracles/impression_segments.sql` say the same; tests hold the three equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adlake.attribution.law.segment_text import segment_text
from adlake.attribution.law.state import AdmittedDelivery, Event, states_of


@dataclass(frozen=True, slots=True)
class Segments:
    """None means unknown."""

    channel: str | None
    region: str | None


def segments_of(deliveries: Sequence[AdmittedDelivery]) -> dict[str, Segments]:
    """Segments by impression_id, of the donor's deliveries with its winning content.

    A region that no delivery names is the donor's country, in the form of a region.
    """
    deliveries_of: dict[str, list[AdmittedDelivery]] = {}
    for delivery in deliveries:
        deliveries_of.setdefault(delivery.impression_id, []).append(delivery)
    return {
        impression_id: _of_donor(deliveries_of[impression_id], donor)
        for impression_id, state in states_of(deliveries).items()
        for donor in [min(state, key=lambda event: (event.type_rank, event.ts_ms, event.event_id))]
    }


def _of_donor(deliveries: Iterable[AdmittedDelivery], donor: Event) -> Segments:
    of_donor = [
        one
        for one in deliveries
        if one.event.event_id == donor.event_id and one.event.content_key == donor.content_key
    ]
    return Segments(
        channel=_smallest(one.channel for one in of_donor),
        region=_smallest(one.region for one in of_donor) or segment_text(donor.geo_country),
    )


def _smallest(texts: Iterable[str | None]) -> str | None:
    # Python compares strings by code point, which is the order of their UTF-8 bytes.
    return min((text for text in texts if text is not None), default=None)
