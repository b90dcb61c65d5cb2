"""The operations page warns of event ids that count under more than one impression."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from adlake.dashboard import lake
from adlake.dashboard.lake import KEPT_SECONDS, AnswerCache, Sources
from adlake.io.trino.client import TrinoQueryError


def page_with_reuse() -> None:
    from adlake.dashboard.operations import show_reuse

    show_reuse({"event_ids": 5_000, "reused_event_ids": 1_234})


def page_without() -> None:
    from adlake.dashboard.operations import show_reuse

    show_reuse({"event_ids": 5_000, "reused_event_ids": 0})


def test_reuse_raises_a_warning_that_names_the_query() -> None:
    shown = AppTest.from_function(page_with_reuse).run(timeout=30)
    [warning] = shown.warning
    assert warning.value.startswith("1,234 event ids of the last 10 minutes")
    assert "adlake query reused_event_ids" in warning.value


def test_no_reuse_is_said_quietly() -> None:
    shown = AppTest.from_function(page_without).run(timeout=30)
    assert not shown.warning
    assert "none was used for two impressions" in shown.caption[0].value


def test_trino_is_asked_for_reuse_once_a_minute_whatever_the_pages_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, asked = [0.0], []
    cache = AnswerCache(clock=lambda: now[0])

    def run_metric(_client: object, name: str, _given: object) -> None:
        asked.append((now[0], name))
        raise TrinoQueryError("EXCEEDED_LOCAL_MEMORY_LIMIT")

    monkeypatch.setattr(lake, "_cache", lambda: cache)
    monkeypatch.setattr(lake, "_client", lambda *_server: None)
    monkeypatch.setattr(lake, "run_metric", run_metric)
    sources = Sources(trino_port=1, kafka_bootstrap="", topics={"ads": "gold.ads"})
    while now[0] < 120:
        assert sources.recent_reuse() is None
        now[0] += KEPT_SECONDS
    assert asked == [(0.0, "recent_event_id_reuse"), (60.0, "recent_event_id_reuse")]
