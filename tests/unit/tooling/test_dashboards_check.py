"""The check of a real Metabase, against a server that this test plays."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from adlake.metabase.cards import card_key
from adlake.metabase.definitions import read_definitions
from adlake.metabase.marks import Mark, marked
from tools.dashboards_check import metabase_problems, same_rows

DEFINITIONS = read_definitions()
CARDS = {
    card_key(dashboard, card): card
    for dashboard, one in DEFINITIONS.dashboards.items()
    for card in one.cards
}
VICTIM = next(iter(CARDS))


class Played:
    """Knows every question and answers it as the metric does; `wrong` spoils one."""

    url = "http://metabase.example"

    def __init__(self, wrong: str = "") -> None:
        self.wrong = wrong
        self.moved = 0
        self.cards = [
            {**marked(Mark("card", key), {"name": key, "description": ""}), "id": number}
            for number, key in enumerate(CARDS, start=1)
            if not (wrong == "missing" and key == VICTIM)
        ]

    def log_in(self, session: str) -> None:
        raise NotImplementedError

    def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        return self.cards if path == "/api/card" and query["f"] == "all" else []

    def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def post(self, path: str, _body: Mapping[str, Any]) -> dict[str, Any]:
        if path != "/api/card/1/query" or not self.wrong:
            return {"status": "completed", "data": {"rows": [[1.5, "a", "2026-01-01T00:00:00Z"]]}}
        if self.wrong == "refused":
            return {"status": "failed", "error": "line 1: no such column"}
        self.moved += 1
        value = self.moved if self.wrong == "moving" else 1.500002
        return {"status": "completed", "data": {"rows": [[value, "a", None]]}}


def asked(_metric: str, _given: Mapping[str, str]) -> list[list[Any]]:
    return [[Decimal("1.5"), "a", object()]]


def test_a_metabase_that_answers_as_the_metrics_do_has_no_problem() -> None:
    assert list(metabase_problems(Played(), DEFINITIONS, asked)) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("missing", "no question"),
        ("refused", "no such column"),
        ("other", "Metabase says"),
        ("moving", "move too fast"),
    ],
)
def test_what_is_wrong_is_named_by_its_question(wrong: str, said: str) -> None:
    [problem] = metabase_problems(Played(wrong), DEFINITIONS, asked)
    assert VICTIM in problem
    assert said in problem


@pytest.mark.parametrize(
    ("theirs", "ours", "is_same"),
    [
        ([[0.1]], [[Decimal("0.1")]], True),
        ([[1e15 + 0.25]], [[Decimal("1000000000000000.25")]], True),
        ([[2]], [[Decimal("2.000001")]], False),
        ([[None]], [[None]], True),
        ([[None]], [[0]], False),
        ([["a"]], [["b"]], False),
        ([["1"]], [[1]], True),
        ([[True]], [[1]], False),
        ([[1]], [[1], [1]], False),
        ([[1]], [[1, 2]], False),
    ],
)
def test_rows_are_compared_by_value(theirs: list[Any], ours: list[Any], is_same: bool) -> None:
    assert same_rows(theirs, ours) is is_same
