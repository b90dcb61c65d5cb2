"""What the plain Python law says, in the form that Spark's rows are compared in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from adlake.contracts.tables import GOLD_LAW_COLUMNS
from adlake.domain.admission import Admitted, admit
from adlake.domain.law import AdmittedDelivery, delivery_of, encode_state, project, states_of
from tests.fixtures.law_sets import DrawnDelivery
from tests.golden import DeliveryFixture

DELIVERY_SCHEMA = (
    "impression_id string, event_id string, ts_ms bigint, type_rank int, micros bigint, "
    "campaign_id string, creative_id string, user_id string, geo_country string, "
    "platform string, ingest_ms bigint"
)
_TIMES = ("impression_time", "click_time", "conversion_time", "last_updated_ts")
_MONEY = ("cost", "revenue", "revenue_out_of_window")
COMPARED = (*GOLD_LAW_COLUMNS, "events_state")


def admitted_deliveries(
    records: Iterable[DeliveryFixture | DrawnDelivery],
) -> list[AdmittedDelivery]:
    """The records that plain Python admission lets through."""
    verdicts = ((record, admit(record.payload, record.ingest_ms)) for record in records)
    return [
        delivery_of(
            verdict, record.ingest_ms,
            topic="ad_events", partition=record.partition, offset=record.offset,
        )
        for record, verdict in verdicts
        if isinstance(verdict, Admitted)
    ]  # fmt: skip


def delivery_frame(spark: SparkSession, deliveries: Sequence[AdmittedDelivery]) -> DataFrame:
    """Typed deliveries as `transforms.admit` gives them."""
    rows = [
        (
            d.impression_id, d.event.event_id, d.event.ts_ms, d.event.type_rank, d.event.micros,
            d.event.campaign_id, d.event.creative_id, d.event.user_id, d.event.geo_country,
            d.event.platform, d.ingest_ms,
        )
        for d in deliveries
    ]  # fmt: skip
    return spark.createDataFrame(rows, DELIVERY_SCHEMA)


def python_rows(deliveries: Iterable[AdmittedDelivery]) -> dict[str, tuple[Any, ...]]:
    """impression_id -> the 18 columns and the encoded state, by the plain Python law."""
    rows = {}
    for impression_id, state in states_of(deliveries).items():
        row = project(impression_id, state)
        assert row is not None
        columns = tuple(getattr(row, name) for name in GOLD_LAW_COLUMNS)
        rows[impression_id] = (*columns, encode_state(state))
    return rows


def spark_rows(gold: DataFrame) -> dict[str, tuple[Any, ...]]:
    """impression_id -> the same columns of a Gold frame, times as epoch ms, money as micros."""
    expressions = {name: f"unix_millis({name}) AS {name}" for name in _TIMES}
    expressions |= {name: f"CAST({name} * 1000000 AS DECIMAL(38, 0)) AS {name}" for name in _MONEY}
    rows = gold.selectExpr(*(expressions.get(name, name) for name in COMPARED)).collect()
    found = {
        row.impression_id: tuple(
            int(value) if name in _MONEY and value is not None else value
            for name, value in zip(COMPARED, row, strict=True)
        )
        for row in rows
    }
    assert len(found) == len(rows), "an impression has two rows"
    return found


def differences(
    expected: dict[str, tuple[Any, ...]],
    found: dict[str, tuple[Any, ...]],
    names: Sequence[str] = COMPARED,
) -> list[str]:
    """One line per differing impression: id, column, expected, found."""
    lines = [f"{key}: only on one side" for key in sorted(expected.keys() ^ found.keys())]
    for key in sorted(expected.keys() & found.keys()):
        lines += [
            f"{key}: {name} expected {want!r}, found {got!r}"
            for name, want, got in zip(names, expected[key], found[key], strict=True)
            if want != got
        ]
    return lines
