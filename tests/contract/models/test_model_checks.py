"""The checks of `adlake verify` for the tables of the models, in DuckDB: planted bugs are named."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from adlake.contracts.law_checks import LAW_CHECKS
from adlake.contracts.tables import ATTRIBUTION_CREDITS, REMOVAL_EFFECTS
from adlake.io.sql.files import bind, sql_text, with_relations
from adlake.io.sql.literals import TIMESTAMP_UTC
from tests.fixtures.models.gold_rows import stories
from tests.fixtures.models.sql_form import GOLD_SCHEMA, in_duckdb, parameters
from tests.fixtures.models.tables import CREDITS_SCHEMA, EFFECTS_SCHEMA, credit_rows, effect_rows
from tests.fixtures.trino.oracle_lake import lake_of

Row = dict[str, Any]
SCHEMAS = {ATTRIBUTION_CREDITS: CREDITS_SCHEMA, REMOVAL_EFFECTS: EFFECTS_SCHEMA}
CREDITS_WRONG, SUMS_WRONG = (one.problem for one in LAW_CHECKS[ATTRIBUTION_CREDITS])
[EFFECTS_WRONG] = (one.problem for one in LAW_CHECKS[REMOVAL_EFFECTS])


@pytest.fixture(scope="module")
def gold() -> list[Row]:
    return list(lake_of(stories(seed=9, users=120)).gold)


@pytest.fixture(scope="module")
def sound(gold: list[Row]) -> list[Row]:
    return credit_rows(gold)


def problems(gold: list[Row], table: str, rows: list[Row]) -> list[str]:
    """What the checks of the table's entry say of these rows, over this Gold."""
    values = parameters() | {
        "timestamp_utc": TIMESTAMP_UTC["duckdb"], "source_snapshot": 1, "table_snapshot": 2,
        "row_limit": 5,
    }  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(sql_text("oracles/duckdb_macros"))
        picked = [{name: row[name] for name in GOLD_SCHEMA.names} for row in gold]
        held = pa.Table.from_pylist(picked, schema=GOLD_SCHEMA)
        connection.register("ad_performance_state", held)
        stored = pa.Table.from_pylist(rows, schema=SCHEMAS[table])
        connection.register(table.partition(".")[2], stored)
        found = []
        for check in LAW_CHECKS[table]:
            relations = {
                name.rpartition("/")[2]: sql_text(f"oracles/{name}") for name in check.relations
            }
            text = with_relations(sql_text(f"checks/{check.file}"), relations)
            offending = connection.sql(translated(bind(text, values))).fetchall()
            assert len(offending) <= 5
            found += [check.problem] * bool(offending)
        return found


def translated(trino_sql: str) -> str:
    """For DuckDB: tables without catalog and snapshot."""
    return in_duckdb(re.sub(r"lakehouse\.gold\.(\w+) FOR VERSION AS OF \d+", r"\1", trino_sql))


def test_rows_of_the_plain_form_are_what_the_sql_form_gives(
    gold: list[Row], sound: list[Row]
) -> None:
    assert len(sound) > 150
    assert problems(gold, ATTRIBUTION_CREDITS, sound) == []
    assert problems(gold, REMOVAL_EFFECTS, effect_rows(gold)) == []


Spoil = Callable[[list[Row], int], None]


def lost_micro(rows: list[Row], at: int) -> None:
    rows[at]["markov_micros"] -= 1


def moved_micro(rows: list[Row], at: int) -> None:
    rows[at]["linear_micros"] -= 1
    rows[at + 1]["linear_micros"] += 1


def late_touch(rows: list[Row], at: int) -> None:
    rows[at]["touched_at"] = rows[at]["converted_at"] + timedelta(seconds=1)


def lost_touch(rows: list[Row], at: int) -> None:
    del rows[at]


def twice(rows: list[Row], at: int) -> None:
    rows.append(rows[at])


def other_campaign(rows: list[Row], at: int) -> None:
    rows[at]["campaign_id"] = "another"


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lost_micro, [CREDITS_WRONG, SUMS_WRONG]), (moved_micro, [CREDITS_WRONG]),
        (late_touch, [CREDITS_WRONG]), (lost_touch, [CREDITS_WRONG, SUMS_WRONG]),
        (twice, [CREDITS_WRONG, SUMS_WRONG]), (other_campaign, [CREDITS_WRONG]),
    ],
)  # fmt: skip
def test_a_planted_bug_of_the_credits_is_named(
    spoil: Spoil, expected: list[str], gold: list[Row], sound: list[Row]
) -> None:
    rows = [dict(row) for row in sound]
    at = next(
        number for number, row in enumerate(rows)
        if row["places"] > 2 and row["place"] == 1 and row["markov_micros"] > 1
        and row["linear_micros"] > 1
    )  # fmt: skip
    spoil(rows, at)
    assert problems(gold, ATTRIBUTION_CREDITS, rows) == expected


def test_a_planted_bug_of_the_effects_is_named(gold: list[Row]) -> None:
    sound = effect_rows(gold)
    moved = [{**sound[0], "lost": sound[0]["lost"] + Decimal("0.000000000001")}, *sound[1:]]
    for rows in (moved, sound[1:], [*sound, sound[0]], effect_rows(gold, with_nothing=False)):
        assert problems(gold, REMOVAL_EFFECTS, rows) == [EFFECTS_WRONG]
