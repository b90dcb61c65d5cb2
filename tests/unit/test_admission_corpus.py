"""Plain-Python admission against every class of the corpus."""

from __future__ import annotations

import pytest

from adlake.contracts.details import REASON_OF, RejectDetail
from adlake.domain.admission import Rejected, admit
from tests.fixtures.corpus import CASES, Case


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


def test_every_detail_is_reached_by_the_corpus() -> None:
    assert {case.detail for case in CASES} - {None} == set(RejectDetail)


def test_every_detail_has_a_reason() -> None:
    assert set(REASON_OF) == set(RejectDetail)
