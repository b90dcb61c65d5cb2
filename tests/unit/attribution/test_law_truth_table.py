"""The plain Python law against every row of the truth table."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from adlake.attribution.law.rules import GoldRow, merge, project, state_of
from adlake.contracts.tables import GOLD_LAW_COLUMNS
from tests.fixtures.law_check import admitted_deliveries, check_case
from tests.fixtures.law_modules import REAL_LAW
from tests.golden import LawCase, duration_ms, law_cases

each_case = pytest.mark.parametrize("case", law_cases(), ids=lambda case: f"row{case.number:02d}")


@each_case
def test_law_gives_expected_row_and_audit_in_every_order_split_and_doubling(case: LawCase) -> None:
    check_case(REAL_LAW, case)


@each_case
def test_row_is_unchanged_when_producer_sends_every_event_again(case: LawCase) -> None:
    admitted = admitted_deliveries(REAL_LAW, case)
    sent_again = [replace(delivery, offset=delivery.offset + 50) for delivery in admitted]
    state = merge(state_of(admitted), state_of(sent_again))
    assert project(case.impression_id, state) == project(case.impression_id, state_of(admitted))


def test_truth_table_has_all_forty_rows_with_every_column() -> None:
    assert [case.number for case in law_cases()] == list(range(1, 41))
    assert all(set(row) == set(GOLD_LAW_COLUMNS) for case in law_cases() for row in case.rows)
    assert [case.number for case in law_cases() if not case.rows] == [38]


def test_truth_table_positions_are_unique() -> None:
    positions = [(d.partition, d.offset) for case in law_cases() for d in case.deliveries]
    assert len(positions) == len(set(positions))


def test_gold_row_has_the_columns_of_the_contract_in_its_order() -> None:
    assert tuple(field.name for field in fields(GoldRow)) == GOLD_LAW_COLUMNS


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [("0", 0), ("7d 1ms", 604_800_001), ("-5m 1ms", -300_001), ("2h 1m", 7_260_000)],
)
def test_duration_is_read_in_milliseconds(text: str, expected_ms: int) -> None:
    assert duration_ms(text) == expected_ms


@pytest.mark.parametrize("text", ["", "1", "1x", "7d1ms", "h", "1.5h"])
def test_duration_is_refused_when_it_is_not_one(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        duration_ms(text)
