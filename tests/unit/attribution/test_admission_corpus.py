"""Plain-Python admission against every class of the corpus."""

from __future__ import annotations

import pytest

from adlake.attribution.law.admission import Rejected, admit
from adlake.attribution.law.rules import delivery_flags, project, states_of
from adlake.contracts.audit import DeliveryFlag
from adlake.contracts.details import REASON_OF, RejectDetail
from adlake.contracts.law import LAW_V1
from tests.fixtures.corpus import CASES, STORY_CLASSES, Case
from tests.fixtures.corpus.case import KEY
from tests.fixtures.corpus.stories import OWN, TABLE_ROWS
from tests.fixtures.lawful_rows import admitted_deliveries
from tests.golden import DeliveryFixture, law_cases


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_corpus_class_has_its_outcome(case: Case) -> None:
    outcome = admit(case.payload, case.ingest_ms)
    detail = outcome.detail if isinstance(outcome, Rejected) else None
    assert detail == case.detail
    fields = outcome.header if isinstance(outcome, Rejected) else outcome
    for name, expected in case.fields.items():
        assert getattr(fields, name) == expected, name
    if isinstance(outcome, Rejected):
        assert outcome.reason == REASON_OF[outcome.detail]


def test_all_94_classes_are_there_as_payloads_or_as_stories() -> None:
    alone = {case.number for case in CASES}
    assert alone | STORY_CLASSES == set(range(1, 95))
    assert not alone & STORY_CLASSES
    rows = {row for rows in TABLE_ROWS.values() for row in rows}
    assert rows <= {case.number for case in law_cases()}


@pytest.mark.parametrize(
    ("number", "revenues"),
    [
        (80, [0, 0, 20, 20, 20]),
        (82, [0, 0, 0, 0, 20, 40]),
        (84, [0, 0, 20]),
        (87, [0, 0, 0, 20]),
    ],
)
def test_stories_of_the_corpus_say_what_they_claim(number: int, revenues: list[int]) -> None:
    """Attributed revenue after each delivery."""
    fixtures = [DeliveryFixture(*told, 0, n) for n, told in enumerate(OWN[number])]
    found = []
    for count in range(1, len(fixtures) + 1):
        states = states_of(admitted_deliveries(fixtures[:count]))
        rows = [project(name, state, LAW_V1) for name, state in states.items()]
        found.append(sum(row.revenue for row in rows if row is not None) // 1_000_000)
    assert found == revenues


def test_class_44_a_strange_key_is_a_remark_and_no_verdict() -> None:
    cases = [case for case in CASES if case.number == 44]
    assert {case.key for case in cases} > {None}
    assert all(delivery_flags(case.key, "imp-1") == {DeliveryFlag.KEY_MISMATCH} for case in cases)
    assert delivery_flags(KEY, "imp-1") == frozenset()


def test_every_detail_is_reached_by_the_corpus() -> None:
    assert {case.detail for case in CASES} - {None} == set(RejectDetail)


def test_every_detail_has_a_reason() -> None:
    assert set(REASON_OF) == set(RejectDetail)
