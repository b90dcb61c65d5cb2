"""Which forms of Gold's rows this version reads, by the stamp of their newest commit."""

from __future__ import annotations

import pytest

from adlake.attribution.gold_format import (
    FORMAT_PROPERTIES,
    NewerFormatError,
    UnplacedRowsError,
    is_placed_by_older_law,
    refuse_newer_format,
    refuse_unplaced_rows,
)
from adlake.attribution.law.rules import decode_state
from adlake.contracts import stamps
from adlake.contracts.slot import SLOT_LAW
from adlake.contracts.tables import STATE_FORMAT
from adlake.io.iceberg.stamp import Stamp
from adlake.proof.pin import pin_at

KEYS = (stamps.SLOT_LAW, stamps.STATE_FORMAT)


def stamp_with(**told: str) -> Stamp:
    return Stamp(7, told)


def test_commits_of_before_the_versions_mean_version_1() -> None:
    old = stamp_with()
    refuse_newer_format(old)
    assert is_placed_by_older_law(old) is (SLOT_LAW > 1)
    with pytest.raises(UnplacedRowsError, match="make up"):
        refuse_unplaced_rows(old)


def test_what_this_version_writes_it_also_reads() -> None:
    own = Stamp(7, FORMAT_PROPERTIES)
    assert own.properties == {KEYS[0]: str(SLOT_LAW), KEYS[1]: str(STATE_FORMAT)}
    refuse_newer_format(own)
    refuse_unplaced_rows(own)


def test_an_empty_gold_is_of_no_other_version() -> None:
    refuse_newer_format(None)
    refuse_unplaced_rows(None)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("told", ["3", "10", "2a", "", "-1", "1.0", "\u0662"])
def test_an_unknown_version_is_named(key: str, told: str) -> None:
    with pytest.raises(NewerFormatError) as error:
        refuse_newer_format(Stamp(7, {**FORMAT_PROPERTIES, key: told}))
    assert f"{key} {told!r}" in str(error.value)
    assert "run the newer version" in str(error.value)
    assert NewerFormatError.is_lasting, "a supervisor must not try again every second"


def test_verify_refuses_rows_that_it_would_read_wrongly() -> None:
    summary = {
        **FORMAT_PROPERTIES, stamps.STATE_FORMAT: "2", stamps.NEXT_OFFSETS: '{"0":1}',
        stamps.BRONZE_SNAPSHOT: "3", stamps.TOPIC: "ads", stamps.TOPIC_ID: "t",
    }  # fmt: skip
    gold = {5: {"snapshot_id": 5, "parent_id": None, "summary": summary}}
    with pytest.raises(NewerFormatError, match=stamps.STATE_FORMAT):
        pin_at(5, gold, {})


def test_a_state_of_a_later_version_is_never_read_as_one_of_version_1() -> None:
    """Such a text does not begin with a bracket (contracts.tables.STATE_FORMAT)."""
    with pytest.raises(ValueError, match="events_state"):
        decode_state('2[{"e":"k"}]')
