"""One warning for a crowded impression: once, again when it doubles, and safe in any log."""

from __future__ import annotations

import logging

import pytest

from adlake.attribution import crowd_alarm
from adlake.attribution.crowd_alarm import MOST_SHOWN, CrowdAlarm
from adlake.attribution.crowds import MOST_NAMED, Crowd, joined_crowds


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records]
    assert all(record.levelno == logging.WARNING for record in caplog.records)
    caplog.clear()
    return found


def test_a_crowded_impression_is_named_once_and_again_when_it_doubles(
    caplog: pytest.LogCaptureFixture,
) -> None:
    alarm = CrowdAlarm()
    alarm.look([Crowd(300, "undefined")])
    [line] = lines(caplog)
    assert line.startswith('impression "undefined" has 300 events: a real one has fewer than 256.')
    for events in (300, 301, 599):
        alarm.look([Crowd(events, "undefined")])
    alarm.look([])
    assert lines(caplog) == []
    alarm.look([Crowd(600, "undefined")])
    assert len(lines(caplog)) == 1
    alarm.look([Crowd(1_199, "undefined")])
    assert lines(caplog) == []


def test_an_id_that_joins_behind_a_larger_one_is_named(caplog: pytest.LogCaptureFixture) -> None:
    alarm = CrowdAlarm()
    alarm.look([Crowd(900, "undefined")])
    lines(caplog)
    alarm.look([Crowd(901, "undefined"), Crowd(256, "null")])
    [line] = lines(caplog)
    assert line.startswith('impression "null" has 256 events:')


def test_a_batch_of_many_crowds_is_one_line_with_the_worst(
    caplog: pytest.LogCaptureFixture,
) -> None:
    CrowdAlarm().look([Crowd(400, "a"), Crowd(300, "b"), Crowd(256, "c")])
    [line] = lines(caplog)
    assert line.startswith('impression "a" has 400 events (2 more ids in this batch):')


@pytest.mark.parametrize("hostile", ["a\nERROR b", "\x1b[2J", "\x00", "\u202eba", "\u2028", "%s%d"])
def test_an_id_cannot_steer_the_log(hostile: str, caplog: pytest.LogCaptureFixture) -> None:
    CrowdAlarm().look([Crowd(256, hostile)])
    [line] = lines(caplog)
    assert line.isprintable()


def test_a_long_id_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    CrowdAlarm().look([Crowd(256, "x" * 256)])
    [line] = lines(caplog)
    assert line.startswith(f'impression "{"x" * MOST_SHOWN}"... has')


def test_what_is_remembered_is_bounded(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd_alarm, "MOST_REMEMBERED", 2)
    alarm = CrowdAlarm()
    for number in range(5):
        alarm.look([Crowd(256, f"i{number}")])
    assert len(lines(caplog)) == 2
    alarm.look([Crowd(512, "i0")])
    assert len(lines(caplog)) == 1


def test_the_largest_number_of_an_id_counts_and_few_are_named() -> None:
    batch = [(300, "a"), (256, "b")]
    assert joined_crowds(batch, [(900, "b")], []) == (Crowd(900, "b"), Crowd(300, "a"))
    many = [(256 + number, f"i{number}") for number in range(50)]
    assert joined_crowds(many) == tuple(Crowd(*one) for one in reversed(many))[:MOST_NAMED]
