"""Which forms of Gold's rows this version reads, by the stamp of their newest commit."""

from __future__ import annotations

import pytest

from adlake.attribution.gold_format import (
    FORMAT_PROPERTIES,
    NewerFormatError,
    OlderStatesError,
    UnplacedRowsError,
    are_states_older,
    is_placed_by_older_law,
    refuse_newer_format,
    refuse_older_states,
    refuse_unplaced_rows,
)
from adlake.attribution.law.rules import decode_state, encode_state
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
    refuse_older_states(own)


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
        **FORMAT_PROPERTIES, stamps.STATE_FORMAT: "3", stamps.NEXT_OFFSETS: '{"0":1}',
        stamps.BRONZE_SNAPSHOT: "3", stamps.TOPIC: "ads", stamps.TOPIC_ID: "t",
    }  # fmt: skip
    gold = {5: {"snapshot_id": 5, "parent_id": None, "summary": summary}}
    with pytest.raises(NewerFormatError, match=stamps.STATE_FORMAT):
        pin_at(5, gold, {})
    summary |= {stamps.STATE_FORMAT: "1"}
    with pytest.raises(OlderStatesError, match="make up"):
        pin_at(5, gold, {})


def test_a_text_of_version_1_is_the_same_in_this_one() -> None:
    text = '[{"e":"k","t":1,"r":1,"m":0,"g":"DE","i":2}]'
    assert encode_state(decode_state(text)) == text


def test_states_are_older_until_the_last_step_of_their_upgrade_is_done() -> None:
    assert not are_states_older(None)
    assert not are_states_older(Stamp(7, FORMAT_PROPERTIES))
    for told in ({}, {stamps.STATE_FORMAT: "1"}, {**FORMAT_PROPERTIES, stamps.STATES_UNTIL: "8"}):
        assert are_states_older(Stamp(7, told))
        with pytest.raises(OlderStatesError, match="make up"):
            refuse_older_states(Stamp(7, told))
