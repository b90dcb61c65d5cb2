"""Formats one after the other, and reach over time, on real Trino, against answers by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fixtures.trino.metrics_lake import MetricsLake, answer, only, utc

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def paths_lake(lake: MetricsLake) -> MetricsLake:
    """User 1: video, banner (bought), banner a week later; 2: video, banner; 3: banner, bought."""
    lake.insert("dims.dim_creatives", [("cr-v", "video"), ("cr-b", "banner")])

    def shown(row_id: str, user: str | None, at: str, creative: str | None) -> None:
        lake.add_impression(row_id, "c1", at, cost="1", user=user, creative=creative)

    def bought(row_id: str, user: str, at: str, after: str) -> None:
        lake.add_impression(
            row_id, "c1", at, cost="1", user=user, creative="cr-b", clicked=True,
            converted_at=after, revenue="10",
        )  # fmt: skip

    shown("a1", "u1", "2026-11-01T10:00", "cr-v")
    bought("a2", "u1", "2026-11-02T10:00", "2026-11-02T11:00")
    shown("a3", "u1", "2026-11-09T10:00:01", "cr-b")
    shown("b1", "u2", "2026-11-01T12:00", "cr-v")
    shown("b2", "u2", "2026-11-01T12:00", "cr-b")
    bought("c1", "u3", "2026-11-03T10:00", "2026-11-03T10:30")
    shown("d1", None, "2026-11-03T11:00", "cr-b")
    shown("d2", None, "2026-11-03T11:01", "cr-x")
    lake.add_impression("e1", "c2", "2026-11-03T12:00", cost="1", user="u4")
    return lake


def test_a_format_is_paired_with_the_one_before(paths_lake: MetricsLake) -> None:
    # before, this, impressions, conversions, revenue, rate, lift
    rows = [tuple(row.values()) for row in answer(paths_lake, "path_formats")]
    third = Decimal("0.333333333")
    assert rows == [
        ("(none)", "(no creative)", 1, 0, 0, 0, None),
        ("(none)", "(not in dim_creatives)", 1, 0, 0, 0, None),
        ("(none)", "banner", 3, 1, 10, third, Decimal("0.833333333")),
        ("(none)", "video", 2, 0, 0, 0, None),
        ("video", "banner", 2, 1, 10, Decimal("0.5"), Decimal("1.25")),
    ]


def test_what_was_shown_too_long_before_does_not_count(paths_lake: MetricsLake) -> None:
    def before(**given: str) -> dict[str, int]:
        rows = answer(paths_lake, "path_formats", campaign_id="c1", **given)
        return {row["format_before"]: row["impressions"] for row in rows if row["conversions"]}

    assert before(within_hours="24") == {"(none)": 3, "video": 2}
    assert before(within_hours="23") == {"(none)": 4}
    longer = answer(paths_lake, "path_formats", within_hours="169")
    assert [row["impressions"] for row in longer if row["format_before"] == "banner"] == [1]


def test_reach_grows_by_new_users_alone(paths_lake: MetricsLake) -> None:
    # day, impressions, reach, new users, reach so far, share of new users
    rows = [tuple(row.values()) for row in answer(paths_lake, "reach_over_time")]
    assert rows == [
        (utc("2026-11-01T00:00"), 3, 2, 2, 2, 1),
        (utc("2026-11-02T00:00"), 1, 1, 0, 2, 0),
        (utc("2026-11-03T00:00"), 4, 2, 2, 4, 1),
        (utc("2026-11-09T00:00"), 1, 1, 0, 4, 0),
    ]
    whole = only(paths_lake, "reach_over_time", bucket="month", campaign_id="c1")
    assert (whole["reach"], whole["new_users"]) == (3, 3)
    total = answer(paths_lake, "reach_and_frequency")[0]
    assert rows[-1][4] == total["reach"]
