"""In which form Gold's rows are stored: two versions in the stamp of every commit of Gold.

A commit says it once, so it costs nothing per event; and a table that is rolled back says again
what its older rows are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adlake.contracts import stamps
from adlake.contracts.errors import AdlakeError
from adlake.contracts.slot import SLOT_LAW
from adlake.contracts.tables import STATE_FORMAT
from adlake.io.iceberg.stamp import Stamp

FORMAT_PROPERTIES: Final[Mapping[str, str]] = {
    stamps.SLOT_LAW: str(SLOT_LAW),
    stamps.STATE_FORMAT: str(STATE_FORMAT),
}
"""What each commit of this version says."""


class NewerFormatError(AdlakeError):
    """A later version of adlake wrote Gold's rows in a form that this one would read wrongly."""

    is_lasting = True


class UnplacedRowsError(AdlakeError):
    """Gold's rows lie under slots of an older version, where a look-up would not find them."""


class OlderStatesError(AdlakeError):
    """Gold's rows hold states of an older version, which say less than those of this one."""


def refuse_newer_format(stamp: Stamp | None) -> None:
    """Stop before anything is read or written by a wrong rule.

    Raises:
        NewerFormatError: names the property, what it says and what this version knows.
    """
    for key, known in FORMAT_PROPERTIES.items():
        told = _told(stamp, key)
        if told not in {str(version) for version in range(1, int(known) + 1)}:
            raise NewerFormatError(
                f"Gold was written by a newer adlake: its newest commit says {key} {told!r}, "
                f"this version knows up to {known}. Nothing was written: run the newer version"
            )


def is_placed_by_older_law(stamp: Stamp | None) -> bool:
    """Whether rows may lie under slots of an older slot law; also so for rows without a stamp."""
    return int(_told(stamp, stamps.SLOT_LAW)) < SLOT_LAW


def refuse_unplaced_rows(stamp: Stamp | None) -> None:
    """Guard of what looks rows up, or takes a range of slots.

    Raises:
        UnplacedRowsError: a stamped Gold whose rows were not moved yet.
    """
    if stamp is not None and is_placed_by_older_law(stamp):
        raise UnplacedRowsError(
            "Gold's rows still lie under the slots of an older version: start the stream once "
            "(`make up`), it moves them, then try again"
        )


def are_states_older(stamp: Stamp | None) -> bool:
    """Whether rows hold states of an older format, or an upgrade of them has not come to its end.

    Rows without any stamp need none: they are merged with all of their deliveries again.
    """
    if stamp is None:
        return False
    is_older = int(_told(stamp, stamps.STATE_FORMAT)) < STATE_FORMAT
    return is_older or stamps.STATES_UNTIL in stamp.properties


def refuse_older_states(stamp: Stamp | None) -> None:
    """Guard of what merges states, or reads channel and region of rows.

    Raises:
        OlderStatesError: a stamped Gold whose states were not brought up yet.
    """
    if are_states_older(stamp):
        raise OlderStatesError(
            "Gold's rows do not know the channel and region of their events yet, an older version "
            "wrote them: start the stream once (`make up`), it brings them up, then try again"
        )


def _told(stamp: Stamp | None, key: str) -> str:
    """What a stamp says; those of before the property was invented mean version 1."""
    return "1" if stamp is None else stamp.properties.get(key, "1")
