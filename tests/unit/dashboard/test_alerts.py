"""The page Alerts and the strip say what the rows hold, whatever names events gave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from adlake.alerts.contract import RATES, VOLUMES, Rule
from adlake.contracts.errors import AdlakeError
from adlake.dashboard import alert_strip, alert_words
from adlake.dashboard.alerts import Asked, _rule_row, _table_row
from adlake.dashboard.incident_chart import drawn_kinds, incident_chart
from adlake.dashboard.lake import AnswerCache, Sources
from tests.fixtures.alert_rows import INCIDENT_COLUMNS, RULE_COLUMNS, incident, rule

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)


def row(**other: object) -> dict[str, Any]:
    """As the metrics give an incident."""
    told = dict(zip(INCIDENT_COLUMNS, incident("f" * 64, TEN, **other), strict=True))
    return told | {
        "threshold": told["last_threshold"], "sample_k": told["last_k"],
        "sample_n": told["last_n"], "incidents": 1,
    }  # fmt: skip


def test_every_metric_and_rule_has_a_label() -> None:
    assert set(alert_words.METRICS) == {*RATES, *VOLUMES}
    assert set(alert_words.RULES) == set(alert_words.MEANINGS) == {one.value for one in Rule}


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("ctr", 0.005, "0.50 %"), ("ctr", None, "-"), ("impressions", 0, "0"),
        ("impressions", 14.5, "14.5"), ("clicks", 12345.0, "12,345"), ("clicks", None, "-"),
    ],
)  # fmt: skip
def test_a_value_is_in_the_unit_of_its_metric(metric: str, value: float | None, text: str) -> None:
    assert alert_words.shown(metric, value) == text


def test_an_open_incident_in_a_few_words() -> None:
    assert alert_words.told(row()) == r"CTR of cmp\_101: 0.50 % (limit 1.50 %)"
    silent = row(metric="impressions", rule="D", segment="channel=push", last_value=0,
                 last_threshold=14.5)  # fmt: skip
    assert alert_words.told(silent) == (r"Impressions of cmp\_101, channel=push: 0 (expected 14.5)")


def test_a_name_that_an_event_gave_draws_nothing() -> None:
    named = alert_words.plain("[x](http://e)\n# :red[*b*] <i> $a$ `c`")
    assert "\n" not in named
    for sign in "[]()#*<>$`:":
        assert named.count(sign) == named.count(f"\\{sign}"), sign
    assert alert_words.plain("x" * 61) == "x" * 60 + "\\.\\.\\."


def test_the_strip_names_the_newest_and_counts_the_rest() -> None:
    assert alert_strip.sentence([row()]).startswith("1 alert is open: CTR of ")
    three = [row(), row(), row()]
    many = alert_strip.sentence([one | {"incidents": 12} for one in three])
    assert many.startswith("12 alerts are open: ")
    assert many.endswith("; and 9 more. [Alerts](alerts)")
    assert "more" not in alert_strip.sentence([one | {"incidents": 3} for one in three])


def strip_page() -> None:
    """The strip alone; its lake answers with what the session holds."""
    import streamlit as st

    from adlake.dashboard.alert_strip import strip

    strip(st.session_state["lake"])


class LakeDouble:
    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def open_incidents(self, most: int) -> list[dict[str, Any]]:
        return self.rows[:most]


@pytest.mark.parametrize(("rows", "strips"), [([], 0), ([row()], 1)])
def test_the_strip_is_hidden_when_nothing_is_open(rows: list[dict[str, Any]], strips: int) -> None:
    page = AppTest.from_function(strip_page)
    page.session_state["lake"] = LakeDouble(rows)
    shown = page.run(timeout=60)
    assert not shown.exception
    assert len(shown.warning) == strips


def test_the_strip_hides_what_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: object) -> list[dict[str, Any]]:
        raise AdlakeError("no Trino answers")

    monkeypatch.setattr("adlake.dashboard.lake._rows_of", ask)
    monkeypatch.setattr("adlake.dashboard.lake._client", lambda *_: None)
    monkeypatch.setattr("adlake.dashboard.lake._cache", AnswerCache)
    sources = Sources(trino_port=1, kafka_bootstrap=None, topics={})  # type: ignore[arg-type]
    assert sources.open_incidents(3) == []


def test_an_incident_in_the_table() -> None:
    over = row(state="resolved", closed_at=TEN + timedelta(minutes=31))
    told = _table_row(over)
    assert (told["lasted"], told["state"], told["cases"]) == ("25 min 00 s", "Resolved", "4 of 800")
    assert (told["last"], told["limit"], told["worst"]) == ("0.50 %", "1.50 %", "0.50 %")
    assert told["chart"] == f"alerts?incident={'f' * 64}"
    counted = _table_row(row(metric="clicks", rule="C", worst_value=None))
    assert (counted["cases"], counted["worst"]) == ("-", "-")


def test_a_rule_of_every_campaign_and_for_ever() -> None:
    def shown(**other: object) -> dict[str, Any]:
        told = dict(zip(RULE_COLUMNS, rule("B-ctr", **other), strict=True))
        return _rule_row(told | {"is_in_force": True})

    told = shown(rule="B", threshold=None)
    assert (told["campaign"], told["limit"], told["told"], told["until"]) == (
        "every campaign", "-", "all that are on", "-",
    )  # fmt: skip
    own = shown(campaign_id="c", channels="slack", valid_to=TEN)
    assert (own["campaign"], own["told"], own["until"]) == ("c", "slack", "2026-03-02 10:00")


def test_the_span_of_the_history_is_whole_minutes() -> None:
    asked = Asked((("metric", "ctr"),), timedelta(days=1))
    now = TEN.replace(second=59)
    assert asked.parameters_of_history(now) == {
        "metric": "ctr", "since": "2026-03-01T10:00:00+00:00",
    }  # fmt: skip
    assert Asked().parameters_of_history(now) == {}


def series(status: str | None, *, rule: str = "A", measured: float | None = 0.02) -> dict[str, Any]:
    fired = status is not None
    return {
        "window_start": TEN, "metric": "ctr", "rule": rule, "measured": measured,
        "threshold": 0.015, "status": status, "fired_value": 0.005 if fired else None,
        "bound": 0.0149 if fired else None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "kinds"),
    [
        (series(None), {"measured", "threshold"}),
        (series("fired"), {"measured", "threshold", "fired", "upper bound"}),
        (series("withdrawn", measured=None), {"threshold", "withdrawn", "upper bound"}),
        # A sum or a probability has no place on the axis of a rate.
        (series("fired", rule="B"), {"measured", "threshold", "fired"}),
    ],
)
def test_what_is_drawn_of_a_window(one: dict[str, Any], kinds: set[str]) -> None:
    assert {drawn["kind"] for drawn in drawn_kinds([one])} == kinds


def test_a_chart_has_layers_of_what_there_is_alone() -> None:
    assert incident_chart([]) is None
    assert incident_chart([series(None, measured=None)]) is None
    chart = incident_chart([series(None), series("fired")])
    assert chart is not None
    marks = [layer["mark"]["type"] for layer in chart.to_dict()["layer"]]
    assert marks == ["line", "circle", "line", "tick", "point"]


def trial_page() -> None:
    """The buttons alone; who sends is what the session holds."""
    import streamlit as st

    from adlake.dashboard.alerts import offer_trials

    offer_trials(st.session_state["send"])


def pressed(send: Any, channel: str) -> AppTest:  # noqa: ANN401 - what AppTest hands on
    page = AppTest.from_function(trial_page)
    page.session_state["send"] = send
    page.run(timeout=60)
    shown = page.button(key=f"test {channel}").click().run(timeout=60)
    assert not shown.exception
    return shown


def test_a_button_sends_to_its_channel_and_says_what_became_of_it() -> None:
    from adlake.io.events_api.trial import Delivered

    asked: list[str] = []

    def send(channel: str) -> Delivered:
        asked.append(channel)
        return Delivered(channel == "slack", "" if channel == "slack" else "SMTPDataError 554")

    assert pressed(send, "slack").success[0].value == "Slack: the message was sent."
    failed = pressed(send, "email")
    assert "did not take the message" in failed.error[0].value
    assert failed.code[0].value == "SMTPDataError 554"
    assert asked == ["slack", "email"]


def test_an_api_that_is_away_is_told_in_a_sentence() -> None:
    def send(channel: str) -> object:
        raise AdlakeError(f"the API does not answer {channel}: start it with `make up ONLY=api`")

    shown = pressed(send, "kafka")
    assert shown.error[0].value == "Kafka topic: no message was sent."
    assert "make up ONLY=api" in shown.code[0].value


def open_page() -> None:
    import streamlit as st

    from adlake.dashboard.alerts import draw_open

    draw_open(st.session_state["rows"], is_judging=st.session_state["is_judging"])


@pytest.mark.parametrize("is_judging", [True, False])
def test_nothing_open_says_little_while_nothing_is_judged(is_judging: bool) -> None:
    page = AppTest.from_function(open_page)
    page.session_state["rows"], page.session_state["is_judging"] = [], is_judging
    shown = page.run(timeout=60)
    assert not shown.exception
    assert [one.value for one in shown.success] == ["No incident is open."] * is_judging
    assert ["KPI alerts are off" in one.value for one in shown.info] == [True] * (not is_judging)
