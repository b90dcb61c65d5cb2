"""Names of a topic's unbroken histories (source incarnations).

Offsets are only unique within one incarnation, so Bronze's `kafka_topic` holds the label: with it
(kafka_topic, kafka_partition, kafka_offset) stays a key when a topic starts anew. A topic name
never contains `@`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

FIRST_INCARNATION: Final = 1
_MARK: Final = "@"


class IncarnationKind(StrEnum):
    """Why a later history began, as `adlake.source_epochs` keeps it."""

    RECREATED = "recreated"
    """The topic was deleted and made again: its offsets begin anew."""
    LOST_TAIL = "lost_tail"
    RETENTION_GAP = "retention_gap"
    DECLARED = "declared"
    """For another reason, which its sentences give."""


def source_label(topic: str, incarnation: int) -> str:
    """`ad_events` in the first incarnation, `ad_events@2` in the second."""
    return topic if incarnation == FIRST_INCARNATION else f"{topic}{_MARK}{incarnation}"


def topic_of_label(label: str) -> str:
    """The topic's own name."""
    return label.partition(_MARK)[0]


def incarnation_of_label(label: str) -> int:
    """The source incarnation that a label names."""
    return int(label.partition(_MARK)[2] or FIRST_INCARNATION)
