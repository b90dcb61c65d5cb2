"""Very many campaigns: the page asks for the largest, and is told how many there are."""

from __future__ import annotations

import pytest

from adlake.dashboard.campaigns import MOST_CAMPAIGNS
from adlake.dashboard.frame import shown_of
from tests.fixtures.trino.metrics_lake import GOLD, TABLES, MetricsLake, answer

pytestmark = pytest.mark.integration

CAMPAIGNS = 50_000


@pytest.fixture(scope="module")
def crowded_lake(lake: MetricsLake) -> MetricsLake:
    """Each campaign has one impression; the ones with a high number spent most."""
    columns = ", ".join({
        "impression_id": "format('i%d', n)", "campaign_id": "format('%08d', n)",
        "impression_time": "TIMESTAMP '2026-11-01 10:00:00 UTC'",
        "cost": "CAST(n AS decimal(18, 6))", "revenue": "CAST(0 AS decimal(18, 6))",
    }.get(name, f"CAST(NULL AS {kind})") for name, kind in TABLES[GOLD].items())  # fmt: skip
    thousands = CAMPAIGNS // 1_000
    lake.run(
        f"INSERT INTO memory.{GOLD} SELECT {columns} FROM "
        f"(SELECT 1000 * (a - 1) + b AS n FROM UNNEST(sequence(1, {thousands})) AS t (a) "
        "CROSS JOIN UNNEST(sequence(1, 1000)) AS u (b))"
    )
    return lake


def test_the_largest_campaigns_come_with_the_count_of_all(crowded_lake: MetricsLake) -> None:
    rows = answer(crowded_lake, "campaign_performance", most=str(MOST_CAMPAIGNS))
    assert [row["campaign_id"] for row in rows] == [
        f"{CAMPAIGNS - place:08d}" for place in range(MOST_CAMPAIGNS)
    ]
    assert {row["campaigns"] for row in rows} == {CAMPAIGNS}
    assert shown_of(len(rows), rows[0]["campaigns"], "campaigns", "largest spend first") == (
        "The first 100 of 50,000 campaigns, largest spend first."
    )


def test_without_a_limit_every_campaign_comes(crowded_lake: MetricsLake) -> None:
    assert len(answer(crowded_lake, "campaign_performance")) == CAMPAIGNS
