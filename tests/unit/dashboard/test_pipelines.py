"""The operations page has a line for each pipeline, whatever is known of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from streamlit.testing.v1 import AppTest

from adlake.dashboard.operations import _lag, pipeline_rows
from adlake.io.kafka.topic import TopicFacts

TOPICS = {"ads": "gold.ads", "shop": "bronze.shop"}


def offset(topic: str, topic_id: str, partition: int, following: int) -> dict[str, Any]:
    return {
        "kafka_topic": topic, "topic_id": topic_id, "kafka_partition": partition,
        "next_offset": following,
    }  # fmt: skip


def test_the_lag_of_a_topic_is_by_its_own_stamps() -> None:
    """Of the topic as it is now, in whatever incarnation, and of no other topic."""
    stamped = [
        offset("ads", "t1", 0, 7), offset("shop@2", "t2", 0, 3), offset("shop", "old", 1, 99),
    ]  # fmt: skip
    shop = TopicFacts("shop", "t2", {0: 0, 1: 0}, {0: 5, 1: 4})
    assert _lag(shop, stamped) == {0: 2, 1: 4}
    assert _lag(None, stamped) is None


def test_a_pipeline_that_was_not_counted_yet_has_its_line() -> None:
    counted = [{
        "topic": "shop", "admitted": 9, "rejected": 2, "gaps": 1,
        "counted_until": datetime(2026, 11, 25, 12, 0, tzinfo=UTC),
    }]  # fmt: skip
    ads, shop = pipeline_rows(TOPICS, {"ads": None, "shop": {0: 2, 1: 4}}, counted)
    assert (ads["Topic"], ads["Lag"], ads["Admitted"], ads["Gaps"]) == ("ads", None, None, None)
    assert (shop["Reaches"], shop["Lag"], shop["Rejected"], shop["Gaps"]) == (
        "bronze.shop", 6, 2, 1,
    )  # fmt: skip


def page() -> None:
    from adlake.dashboard.operations import pipeline_rows, show_pipelines

    show_pipelines(pipeline_rows({"ads": "gold.ads"}, {"ads": {0: 2}}, []))


def test_the_table_is_drawn() -> None:
    shown = AppTest.from_function(page).run(timeout=60)
    assert not shown.exception
    [table] = shown.dataframe
    assert list(table.value["Lag"]) == [2]
