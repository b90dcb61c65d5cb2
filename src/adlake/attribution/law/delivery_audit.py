"""Admitted deliveries that added nothing: repeats of an event and contradictions of it."""

from __future__ import annotations

from collections.abc import Iterable

from adlake.attribution.law.state import AdmittedDelivery, ContentKey
from adlake.contracts.audit import DeliveryFinding, DeliveryFlag

Position = tuple[str, int, int]
"""(topic, partition, offset): the same position read twice is one delivery."""


def delivery_findings(deliveries: Iterable[AdmittedDelivery]) -> dict[Position, DeliveryFinding]:
    """Finding per log position, for deliveries of any number of impressions.

    Per (impression_id, event_id) the smallest content wins. Its first delivery by (ingest time,
    partition, offset) carries the event and has no finding.
    """
    deliveries_of_event: dict[tuple[str, str], dict[Position, AdmittedDelivery]] = {}
    for delivery in deliveries:
        event_key = (delivery.impression_id, delivery.event.event_id)
        deliveries_of_event.setdefault(event_key, {})[_position(delivery)] = delivery
    findings: dict[Position, DeliveryFinding] = {}
    for by_position in deliveries_of_event.values():
        carrier, *others = sorted(by_position.values(), key=_carrier_order)
        for other in others:
            findings[_position(other)] = (
                DeliveryFinding.DUPLICATE_DELIVERY
                if other.event.content_key == carrier.event.content_key
                else DeliveryFinding.CONFLICTING_DUPLICATE
            )
    return findings


def delivery_flags(key: bytes | None, impression_id: str) -> frozenset[DeliveryFlag]:
    """Remarks on an admitted delivery with this Kafka key."""
    is_other = key != impression_id.encode()
    return frozenset({DeliveryFlag.KEY_MISMATCH} if is_other else ())


def _position(delivery: AdmittedDelivery) -> Position:
    return (delivery.topic, delivery.partition, delivery.offset)


def _carrier_order(delivery: AdmittedDelivery) -> tuple[ContentKey, int, int, int, str]:
    return (
        delivery.event.content_key,
        delivery.ingest_ms,
        delivery.partition,
        delivery.offset,
        delivery.topic,
    )
