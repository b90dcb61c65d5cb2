"""The SQL form of the models, translated for DuckDB: equal to the plain form; planted mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from adlake.contracts.law import DAY_MS, LAW_V1
from adlake.models.contract import Model
from adlake.models.rules import Credit, credits_of
from tests.fixtures.models.gold_rows import read, stories
from tests.fixtures.models.sql_form import FILES, duckdb_credits, in_duckdb, in_order
from tests.fixtures.trino.oracle_lake import OracleLake, lake_of

USERS = 400
Row = Mapping[str, Any]


@pytest.fixture(scope="module")
def gold() -> list[Row]:
    lake: OracleLake = lake_of(stories(seed=5, users=USERS))
    return list(lake.gold)


@pytest.fixture(scope="module")
def plain(gold: list[Row]) -> list[Credit]:
    return in_order(credits_of(*read(gold)))


def test_the_stories_have_what_models_can_differ_in(gold: list[Row], plain: list[Credit]) -> None:
    _, conversions = read(gold)
    touches = [one for one in plain if one.model is Model.LINEAR]
    assert len(touches) > 2 * len(conversions) > 200
    assert any(one.micros == 0 for one in conversions)
    assert max(one.micros for one in conversions) > 10**17
    assert any(row["is_converted"] and row["impression_time"] is None for row in gold)
    assert any(row["is_converted"] and row["user_id"] is None for row in gold)
    assert any(one.campaign_id is None for one in plain)


def test_sql_gives_every_credit_of_the_plain_form(gold: list[Row], plain: list[Credit]) -> None:
    assert duckdb_credits(gold) == plain
    assert duckdb_credits([*reversed(gold)]) == plain


def test_sql_takes_the_lookback_in_force_and_the_half_life(gold: list[Row]) -> None:
    middle_ms = sorted(one.ts_ms for one in read(gold)[1])[100]
    changed = replace(
        LAW_V1, attribution_window_ms=3 * DAY_MS, window_changes=((middle_ms, 20 * DAY_MS),)
    )
    settings = {"constants": changed, "half_life_ms": 1_234_567}
    expected = in_order(credits_of(*read(gold), **settings))  # type: ignore[arg-type]
    assert duckdb_credits(gold, **settings) == expected


def test_sql_gives_nothing_for_nothing(gold: list[Row]) -> None:
    assert duckdb_credits([]) == []
    assert duckdb_credits([row for row in gold if not row["is_converted"]]) == []


MISTAKES = {
    "a seen touch at the beginning of the lookback does not count": (
        "path_steps", "OR touches.earlier_ms >= ", "OR touches.earlier_ms > ",
    ),
    "a clicked touch at the beginning of the lookback does not count": (
        "path_steps", "BETWEEN conversions.lookback_begin_ms",
        "BETWEEN 1 + conversions.lookback_begin_ms",
    ),
    "a touch at the conversion does not count": (
        "path_steps", "earlier_ms <= conversions.ts_ms", "earlier_ms < conversions.ts_ms",
    ),
    "the own touch is judged like any other": (
        "path_steps", "touches.impression_id = conversions.impression_id\n", "FALSE\n",
    ),
    "first moment instead of the last": (
        "path_steps", "ELSE touches.later_ms END", "ELSE touches.earlier_ms END",
    ),
    "nobody known is one user": ("touches", "'impression ' || impression_id", "'nobody'"),
    "runs end at the lookback": (
        "path_steps", "> :attribution_window_ms", ">= :attribution_window_ms",
    ),
    "unconverted paths are left out": (
        "removal_effects", "FROM path_steps", "FROM path_steps WHERE conversion_id IS NOT NULL",
    ),
    "every path converts": (
        "removal_effects", "WHEN visits.conversion_id IS NULL THEN", "WHEN FALSE THEN",
    ),
    "visits are not divided by returns": (
        "removal_effects",
        "1000000000000 + closures.reach[campaigns.number][campaigns.number] AS",
        "1000000000000 AS",
    ),
    "position 30, 40, 30": ("weighted_steps", "THEN 2 * (", "THEN 1 * ("),
    "half-lives are not halved": ("weighted_steps", "power(2, ", "power(1, "),
    "campaigns weigh as often as they were seen": (
        "weighted_steps", "IN ('markov', 'shapley') THEN decays.campaign_place",
        "IN ('markov') THEN decays.campaign_place",
    ),
    "what is left goes to the later": ("credits", "claim ASC", "claim DESC"),
    "what is left goes to the smallest": ("credits", "remainder DESC", "remainder ASC"),
    "what is left is lost": ("credits", "CASE WHEN claim_rank <= left_over THEN 1 ELSE 0 END", "0"),
    "what is left of a claim goes to the later": (
        "credits", "PARTITION BY model, conversion_id, claim ORDER BY place ASC",
        "PARTITION BY model, conversion_id, claim ORDER BY place DESC",
    ),
}  # fmt: skip
"""Story -> file, its text, the mistake."""
TUNED = {
    "constants": replace(LAW_V1, attribution_window_ms=3 * DAY_MS), "half_life_ms": DAY_MS,
}  # fmt: skip
"""A lookback that is shorter than Gold's: under Gold's own, a touch always is on its own path."""


@pytest.fixture(scope="module")
def plain_tuned(gold: list[Row]) -> list[Credit]:
    return in_order(credits_of(*read(gold), **TUNED))  # type: ignore[arg-type]


@pytest.mark.parametrize("story", MISTAKES)
def test_a_planted_mistake_is_seen(story: str, gold: list[Row], plain_tuned: list[Credit]) -> None:
    name, old, new = MISTAKES[story]
    assert FILES[name].count(old) == 1
    spoilt = {**FILES, name: FILES[name].replace(old, new)}
    assert duckdb_credits(gold, spoilt, **TUNED) != plain_tuned


def test_the_translation_changes_quotients_lists_and_lambdas_alone() -> None:
    trino = (
        "SELECT reduce(sequence(1, 3), CAST(0 AS DECIMAL(38, 0)), "
        "(s, x) -> s + x / 2, s -> s) -- a / b"
    )
    assert in_duckdb(trino).strip() == (
        "SELECT list_REDUCE(generate_series(1, 3), lambda s, x: s + x // 2, CAST(0 AS HUGEINT))"
    )
