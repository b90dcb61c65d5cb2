"""The operations page counts late events of the last days, also where there are none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from streamlit.testing.v1 import AppTest

from adlake.dashboard.lake import Sources
from adlake.dashboard.late import ask_late
from adlake.io.trino.client import TableMissingError

NOW = datetime(2026, 3, 9, 10, 59, 59, tzinfo=UTC)


class LakeDouble:
    """Answers one metric, and remembers what it was asked."""

    def __init__(self, rows: list[dict[str, Any]] | None) -> None:
        self._rows = rows
        self.asked: list[Mapping[str, Mapping[str, str]]] = []

    def answers(self, asked: Mapping[str, Mapping[str, str]]) -> dict[str, list[dict[str, Any]]]:
        self.asked.append(asked)
        if self._rows is None:
            raise TableMissingError("gold.campaign_funnel_5m")
        return dict.fromkeys(asked, self._rows)


def test_the_last_days_begin_with_an_hour() -> None:
    lake = LakeDouble([{"late_events": 3}])
    assert ask_late(cast(Sources, lake), NOW) == {"late_events": 3}
    assert lake.asked == [{"campaign_kpis": {"since": "2026-03-02T10:00:00+00:00"}}]


@pytest.mark.parametrize("rows", [None, []])
def test_a_lake_without_tables_or_events_has_no_sums(rows: list[dict[str, Any]] | None) -> None:
    assert ask_late(cast(Sources, LakeDouble(rows)), NOW) is None


def page(late: int) -> None:
    from adlake.dashboard.late import show_late

    show_late(None if late < 0 else {"late_events": late})


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (12_345, "Late events: 12,345 events of the last 7 days came more than an hour after"),
        (1, "Late events: 1 event of the last 7 days"), (0, "Late events: 0 events of the last"),
        (-1, "Late events: the lake has no events of the last 7 days."),
    ],
)  # fmt: skip
def test_the_count_is_a_caption(late: int, said: str) -> None:
    shown = AppTest.from_function(page, args=(late,)).run(timeout=60)
    assert not shown.exception
    assert shown.caption[0].value.startswith(said)
