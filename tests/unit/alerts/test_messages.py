"""What is told of an incident: sentences of the worked examples, and bytes that never change."""

from __future__ import annotations

import json
from datetime import timedelta, timezone
from typing import Any

import pytest

from adlake.alerts.messages import canonical, notices_of, trial_notice
from tests.fixtures.incident_rows import MINUTE, TEN, closed, incident

SPAN = "10:00-10:05 UTC"
OPENINGS: dict[str, tuple[dict[str, Any], str]] = {
    "K3": (
        {},
        f"ctr of cmp_101 0.50 % (4 of 800, upper bound 1.499 %) is below 1.50 %, {SPAN}",
    ),
    "a plain threshold": (
        {"opening_bound": None},
        f"ctr of cmp_101 0.50 % (4 of 800) is below 1.50 %, {SPAN}",
    ),
    "a segment": (
        {"segment": "channel=push"},
        "ctr of cmp_101 in channel=push 0.50 % (4 of 800, upper bound 1.499 %) is below "
        f"1.50 %, {SPAN}",
    ),
    "K6, rule B": (
        {
            "rule": "B", "opening_value": 0.0, "opening_threshold": 0.01, "opening_k": 0,
            "opening_n": 100, "opening_bound": 11.00876,
        },
        "ctr of cmp_101 has fallen towards half of its usual 2.00 %, newest window 0.00 % "
        f"(0 of 100, S 11.01), {SPAN}",
    ),
    "K7, rule C": (
        {
            "rule": "C", "metric": "impressions", "alert_type": "volume_drop",
            "opening_value": 40.0, "opening_threshold": 120.0, "opening_k": 40, "opening_n": 40,
            "opening_bound": 2.1e-17,
        },
        "impressions of cmp_101 40 is at most half of the expected 120 "
        f"(probability 2.1e-17), {SPAN}",
    ),
    "K7, one empty window": (
        {
            "rule": "D", "metric": "impressions", "alert_type": "silence", "opening_value": 0.0,
            "opening_threshold": 13.9, "opening_k": 0, "opening_n": 0,
            "opening_bound": 9.189813e-07,
        },
        f"no impressions of cmp_101 where 13.9 are expected (probability 9.2e-07), {SPAN}",
    ),
    "K7, three empty windows": (
        {
            "rule": "D", "metric": "impressions", "alert_type": "silence", "opening_value": 0.0,
            "opening_threshold": 5.0, "opening_k": 0, "opening_n": 0,
            "opening_bound": 3.059023e-07,
        },
        "no impressions of cmp_101 where 5 are expected, for 3 windows in a row "
        f"(probability 3.1e-07), {SPAN}",
    ),
    "rule E": (
        {
            "rule": "E", "metric": "conversions", "opening_value": 1_234.0,
            "opening_threshold": 2_000.0, "opening_k": 1_234, "opening_n": 1_234,
            "opening_bound": None,
        },
        f"conversions of cmp_101 1,234 is below 2,000, {SPAN}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OPENINGS)
def test_the_sentence_of_an_opening(name: str) -> None:
    columns, text = OPENINGS[name]
    [opened] = notices_of(incident(**columns))
    assert (opened.transition, opened.text, opened.at) == ("opened", text, TEN + 6 * MINUTE)
    assert json.loads(opened.payload)["text"] == text


def test_an_incident_that_is_over_is_told_twice() -> None:
    opened, resolved = notices_of(closed())
    assert (opened.transition, resolved.transition) == ("opened", "resolved")
    assert resolved.at == TEN + 31 * MINUTE
    assert resolved.text == (
        "resolved: ctr of cmp_101 2.00 % (20 of 1000), 10:25-10:30 UTC, open since "
        "2026-03-02 10:06 UTC"
    )


def test_a_withdrawal_says_what_came_late() -> None:
    """Example K4."""
    row = closed(
        "withdrawn", 65, closing_window_start=TEN, closing_value=0.01625, closing_k=13,
        closing_n=800,
    )  # fmt: skip
    _, withdrawn = notices_of(row)
    assert withdrawn.text == (
        "withdrawn: ctr of cmp_101 1.62 % (13 of 800) with what came late, 10:00-10:05 UTC, open "
        "since 2026-03-02 10:06 UTC"
    )
    assert "withdrawn" in withdrawn.subject


def test_the_end_of_a_silence_says_how_many_came() -> None:
    row = closed(rule="D", metric="impressions", closing_value=12.0, closing_k=12, closing_n=12)
    assert notices_of(row)[1].text.startswith("resolved: impressions of cmp_101 12, 10:25-10:30")


def test_an_opening_has_the_same_bytes_before_and_after_the_end() -> None:
    assert notices_of(incident())[0].payload == notices_of(closed())[0].payload
    elsewhere = timezone(timedelta(hours=5))
    moved = incident(
        opened_at=(TEN + 6 * MINUTE).astimezone(elsewhere),
        first_window_start=TEN.astimezone(elsewhere),
    )
    assert notices_of(moved) == notices_of(incident())


def test_the_record_is_canonical() -> None:
    [opened] = notices_of(incident(campaign_id="cmp_é"))
    text = opened.payload.decode()
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert text.startswith(
        '{"alert_type":"performance_drop","at":"2026-03-02T10:06:00.000Z","bound":0.014994122,'
        '"campaign_id":"cmp_é","incident_id":"aaaa'
    )
    assert (
        '"window_end":"2026-03-02T10:05:00.000Z","window_start":"2026-03-02T10:00:00.000Z"' in text
    )
    assert ": " not in text.partition('"text"')[0]
    with pytest.raises(ValueError, match="JSON"):
        canonical({"value": float("nan")})


def test_a_name_that_an_event_made_up_stays_on_its_line_and_short() -> None:
    [opened] = notices_of(incident(campaign_id="x\r\nBcc: a@b.test\u2028" + "y" * 500))
    assert opened.subject.isprintable()
    assert opened.text.isprintable()
    assert len(opened.text) < 400
    assert "\\r\\nBcc" in opened.payload.decode()


def test_channels_are_those_of_the_rule() -> None:
    [everywhere] = notices_of(incident(channels=""))
    [some] = notices_of(incident(channels="kafka, email"))
    assert everywhere.is_for("slack")
    assert some.is_for("email")
    assert not some.is_for("slack")


def test_keys_tell_transitions_apart() -> None:
    opened, resolved = notices_of(closed())
    assert opened.key == "a" * 64 + ":opened"
    assert resolved.key == "a" * 64 + ":resolved"


def test_a_trial_says_that_it_is_one() -> None:
    trial = trial_notice("slack", "test-1")
    assert "test" in trial.text
    assert json.loads(trial.payload) == {
        "incident_id": "test-1", "text": trial.text, "transition": "test",
    }  # fmt: skip
