"""Invalid traffic by the law's own flags, on real Trino, against answers computed by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.trino.metrics_lake import MetricsLake, only, utc

pytestmark = pytest.mark.integration

SHOWN_MS = round(utc("10:00").timestamp() * 1000)
IMPRESSION, CLICK, CONVERSION = 0, 1, 2
Event = tuple[int, int, str | None, str | None]
"""Rank, milliseconds after 10:00, campaign and user."""


def state(*events: Event) -> str:
    """`events_state` of a row, as docs/data-model.md describes it."""
    held: list[dict[str, Any]] = []
    for number, (rank, after_ms, campaign, user) in enumerate(events):
        event = {"e": f"e{number}", "t": SHOWN_MS + after_ms, "r": rank, "m": 0, "c": campaign,
                 "u": user, "i": SHOWN_MS}  # fmt: skip
        held.append({key: value for key, value in event.items() if value is not None})
    return json.dumps(held)


@pytest.fixture(scope="module")
def flagged_lake(lake: MetricsLake) -> MetricsLake:
    def add(
        row_id: str, cost: str | None, *events: Event, campaign: str = "c1", revenue: str = "0",
        at: str | None = "10:00",
    ) -> None:  # fmt: skip
        lake.add_impression(
            row_id, campaign, at, cost=cost, user="u1", clicked=True, revenue=revenue,
            converted_at="11:00" if revenue != "0" else None, events_state=state(*events),
        )  # fmt: skip

    lake.add_impression("quiet", "c1", "10:00", cost="1", user="u1")
    shown = (IMPRESSION, 0, "c1", "u1")
    add("sound", "1", shown, (CLICK, 5_000, "c1", "u1"), (CONVERSION, 9_000, "c1", "u1"),
        revenue="3")  # fmt: skip
    # What names no campaign and no user contradicts nothing.
    add("silent", "1", shown, (CLICK, 5_000, None, None))
    # Clocks may differ by five minutes, and by no millisecond more.
    add("early", "1", shown, (CLICK, -300_000, "c1", "u1"))
    add("too early", "4", shown, (CLICK, -300_001, "c1", "u1"), (CONVERSION, 9_000, "c1", "u1"),
        revenue="20")  # fmt: skip
    # A second impression and a click of somebody else: one impression, in two columns.
    add("twice", "2", shown, (IMPRESSION, 1_000, "c1", "u1"), (CLICK, 5_000, "c1", "u2"))
    add("elsewhere", "8", (IMPRESSION, 0, "c2", "u1"), (CLICK, 5_000, "c2", "u1"),
        (CONVERSION, 9_000, "c9", "u1"), campaign="c2", revenue="5")  # fmt: skip
    add("orphan", None, (CLICK, 5_000, "c1", "u1"), (CONVERSION, 9_000, "c9", "u1"), revenue="6",
        at=None)  # fmt: skip
    return lake


def test_an_impression_is_invalid_once_whatever_its_flags(flagged_lake: MetricsLake) -> None:
    assert only(flagged_lake, "invalid_traffic_share") == {
        "impressions": 7,
        "invalid_impressions": 3,
        "invalid_traffic_share": Decimal("0.428571429"),
        "duplicate_impressions": 1,
        "clicks_before_impression": 1,
        "dim_mismatches": 2,
        "spend": Decimal(18),
        "invalid_spend": Decimal(14),
        "revenue": Decimal(28),
        "invalid_revenue": Decimal(25),
    }


@pytest.mark.parametrize(
    ("given", "impressions", "invalid", "share"),
    [
        ({"campaign_id": "c2"}, 1, 1, Decimal(1)),
        ({"campaign_id": "c1"}, 6, 2, Decimal("0.333333333")),
        ({"until": "2026-11-01T10:00"}, 0, 0, None),
    ],
)
def test_campaign_and_time_choose_the_impressions(
    flagged_lake: MetricsLake, given: dict[str, str], impressions: int, invalid: int,
    share: Decimal | None,
) -> None:  # fmt: skip
    found = only(flagged_lake, "invalid_traffic_share", **given)
    assert (found["impressions"], found["invalid_impressions"]) == (impressions, invalid)
    assert found["invalid_traffic_share"] == share
