"""The oracle of serving decisions, translated for DuckDB: those of plain Python, row for row."""

from __future__ import annotations

import pytest

from adlake.budgets.events import Told
from adlake.budgets.flips import serving_flips
from tests.fixtures.budgets.duckdb_form import flips_in_duckdb
from tests.fixtures.budgets.examples import RICH, TURNS, WORKED, of
from tests.fixtures.budgets.rows import flip_rows
from tests.fixtures.budgets.told import random_deliveries, told
from tests.fixtures.business.mutations import Delivery

SETS: dict[str, list[Delivery]] = {
    "worked": [*WORKED, *RICH],
    "turns": TURNS,
    "random": [
        one for seed in range(20, 25) for one in of(f"r{seed}", random_deliveries(seed, 110))
    ],
}


@pytest.mark.parametrize("name", SETS)
def test_decisions_are_those_of_plain_python(name: str) -> None:
    known: list[Told] = told(SETS[name])
    wanted = flip_rows(serving_flips(known))
    found = flips_in_duckdb([*known[::-1], *known])
    odd = sorted(set(found) ^ set(wanted), key=lambda row: (row[1], row[3], row in found))
    assert odd[:2] == []
    assert len(found) == len(wanted) > 30
