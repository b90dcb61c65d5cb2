"""The alert log on Spark: what plain Python says of the worked examples and of seeded stories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from adlake.alerts.plain import alert_logs
from adlake.alerts.spark_moments import Moments
from adlake.alerts.spark_past import judge, no_past
from adlake.contracts.tables import ALERT_INCIDENTS, ALERTS_LOG
from adlake.io.spark.lineage import frozen_frames
from tests.fixtures.alerts.rows import Row, incident_rows, log_rows
from tests.fixtures.alerts.stories import STORIES
from tests.fixtures.alerts.tables import COLUMNS, Story
from tests.fixtures.tiers import in_tiers

pytestmark = pytest.mark.spark

SEEDED = [name for name in STORIES if name != "worked"]
KEYS = {ALERTS_LOG: "alert_id", ALERT_INCIDENTS: "incident_id"}


def expected(story: Story) -> dict[str, list[Row]]:
    logs = alert_logs(story.events, story.until_ms, story.rules, story.campaigns).values()
    return {ALERTS_LOG: log_rows(logs), ALERT_INCIDENTS: incident_rows(logs)}


def made(spark: SparkSession, story: Story) -> dict[str, list[Row]]:
    frames = {name: frame(spark, name, rows) for name, rows in story.rows().items()}
    with frozen_frames() as frozen:
        judged = judge(frames, Moments(story.until_ms), no_past(spark), frozen)
        assert judged is not None
        tables = judged.tables
        return {ALERTS_LOG: rows_of(tables.alerts), ALERT_INCIDENTS: rows_of(tables.incidents)}


def frame(spark: SparkSession, name: str, rows: Iterable[Row]) -> DataFrame:
    schema = pa.schema(list(COLUMNS[name].items()))
    return spark.createDataFrame(pa.Table.from_pylist(list(rows), schema=schema))


def rows_of(found: DataFrame) -> list[Row]:
    rows: list[Row] = found.toArrow().to_pylist()
    return rows


def assert_same(found: Mapping[str, Sequence[Row]], wanted: Mapping[str, Sequence[Row]]) -> None:
    for table, key in KEYS.items():
        ours, theirs = ({row[key]: row for row in each[table]} for each in (found, wanted))
        assert len(ours) == len(found[table])
        assert sorted(ours) == sorted(theirs), table
        for name, row in theirs.items():
            assert ours[name] == {column: near(value) for column, value in row.items()}, name


def near(value: Any) -> Any:  # noqa: ANN401 - a cell
    """Sums of doubles differ in their last digits by the order of their terms."""
    return pytest.approx(value, rel=1e-9, abs=1e-300) if isinstance(value, float) else value


def test_the_worked_examples_are_those_of_plain_python(spark: SparkSession) -> None:
    story = STORIES["worked"]()
    wanted = expected(story)
    assert len({row["rule"] for row in wanted[ALERTS_LOG]}) == 4
    assert_same(made(spark, story), wanted)


@pytest.mark.parametrize("name", in_tiers(SEEDED, []))
def test_seeded_stories_are_those_of_plain_python(spark: SparkSession, name: str) -> None:
    story = STORIES[name]()
    wanted = expected(story)
    assert wanted[ALERTS_LOG]
    assert_same(made(spark, story), wanted)
