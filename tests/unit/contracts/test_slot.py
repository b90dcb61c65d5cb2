"""The slot of an impression id: recognised forms, calendar edges and the hash slot."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlake.contracts.slot import (
    BASE62,
    DAY_PATTERN,
    IMP_PATTERN,
    KSUID_DENOMINATOR,
    KSUID_NUMERATOR,
    KSUID_PATTERN,
    KSUID_TIME_DIGITS,
    MAX_SLOT_MS_EXCLUSIVE,
    MIN_SLOT_MS,
    MS_PER_DAY,
    MS_PER_SLOT,
    OBJECT_ID_PATTERN,
    SLOT_SECONDS,
    SLOTS_PER_DAY,
    ULID_PATTERN,
    UUID_PATTERN,
    days_from_civil,
    slot_of,
)
from tests.fixtures.slot_ids import (
    TIMED_FORMS,
    object_id_at,
    slot_ids,
    ulid_at,
    uuid1_at,
    uuid6_at,
    uuid7_at,
)
from tests.fixtures.slot_law_1 import slot_of_law_1

EPOCH = date(1970, 1, 1)
FIRST_DAY, LAST_DAY = date(2015, 1, 1), date(2100, 12, 31)


def slot_at(when: datetime) -> int:
    """Slot by the calendar of the standard library."""
    return (when.date() - EPOCH).days * SLOTS_PER_DAY + (
        when.hour * 3600 + when.minute * 60 + when.second
    ) // SLOT_SECONDS


def hash_slot(impression_id: str) -> int:
    return zlib.crc32(impression_id.encode()) % SLOTS_PER_DAY


def test_slot_constants_agree_with_each_other() -> None:
    assert SLOT_SECONDS * 1000 == MS_PER_SLOT
    assert SLOTS_PER_DAY * MS_PER_SLOT == MS_PER_DAY
    assert datetime(2015, 1, 1, tzinfo=UTC).timestamp() * 1000 == MIN_SLOT_MS
    assert datetime(2101, 1, 1, tzinfo=UTC).timestamp() * 1000 == MAX_SLOT_MS_EXCLUSIVE


def test_every_day_of_the_admitted_years_has_its_calendar_number() -> None:
    day = FIRST_DAY
    while day <= LAST_DAY:
        assert days_from_civil(day.year, day.month, day.day) == (day - EPOCH).days
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("impression_id", "when"),
    [
        ("imp-20150101-0000000", datetime(2015, 1, 1, tzinfo=UTC)),
        ("imp-20260302-2255100-row01", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("imp-20240229-0000000x", datetime(2024, 2, 29, tzinfo=UTC)),
        ("imp-21000228-52657ff", datetime(2100, 2, 28, 23, 59, 59, tzinfo=UTC)),
        ("imp-21000301-0000000", datetime(2100, 3, 1, tzinfo=UTC)),
        ("imp-21001231-52657ff", datetime(2100, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_dated_id_gives_its_time(impression_id: str, when: datetime) -> None:
    assert slot_of(impression_id) == slot_at(when)


@pytest.mark.parametrize(
    ("ms_of_day", "slots_into_day"), [(0, 0), (9_999, 0), (10_000, 1), (86_399_999, 8_639)]
)
def test_slot_begins_every_ten_seconds(ms_of_day: int, slots_into_day: int) -> None:
    midnight = slot_at(datetime(2026, 3, 2, tzinfo=UTC))
    assert slot_of(f"imp-20260302-{ms_of_day:07x}-1") == midnight + slots_into_day


@pytest.mark.parametrize(
    ("invalid", "counts_as"),
    [
        ("20260229", "20260301"),
        ("20240230", "20240301"),
        ("20240231", "20240302"),
        ("20260231", "20260303"),
        ("20260431", "20260501"),
        ("21000229", "21000301"),
    ],
)
def test_day_past_the_end_of_its_month_counts_on(invalid: str, counts_as: str) -> None:
    assert slot_of(f"imp-{invalid}-0000000") == slot_of(f"imp-{counts_as}-0000000")


@pytest.mark.parametrize(
    ("impression_id", "epoch_ms"),
    [
        # RFC 9562, appendix A.6
        ("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", 1_645_557_742_000),
        ("017f22e2-79b0-7cc3-98c4-dc0c0c07398f", 1_645_557_742_000),
        # README of the ULID specification
        ("01ARYZ6S41TSV4RRFFQ69G5FAV", 1_469_918_176_385),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1_469_922_850_259),
        ("01arz3ndektsv4rrffq69g5fav", 1_469_922_850_259),
        # RFC 9562, appendices A.1 and A.5
        ("C232AB00-9414-11EC-B3C8-9F6BDECED846", 1_645_557_742_000),
        ("1EC9414C-232A-6B00-B3C8-9F6BDECED846", 1_645_557_742_000),
        ("1ec9414c-232a-6b00-b3c8-9f6bdeced846", 1_645_557_742_000),
        # README of KSUID
        ("0ujtsYcgvSTl8PAuAdqWYSMnLOv", 1_507_608_047_000),
        ("0uk1Hbc9dQ9pxyTqJ93IUrfhdGq", 1_507_611_700_000),
        # Its first 32 bits are 2024-01-01T00:00:00Z
        ("6592008029c8c3e4dc76256c", 1_704_067_200_000),
    ],
)
def test_published_identifiers_give_their_time(impression_id: str, epoch_ms: int) -> None:
    assert slot_of(impression_id) == epoch_ms // MS_PER_SLOT
    assert slot_of(impression_id) == slot_at(datetime.fromtimestamp(epoch_ms // 1000, UTC))


@pytest.mark.parametrize("id_at", [ulid_at, uuid7_at, uuid6_at, uuid1_at])
@pytest.mark.parametrize(
    ("epoch_ms", "is_time"),
    [
        (MIN_SLOT_MS - 1, False),
        (MIN_SLOT_MS, True),
        (MAX_SLOT_MS_EXCLUSIVE - 1, True),
        (MAX_SLOT_MS_EXCLUSIVE, False),
        (0, False),
        (2**46 - 1, False),
    ],
)
def test_time_outside_the_admitted_years_is_no_time(
    id_at: Callable[[int], str], epoch_ms: int, is_time: bool
) -> None:
    impression_id = id_at(epoch_ms)
    expected = epoch_ms // MS_PER_SLOT if is_time else hash_slot(impression_id)
    assert slot_of(impression_id) == expected


@pytest.mark.parametrize(
    "impression_id",
    [
        "x",
        "é\U0001f600",
        "imp-20141231-0000000",
        "imp-21010101-0000000",
        "imp-20260002-0000000",
        "imp-20261302-0000000",
        "imp-20260300-0000000",
        "imp-20260332-0000000",
        "imp-2026030\u0662-2255100",
        "Imp-20260302-2255100",
        " imp-20260302-2255100",
        "017F22E2-79B0-4CC3-98C4-DC0C0C07398F",
        "017F22E2-79B0-7CC3-C8C4-DC0C0C07398F",
        "017F22E279B07CC398C4DC0C0C07398F",
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F0",
        "81ARYZ6S41TSV4RRFFQ69G5FAV",
        "01ARYZ6S41TSV4RRFFQ69G5FAI",
        "01ARYZ6S41TSV4RRFFQ69G5FAV ",
        "01ARYZ6S41TSV4RRFFQ69G5FA",
        "1EC9414C-232A-5B00-B3C8-9F6BDECED846",
        "1EC9414C-232A-8B00-B3C8-9F6BDECED846",
        "1EC9414C-232A-6B00-73C8-9F6BDECED846",
        "0ujtsYcgvSTl8PAuAdqWYSMnLO",
        "0ujtsYcgvSTl8PAuAdqWYSMnLO-",
        "507c7f79bcf86cd7994f6c0e",
        "657c7f79bcf86cd7994f6c0",
        "657c7f79bcf86cd7994f6c0g",
        "657c7f79bcf86cd7994f6c0e0",
        "202603021230001234567890",
        "657c7f79bcf86cd7994f6c0e\u2028",
    ],
)
def test_id_without_a_time_gets_its_hash_slot(impression_id: str) -> None:
    assert slot_of(impression_id) == hash_slot(impression_id)
    assert 0 <= slot_of(impression_id) < SLOTS_PER_DAY


@given(epoch_ms=st.integers(MIN_SLOT_MS, MAX_SLOT_MS_EXCLUSIVE - 1))
def test_all_forms_of_one_time_share_a_slot(epoch_ms: int) -> None:
    day = EPOCH + timedelta(days=epoch_ms // MS_PER_DAY)
    dated = f"imp-{day:%Y%m%d}-{epoch_ms % MS_PER_DAY:07x}-1"
    slots = {slot_of(dated), *(slot_of(form(epoch_ms)) for form in TIMED_FORMS)}
    assert slots == {epoch_ms // MS_PER_SLOT}


@given(epoch_ms=st.integers(MIN_SLOT_MS, MAX_SLOT_MS_EXCLUSIVE - 1), ticks=st.integers(0, 9_999))
def test_ticks_within_a_millisecond_change_nothing(epoch_ms: int, ticks: int) -> None:
    slots = {slot_of(uuid1_at(epoch_ms, ticks)), slot_of(uuid6_at(epoch_ms, ticks))}
    assert slots == {epoch_ms // MS_PER_SLOT}


@given(number=st.integers(0, 62**27 - 1))
def test_ksuid_tells_its_time_to_three_milliseconds(number: int) -> None:
    steps = number // 62 ** (27 - KSUID_TIME_DIGITS)
    read = Fraction(steps * KSUID_NUMERATOR, KSUID_DENOMINATOR)
    assert abs(Fraction(number, 2**128) - read) < Fraction(3, 1_000)
    assert steps * KSUID_NUMERATOR < 2**63, "Spark and Trino count in 64 bits"
    assert len(BASE62) == 62


@pytest.mark.parametrize(
    "tail",
    ["", "x", "1", "225510", "225510G", "22551A0", "5265c00", "fffffff", "\U0001f600", "a-b-c"],
)
def test_dated_id_without_a_time_of_day_lies_inside_its_day(tail: str) -> None:
    impression_id = f"imp-20260302-{tail}"
    midnight = slot_at(datetime(2026, 3, 2, tzinfo=UTC))
    assert slot_of(impression_id) == midnight + hash_slot(impression_id)


def test_untimed_dated_ids_spread_over_their_day() -> None:
    slots = {slot_of(f"imp-20260302-row{n}") for n in range(2_000)}
    assert len(slots) > 1_700
    assert {slot // SLOTS_PER_DAY for slot in slots} == {(date(2026, 3, 2) - EPOCH).days}


def test_only_newly_timed_ids_have_another_slot_than_under_law_1() -> None:
    """What law 1 had a time for stays where it is; what moves lay in day 0."""
    moved = [one for one in slot_ids() if slot_of(one) != slot_of_law_1(one)]
    assert len(moved) > 500
    assert all(slot_of_law_1(one) < SLOTS_PER_DAY <= slot_of(one) for one in moved)
    assert object_id_at(1_772_445_600_000) in moved


@given(impression_id=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_id_has_a_slot_that_fits_an_int_column(impression_id: str) -> None:
    assert 0 <= slot_of(impression_id) < 2**31


@pytest.mark.parametrize(
    "pattern",
    [DAY_PATTERN, IMP_PATTERN, UUID_PATTERN, ULID_PATTERN, KSUID_PATTERN, OBJECT_ID_PATTERN],
)
def test_pattern_means_the_same_in_every_engine(pattern: str) -> None:
    """Only syntax that Java's, Trino's and Python's regular expressions read alike."""
    assert re.fullmatch(r"\^[0-9A-Za-z\[\]\-|(){}]+", pattern)
