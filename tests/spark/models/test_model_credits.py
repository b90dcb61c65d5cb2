"""The Spark form of the models gives every credit and removal effect of the plain form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from adlake.contracts.law import DAY_MS, LAW_V1, LawConstants
from adlake.models import spark as form
from adlake.models.contract import HALF_LIFE_MS, UNIT, Model
from adlake.models.markov import moves_of, removal_of, removal_of_moves
from adlake.models.rules import credits_of, paths_of
from tests.fixtures.models.gold_rows import read, stories
from tests.fixtures.models.sql_form import GOLD_SCHEMA
from tests.fixtures.trino.oracle_lake import lake_of

pytestmark = pytest.mark.spark

USERS = 300
Row = dict[str, Any]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(lake_of(stories(seed=7, users=USERS)).gold)


@pytest.fixture(scope="module")
def gold(spark: SparkSession, rows: list[Row]) -> DataFrame:
    return frame_of(spark, rows)


def frame_of(spark: SparkSession, rows: Sequence[Row]) -> DataFrame:
    picked = [{name: row[name] for name in GOLD_SCHEMA.names} for row in rows]
    return spark.createDataFrame(pa.Table.from_pylist(picked, schema=GOLD_SCHEMA)).cache()


def spark_credits(
    gold: DataFrame, law: LawConstants = LAW_V1, half_life_ms: int = HALF_LIFE_MS
) -> list[Row]:
    """As the handler of the build does it, in one slice."""
    steps = form.steps_of_conversions(gold, law)
    moves = form.moves_of_paths(steps, form.steps_of_nothing(gold, steps, law))
    effects = form.effect_rows(gold.sparkSession, removal_of_moves(moves))
    found = form.credit_rows(steps, effects, half_life_ms).collect()
    return sorted((row.asDict() for row in found), key=key_of)


def plain_credits(
    rows: Sequence[Row], law: LawConstants = LAW_V1, half_life_ms: int = HALF_LIFE_MS
) -> dict[tuple[str, str], dict[str, int]]:
    """(conversion, touch) -> micros by model."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for one in credits_of(*read(rows), constants=law, half_life_ms=half_life_ms):
        by_model = found.setdefault((one.conversion_id, one.impression_id), {})
        by_model[one.model] = one.micros
    return found


def key_of(row: Row) -> tuple[str, str]:
    return row["conversion_id"], row["impression_id"]


def by_model(found: Sequence[Row]) -> dict[tuple[str, str], dict[str, int]]:
    return {key_of(row): {model: row[f"{model}_micros"] for model in Model} for row in found}


def test_spark_gives_every_credit_of_the_plain_form(gold: DataFrame, rows: list[Row]) -> None:
    found, expected = spark_credits(gold), plain_credits(rows)
    assert by_model(found) == expected
    assert len(found) == len(expected) > 300
    assert max(row["value_micros"] for row in found) > 10**17


def test_spark_takes_the_lookback_in_force_and_the_half_life(
    gold: DataFrame, rows: list[Row]
) -> None:
    middle_ms = sorted(one.ts_ms for one in read(rows)[1])[60]
    law = replace(
        LAW_V1, attribution_window_ms=3 * DAY_MS, window_changes=((middle_ms, 20 * DAY_MS),)
    )
    assert by_model(spark_credits(gold, law, 1_234_567)) == plain_credits(rows, law, 1_234_567)


def test_each_row_says_where_its_touch_stands_on_the_path(gold: DataFrame, rows: list[Row]) -> None:
    known = {row["impression_id"]: row for row in rows}
    places = {
        (path.conversion.impression_id, step.impression_id): (
            place + 1, len(path.steps), step.at_ms, path.conversion.micros,
        )
        for path in paths_of(*read(rows)) if path.conversion is not None
        for place, step in enumerate(path.steps)
    }  # fmt: skip
    for row in spark_credits(gold):
        touch, conversion = known[row["impression_id"]], known[row["conversion_id"]]
        assert (row["user_id"], row["campaign_id"], row["creative_id"]) == (
            touch["user_id"], touch["campaign_id"], touch["creative_id"],
        )  # fmt: skip
        in_utc = (row["touched_at"].timestamp(), row["converted_at"].timestamp())
        place, length, at_ms, micros = places[key_of(row)]
        assert in_utc == (at_ms / 1_000, conversion["conversion_time"].timestamp())
        assert (row["place"], row["places"], row["value_micros"]) == (place, length, micros)


def test_paths_that_led_to_nothing_are_counted_and_slices_add_up(
    gold: DataFrame, rows: list[Row]
) -> None:
    paths = paths_of(*read(rows))
    journeys = [([step.campaign_id for step in one.steps], bool(one.conversion)) for one in paths]
    assert sum(not converts for _, converts in journeys) > 100
    moves = sum(
        (
            form.moves_of_paths(steps, form.steps_of_nothing(part, steps, LAW_V1))
            for number in range(3)
            if (part := form.slice_of_visitors(gold, 3, number))
            and (steps := form.steps_of_conversions(part, LAW_V1))
        ),
        start=form.Counter(),
    )
    assert moves == moves_of(journeys)
    removal = removal_of(journeys)
    effects = form.effect_rows(gold.sparkSession, removal).collect()
    assert {row.campaign_id: int(row.lost * UNIT) for row in effects} == removal.lost
    assert {int(row.converts * UNIT) for row in effects} == {removal.converts}


def test_nothing_is_credited_where_nothing_converted(spark: SparkSession, rows: list[Row]) -> None:
    assert spark_credits(frame_of(spark, [])) == []
    assert spark_credits(frame_of(spark, [one for one in rows if not one["is_converted"]])) == []
