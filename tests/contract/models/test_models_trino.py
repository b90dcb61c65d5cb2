"""The SQL form of the models on real Trino over a seeded lake: equal to the plain form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from adlake.contracts.law import DAY_MS, LAW_V1, LawConstants
from adlake.io.sql.files import bind, sql_text
from adlake.io.sql.literals import TIMESTAMP_UTC
from adlake.io.trino.client import TrinoClient, connect
from adlake.models.contract import HALF_LIFE_MS
from adlake.models.rules import Credit, credits_of
from adlake.settings import Settings
from tests.fixtures.models.gold_rows import read, stories
from tests.fixtures.models.sql_form import credits_in, in_order, parameters, query
from tests.fixtures.trino.oracle_lake import OracleLake, lake_of, publish

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

USERS = 400


@pytest.fixture(scope="module")
def lake(catalog: SqlCatalog) -> OracleLake:
    seeded = lake_of(stories(seed=6, users=USERS))
    publish(catalog, seeded)
    return seeded


@pytest.fixture(scope="module")
def trino(private_lake: Settings) -> Iterator[TrinoClient]:
    with connect(private_lake.ports.trino_port) as client:
        yield client


def trino_credits(
    trino: TrinoClient, constants: LawConstants = LAW_V1, half_life_ms: int = HALF_LIFE_MS
) -> list[Credit]:
    [[snapshot]] = trino.rows(
        'SELECT max(snapshot_id) FROM lakehouse.gold."ad_performance_state$snapshots"'
    )
    values = parameters(constants, half_life_ms) | {
        "gold_snapshot": snapshot, "slice_count": 1, "slice": 0,
        "timestamp_utc": TIMESTAMP_UTC["trino"],
    }  # fmt: skip
    text = query(gold_rows=sql_text("oracles/gold_slice"))
    return credits_in(trino.records(bind(text, values)))


def test_trino_gives_every_credit_of_the_plain_form(lake: OracleLake, trino: TrinoClient) -> None:
    expected = in_order(credits_of(*read(lake.gold)))
    assert len(expected) > 1_000
    assert trino_credits(trino) == expected


def test_trino_takes_the_lookback_in_force_and_the_half_life(
    lake: OracleLake, trino: TrinoClient
) -> None:
    middle_ms = sorted(one.ts_ms for one in read(lake.gold)[1])[100]
    changed = replace(
        LAW_V1, attribution_window_ms=3 * DAY_MS, window_changes=((middle_ms, 20 * DAY_MS),)
    )
    expected = in_order(credits_of(*read(lake.gold), constants=changed, half_life_ms=1_234_567))
    assert trino_credits(trino, changed, 1_234_567) == expected


def test_money_of_the_models_is_the_revenue_of_gold(lake: OracleLake, trino: TrinoClient) -> None:
    [[revenue]] = trino.rows("SELECT sum(revenue) FROM lakehouse.gold.ad_performance_state")
    totals: dict[str, int] = {}
    for one in trino_credits(trino):
        totals[one.model] = totals.get(one.model, 0) + one.micros
    assert set(totals.values()) == {int(revenue * 1_000_000)}
    assert len(totals) == 7
