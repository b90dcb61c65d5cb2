"""The spans that the page Funnel asks for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from adlake.dashboard.funnel import MINUTES, Asked, bucket_of

NOW = datetime(2026, 3, 2, 12, 3, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "begins", "before"),
    [(5, "12:00", "11:55"), (15, "11:50", "11:35"), (60, "11:05", "10:05")],
)
def test_the_newest_windows_end_with_the_one_that_is_going_on(
    minutes: int, begins: str, before: str
) -> None:
    asked = Asked(minutes, given=(("channel", "push"),))
    assert asked.parameters(NOW) == {
        "since": f"2026-03-02T{begins}:00+00:00", "until": "2026-03-02T12:05:00+00:00",
        "channel": "push",
    }  # fmt: skip
    assert asked.parameters_before(NOW) == {
        "since": f"2026-03-02T{before}:00+00:00", "until": f"2026-03-02T{begins}:00+00:00",
        "channel": "push",
    }  # fmt: skip
    assert minutes in MINUTES.values()


def test_a_moment_that_begins_a_window_is_in_it() -> None:
    asked = Asked(5)
    assert asked.parameters(NOW.replace(minute=0, second=0)) == asked.parameters(NOW)


def test_days_are_whole_and_compared_with_as_many_before() -> None:
    asked = Asked(days=(date(2026, 3, 1), date(2026, 3, 2)))
    assert asked.parameters(NOW) == {
        "since": "2026-03-01T00:00:00+00:00", "until": "2026-03-03T00:00:00+00:00",
    }  # fmt: skip
    assert asked.parameters_before(NOW)["since"] == "2026-02-27T00:00:00+00:00"


@pytest.mark.parametrize(
    ("hours", "bucket"), [(3, "window"), (4, "hour"), (168, "hour"), (169, "day")]
)
def test_a_longer_span_is_drawn_in_longer_buckets(hours: int, bucket: str) -> None:
    assert bucket_of(NOW, NOW + timedelta(hours=hours)) == bucket
