"""Stage, score and segments at their boundaries; no answer hangs on how a machine rounds."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlake.customers.contract import Band, Segment, Stage
from adlake.customers.rules import (
    Standing,
    band_of,
    email_sha256,
    has_lapsed,
    score_of,
    segments_of,
    stage_of,
)

LIMIT = 5_000_000_000
COUNTS = st.integers(0, 10_000)
STANDINGS = st.builds(
    Standing, order_count=COUNTS, lifetime_micros=st.integers(0, 10**18),
    delivered_count=COUNTS, failed_count=COUNTS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("standing", "stage"),
    [
        (Standing(), Stage.PROSPECT),
        (Standing(0, 0, 3, 0), Stage.PROSPECT),
        (Standing(1, 0), Stage.CUSTOMER),
        (Standing(1, LIMIT), Stage.CUSTOMER),
        (Standing(2, LIMIT + 1), Stage.HIGH_VALUE),
        (Standing(1, LIMIT + 1, 7, 3), Stage.EVANGELIST),
        (Standing(1, LIMIT + 1, 7, 4), Stage.HIGH_VALUE),
        (Standing(1, LIMIT, 7, 3), Stage.ENGAGED),
        (Standing(1, 1, 1, 1), Stage.CUSTOMER),
        (Standing(1, 1, 2, 1), Stage.ENGAGED),
    ],
)
def test_the_stage_at_each_boundary(standing: Standing, stage: Stage) -> None:
    assert stage_of(standing) is stage


def exact_score(one: Standing) -> Fraction:
    rate = Fraction(one.delivered_count, one.activation_count or 1)
    value = min(Fraction(one.lifetime_micros, LIMIT), Fraction(1))
    orders = min(Fraction(one.order_count, 10), Fraction(1))
    return Fraction(2, 5) * (orders + value) + Fraction(1, 5) * rate


@given(STANDINGS)
def test_the_score_is_the_exact_one_rounded_half_up_once(standing: Standing) -> None:
    exact = exact_score(standing) * 10**6
    assert score_of(standing) == (exact + Fraction(1, 2)) // 1
    assert 0 <= score_of(standing) <= 1_000_000


def test_half_a_millionth_is_rounded_up() -> None:
    # 0.4 of 6,250 millionths of a unit over 5,000 units are half a millionth of the score.
    assert score_of(Standing(1, 6_249)) == 40_000
    assert score_of(Standing(1, 6_250)) == 40_001


@pytest.mark.parametrize(
    ("standing", "score", "band"),
    [
        (Standing(), "0.000000", Band.LOW),
        (Standing(3, 1_500_000_000, 2, 1), "0.373333", Band.MEDIUM),
        (Standing(12, 9_000_000_000, 9, 1), "0.980000", Band.HIGH),
    ],
)
def test_c5_the_worked_scores(standing: Standing, score: str, band: Band) -> None:
    found = Decimal(score_of(standing)).scaleb(-6).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    assert (str(found), band_of(score_of(standing))) == (score, band)


def test_a_band_begins_at_its_limit() -> None:
    bands = {score: band_of(score) for score in (299_999, 300_000, 599_999, 600_000)}
    assert list(bands.values()) == [Band.LOW, Band.MEDIUM, Band.MEDIUM, Band.HIGH]


@given(STANDINGS)
def test_segments_are_those_of_fractions_of_the_columns(one: Standing) -> None:
    rate = Fraction(one.delivered_count, one.activation_count or 1)
    expected = {
        Segment.PROSPECTS: one.lifetime_micros <= LIMIT and not one.order_count,
        Segment.ACTIVE_CUSTOMERS: one.order_count >= 1,
        Segment.BIG_SPENDERS: one.lifetime_micros > LIMIT,
        Segment.RESPONSIVE: one.activation_count >= 1 and rate > Fraction(1, 2),
        Segment.UNRESPONSIVE: one.activation_count >= 3 and rate < Fraction(1, 2),
        Segment.LIKELY_BUYERS: score_of(one) >= 600_000,
    }
    found = segments_of(one)
    assert set(found) == {segment for segment, holds in expected.items() if holds}
    assert list(found) == sorted(found)


def test_half_of_the_messages_is_neither_responsive_nor_unresponsive() -> None:
    either = {Segment.RESPONSIVE, Segment.UNRESPONSIVE}
    assert not either & set(segments_of(Standing(1, 1, 2, 2)))
    assert Segment.UNRESPONSIVE in segments_of(Standing(1, 1, 1, 2))
    assert not either & set(segments_of(Standing(1, 1, 0, 2)))


def test_c6_who_ordered_over_ninety_days_before_a_day_has_lapsed() -> None:
    last_ms = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1_000)
    exactly, after = date(2026, 4, 1), date(2026, 4, 2)
    assert not has_lapsed(last_ms, exactly)
    assert has_lapsed(last_ms - 1, exactly)
    assert has_lapsed(last_ms, after)
    assert not has_lapsed(None, after)
    assert not has_lapsed(last_ms, None)


def test_an_address_is_known_by_its_hash_however_it_is_written() -> None:
    expected = hashlib.sha256("ada@örtlich.example".encode()).hexdigest()
    assert email_sha256("  Ada@ÖRTLICH.example ") == expected
    assert [email_sha256(text) for text in (None, "", "  ")] == [None] * 3
