"""Small files in very many days: one compaction does a bounded part, the next ones the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from adlake.attribution.writer import GoldWriter
from adlake.contracts import stamps
from adlake.contracts.tables import GOLD_STATE
from adlake.io.iceberg.stamp import offsets_text
from tests.fixtures.engine import compact_gold
from tests.fixtures.lawful_rows import DELIVERY_SCHEMA
from tests.fixtures.sessions import lake_at

pytestmark = pytest.mark.spark
DAYS, BATCHES = 15, 4
TABLE = f"lakehouse.{GOLD_STATE}"
AT_A_TIME = 20


def one_each_day(session: SparkSession, batch: int) -> DataFrame:
    """One impression in each of many days."""
    return (
        session.range(DAYS)
        .selectExpr(
            "concat('imp-', date_format(date_add(DATE '2026-01-01', CAST(id AS INT)), 'yyyyMMdd'), "
            f"'-0000000-{batch}') AS impression_id",
            f"concat('e{batch}-', id) AS event_id",
            "1772445600000L + id AS ts_ms",
            "0 AS type_rank",
            "1L AS micros",
            *(f"'{name}' AS {name}" for name in ("campaign_id", "creative_id", "user_id")),
            *(f"'{name}' AS {name}" for name in ("geo_country", "platform")),
            *(f"'{name}' AS {name}" for name in ("channel", "region")),
            "1772445600005L AS ingest_ms",
        )
        .select(*(member.split()[0] for member in DELIVERY_SCHEMA.split(", ")))
    )


@pytest.mark.chaos
def test_a_compaction_of_many_days_is_bounded_and_goes_on_the_next_time(
    spark: SparkSession, tmp_path: Path
) -> None:
    session = lake_at(spark, tmp_path)
    writer = GoldWriter(session)
    for number in range(BATCHES):
        stamp = {stamps.NEXT_OFFSETS: offsets_text({0: number}), stamps.TOPIC_ID: "t"}
        writer.apply(one_each_day(session, number), stamp)
    rows = sorted(session.table(TABLE).collect())
    files = [session.table(f"{TABLE}.files").count()]
    while len(files) < 2 or files[-1] < files[-2]:
        compact_gold(session, AT_A_TIME)
        files.append(session.table(f"{TABLE}.files").count())
    assert files == [60, 45, 30, 15, 15], "20 files become 5 each time"
    assert sorted(session.table(TABLE).collect()) == rows
