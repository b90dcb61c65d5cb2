"""The attribution models side by side, on real Trino, against answers computed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from adlake.contracts import stamps
from adlake.contracts.tables import ATTRIBUTION_CREDITS
from adlake.models.contract import Model
from tests.fixtures.trino.metrics_lake import MetricsLake, Snapshot, answer, only, utc

pytestmark = pytest.mark.integration

MICROS = 1_000_000
SPLIT = ("last", "first", "linear", "position", "time_decay", "markov", "shapley")


@pytest.fixture(scope="module")
def models_lake(lake: MetricsLake) -> MetricsLake:
    """Two conversions: a of 30 by c1 then c2 twice, b of 10 by an ad of no known campaign."""

    def touched(
        names: tuple[str, str, str | None], at: tuple[str, str], value: int,
        micros: Mapping[str, int],
    ) -> None:  # fmt: skip
        lake.insert(ATTRIBUTION_CREDITS, [(
            *names, utc(at[1]), utc(at[0]), value * MICROS,
            *(micros.get(model, 0) for model in Model),
        )])  # fmt: skip

    a = ("2026-11-01T10:00", "2026-11-03T10:00")
    touched(("a", "i1", "c1"), a, 30, {
        "first": 30 * MICROS, "linear": 10 * MICROS, "position": 12 * MICROS,
        "time_decay": 8 * MICROS, "markov": 20 * MICROS, "shapley": 15 * MICROS,
    })  # fmt: skip
    touched(("a", "i2", "c2"), ("2026-11-02T10:00", a[1]), 30, {
        "linear": 10 * MICROS, "position": 6 * MICROS, "time_decay": 10 * MICROS,
        "markov": 5 * MICROS, "shapley": 7_500_000,
    })  # fmt: skip
    touched(("a", "a", "c2"), ("2026-11-03T09:00", a[1]), 30, {
        "last": 30 * MICROS, "linear": 10 * MICROS, "position": 12 * MICROS,
        "time_decay": 12 * MICROS, "markov": 5 * MICROS, "shapley": 7_500_000,
    })  # fmt: skip
    b = ("2026-11-04T11:00", "2026-11-04T12:00")
    touched(("b", "b", None), b, 10, dict.fromkeys(SPLIT, 10 * MICROS))
    lake.insert("gold.campaign_removal_effects", [
        ("c1", "0.200000000000", "0.250000000000"), ("c2", "0.150000000000", "0.250000000000"),
        (None, "0.050000000000", "0.250000000000"), ("c3", "0", "0.250000000000"),
    ])  # fmt: skip
    return lake


def test_each_model_sums_to_the_revenue(models_lake: MetricsLake) -> None:
    rows = [tuple(row.values()) for row in answer(models_lake, "model_comparison")]
    # campaign, conversions, touches, last, first, linear, position, time decay, markov, shapley
    assert rows == [
        ("c1", 1, 1, 0, 30, 10, 12, 8, 20, 15),
        ("c2", 1, 2, 30, 0, 20, 18, 22, 10, 15),
        (None, 1, 1, 10, 10, 10, 10, 10, 10, 10),
    ]
    for column in range(3, 10):
        assert sum(row[column] for row in rows) == 40


def test_the_comparison_is_cut_by_campaign_time_and_number(models_lake: MetricsLake) -> None:
    def campaigns(**given: str) -> list[str | None]:
        return [row["campaign_id"] for row in answer(models_lake, "model_comparison", **given)]

    assert campaigns(campaign_id="c2") == ["c2"]
    assert campaigns(since="2026-11-04") == [None]
    assert campaigns(until="2026-11-04", most="1") == ["c1"]
    assert campaigns(since="2026-11-03T10:00:00.001", until="2026-11-04T12:00") == []


def test_credit_over_time_is_a_share_of_each_days_revenue(models_lake: MetricsLake) -> None:
    rows = answer(models_lake, "model_credit_over_time", campaign_id="c2")
    assert [row["model"] for row in rows[:7]] == sorted(SPLIT)
    found = {
        row["model"]: (row["credit"], row["share_of_revenue"])
        for row in rows if row["bucket_at"] == utc("2026-11-03T00:00")
    }  # fmt: skip
    assert found["last"] == (30, 1)
    assert found["shapley"] == (15, Decimal("0.5"))
    assert found["time_decay"] == (22, Decimal("0.733333333"))
    assert found["first"] == (0, 0)
    assert {row["credit"] for row in rows if row["bucket_at"] == utc("2026-11-04T00:00")} == {0}
    whole = answer(models_lake, "model_credit_over_time", bucket="month")
    assert [(row["credit"], row["share_of_revenue"]) for row in whole] == [(40, 1)] * 7


def test_removal_effects_stand_beside_the_credit(models_lake: MetricsLake) -> None:
    rows = [tuple(row.values()) for row in answer(models_lake, "removal_effects")]
    quarter = Decimal("0.25")
    assert rows == [
        ("c1", Decimal("0.8"), quarter, 1, 20), ("c2", Decimal("0.6"), quarter, 1, 10),
        (None, Decimal("0.2"), quarter, 1, 10), ("c3", 0, quarter, 0, 0),
    ]  # fmt: skip


def test_path_lengths_say_how_many_touches_and_hours(models_lake: MetricsLake) -> None:
    rows = [tuple(row.values()) for row in answer(models_lake, "path_lengths")]
    half = Decimal("0.5")
    assert rows == [(1, 1, 10, half, 1, 1), (3, 1, 30, half, 2, 48)]
    (row,) = answer(models_lake, "path_lengths", until="2026-11-04T12:00")
    assert (row["touches"], row["share_of_conversions"]) == (3, 1)


def test_the_newest_build_on_main_is_told(models_lake: MetricsLake) -> None:
    assert answer(models_lake, "models_built") == []

    def build(number: int, age_seconds: int, *, is_current: bool = True) -> None:
        summary = {stamps.SOURCE_SNAPSHOT: str(number), stamps.HALF_LIFE_MS: "259200000"}
        models_lake.add_snapshot(
            ATTRIBUTION_CREDITS, Snapshot(number, age_seconds, summary, is_current)
        )

    build(7, 500)
    build(8, 100)
    build(9, 20, is_current=False)
    models_lake.add_snapshot(ATTRIBUTION_CREDITS, Snapshot(10, 5, {"total-records": "0"}))
    found = only(models_lake, "models_built")
    assert (found["gold_snapshot_id"], found["law_version"], found["half_life_days"]) == (8, 1, 3)
    assert found["age_seconds"] >= 100
