"""Serving decisions by SQL alone on a real Trino: those of plain Python, row for row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from adlake.budgets.events import Told
from adlake.budgets.flips import serving_flips
from adlake.io.trino.client import TrinoClient, connect
from adlake.settings import Settings
from tests.fixtures.budgets.examples import RICH, TURNS, WORKED, of
from tests.fixtures.budgets.rows import flip_rows
from tests.fixtures.budgets.sql_form import flips_in_sql
from tests.fixtures.budgets.told import DAY_MS, random_deliveries, told
from tests.fixtures.business.mutations import Delivery

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def trino(private_lake: Settings) -> Iterator[TrinoClient]:
    with connect(private_lake.ports.trino_port) as client:
        yield client


def assert_same(
    trino: TrinoClient, known: Sequence[Told], read: Sequence[Told] = (), slices: int = 1
) -> None:
    """What SQL says of what it reads, `known` if nothing else is given, is what Python says."""
    wanted = flip_rows(serving_flips(known))
    found = flips_in_sql(trino, read or known, slices)
    odd = sorted(set(found) ^ set(wanted), key=lambda row: (row[1], row[3], row in found))
    assert odd[:2] == []
    assert len(found) == len(wanted)


def repeated(sent: Sequence[Delivery]) -> list[Told]:
    """Each delivery twice, the last one first."""
    repeats = [(body, key, ingest_ms + DAY_MS) for body, key, ingest_ms in sent]
    return told([*sent, *repeats])[::-1]


def test_the_worked_examples_in_whatever_order_they_are_read(trino: TrinoClient) -> None:
    known = told(WORKED)
    assert {one.cause for one in serving_flips(known)} > {"SPEND", "CREDIT", "BUDGET"}
    assert_same(trino, known)
    assert_same(trino, known, [*known[::-1], *known])
    assert_same(trino, known, repeated(WORKED))


def test_whatever_turns_a_flag(trino: TrinoClient) -> None:
    known = told([*TURNS, *RICH])
    assert len({one.cause for one in serving_flips(known)}) == 8, "every cause"
    assert_same(trino, known)


def test_slices_of_advertisers_make_up_the_whole(trino: TrinoClient) -> None:
    assert_same(trino, told(TURNS), slices=3)


@pytest.mark.parametrize("seed", [20, 24, 28])
def test_random_deliveries(trino: TrinoClient, seed: int) -> None:
    sent = [
        one
        for number in range(seed, seed + 4)
        for one in of(f"r{number}", random_deliveries(number, 110))
    ]
    known = told(sent)
    assert len(serving_flips(known)) > 30
    assert_same(trino, known)
    assert_same(trino, known, repeated(sent))
