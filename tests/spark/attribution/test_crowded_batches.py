"""A batch says which crowded impressions it touched, from the passes it makes anyway."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from adlake.attribution.crowds import Crowd
from adlake.attribution.writer import GoldWriter
from adlake.contracts import stamps
from adlake.contracts.law import CROWDED_EVENTS
from adlake.io.iceberg.stamp import offsets_text
from tests.fixtures.sessions import lake_at
from tests.spark.attribution.test_crowded_impressions import CROWDED, crowd

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def session(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    warehouse = tmp_path_factory.mktemp("warehouse")
    return lake_at(spark, warehouse)


def crowds_after(
    spark: SparkSession, writer: GoldWriter, first: int, events: int
) -> tuple[Crowd, ...]:
    stamp = {stamps.NEXT_OFFSETS: offsets_text({0: first + events}), stamps.TOPIC_ID: "t"}
    return writer.apply(crowd(spark, events, first), stamp).crowds


@pytest.mark.chaos
def test_the_256th_event_makes_a_crowd_whatever_batch_it_comes_in(session: SparkSession) -> None:
    writer = GoldWriter(session)
    assert crowds_after(session, writer, 0, 10) == ()
    assert crowds_after(session, writer, 10, CROWDED_EVENTS - 11) == ()
    assert crowds_after(session, writer, CROWDED_EVENTS - 1, 1) == (Crowd(256, CROWDED),)
    assert crowds_after(session, writer, 256, 300) == (Crowd(556, CROWDED),), (
        "batch and store together"
    )
    assert crowds_after(session, writer, 0, 10) == (), (
        "a delivery again adds nothing, so it is not touched"
    )
