"""A batch like those before it brings Spark nothing to compile: all of its code is known."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from tests.fixtures.corpus.case import INGEST_MS, event
from tests.fixtures.engine import attribution_processor
from tests.fixtures.generated_code import compiled_classes
from tests.golden import DeliveryFixture
from tests.spark.streaming.test_batch import records

pytestmark = pytest.mark.spark

SHOWN = 12
COLD = 4
"""Batches that meet something for the first time: an empty table, known rows, their deletes."""


def sent(number: int) -> list[DeliveryFixture]:
    """Impressions, clicks on some of the batch before, their conversions; ever more of them."""
    shown = [one(f"{number}-{n}", "IMPRESSION") for n in range(SHOWN + number)]
    clicked = [one(f"{number - 1}-{n}", "CLICK", bid_price=...) for n in range(3 + number)]
    bought = [
        one(f"{number - 1}-{n}", "CONVERSION", bid_price=..., conversion_value=2 + number)
        for n in range(1 + number)
    ]
    payloads = [*shown, *(clicked + bought if number else [])]
    return [DeliveryFixture(p, INGEST_MS, 0, number * 100 + n) for n, p in enumerate(payloads)]


def one(of: str, event_type: str, **changes: object) -> bytes:
    return event(
        event_id=f"{event_type}-{of}", event_type=event_type, impression_id=f"imp-{of}", **changes
    )


def test_a_warm_batch_compiles_nothing(lake: SparkSession) -> None:
    processor = attribution_processor(lake)
    compiled = []
    for number in range(COLD + 2):
        before = compiled_classes(lake)
        processor.process(records(lake, sent(number)), number)
        compiled.append(compiled_classes(lake) - before)
    assert compiled[COLD:] == [0, 0], compiled
    before = compiled_classes(lake)
    lake.range(2).selectExpr("id + 8151623 AS unheard_of").collect()
    assert compiled_classes(lake) > before, "nothing is counted"
