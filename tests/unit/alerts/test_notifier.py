"""Who is told what and when: one look after the other, a log that is away, a channel that hangs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from adlake.alerts.courier import MOST_FAILURES, Courier, Patience, Pending
from adlake.alerts.messages import notices_of
from adlake.alerts.notifier import Notifier, Pace
from adlake.contracts.errors import AdlakeError
from adlake.contracts.gauges import NOTIFICATIONS_FAILED, NOTIFICATIONS_SENT
from adlake.contracts.notices import ChannelName, Notice, Outcome, Sending
from adlake.io.postgres.driver import DatabaseAwayError
from adlake.io.postgres.notifications import Logged, NotificationLog
from adlake.io.prometheus.meters import Meters
from tests.fixtures.incident_rows import MINUTE, TEN, closed, incident
from tests.fixtures.patience import wait_until

SENT = Outcome(Sending.SENT, 200)
REFUSED = Outcome(Sending.FAILED, 404, "answered 404")
AWAY = Outcome(Sending.FAILED, 503, "answered 503", may_pass_later=True)
DAY = timedelta(days=1)
NOW = TEN + 10 * MINUTE
Key = tuple[str, str]


@dataclass
class LogDouble:
    """The table of one channel; `is_away` from the n-th statement on."""

    rows: dict[Key, Logged] = field(default_factory=dict)
    is_away: bool = False
    loses: int = 0
    """So many of the next outcomes cannot be written down."""
    is_taken: bool = False

    @contextmanager
    def alone(self, _channel: str) -> Iterator[LogDouble | None]:
        if self.is_away:
            raise DatabaseAwayError("connection refused")
        yield None if self.is_taken else self

    def since(self, _moment: datetime) -> dict[Key, Logged]:
        return dict(self.rows)

    def record(self, notice: Notice, outcome: Outcome, *, is_final: bool) -> None:
        if self.loses:
            self.loses -= 1
            raise DatabaseAwayError("connection lost")
        key = (notice.incident_id, str(notice.transition))
        before = self.rows.get(key)
        self.rows[key] = Logged(
            *key, str(outcome.sending), is_final,
            outcome.attempts + (before.attempts if before else 0),
            1 + (before.rounds if before else 0), outcome.code, outcome.reason, None,
        )  # fmt: skip


@dataclass
class ChannelDouble:
    """Answers as planned, afterwards `otherwise`; keeps what it was told."""

    name: ChannelName = ChannelName.SLACK
    plan: list[Outcome] = field(default_factory=list)
    otherwise: Outcome = SENT
    told: list[str] = field(default_factory=list)
    hangs: threading.Event | None = None
    is_closed: bool = False

    def tell(self, notice: Notice) -> Outcome:
        if self.hangs is not None:
            self.hangs.wait(10)
        self.told.append(notice.key)
        return self.plan.pop(0) if self.plan else self.otherwise

    def close(self) -> None:
        self.is_closed = True


def courier(
    channel: ChannelDouble, log: LogDouble, rounds: int = 3, meters: Meters | None = None
) -> Courier:
    return Courier(
        channel, cast("NotificationLog", log), Patience(rounds, ()), meters or Meters()
    )  # fmt: skip


def pending(*rows: dict[str, Any], now: datetime = NOW) -> Pending:
    notices = tuple(one for row in rows for one in notices_of(row))
    return Pending(notices, now - 7 * DAY, now - DAY)


def named(number: int, **columns: Any) -> dict[str, Any]:  # noqa: ANN401 - of any column
    return incident(incident_id=f"i{number}", **columns)


def test_each_transition_is_told_once_whoever_looks_again() -> None:
    channel, log = ChannelDouble(), LogDouble()
    courier(channel, log).deliver(pending(named(1)))
    one = courier(channel, log)  # another process, after a restart
    for _ in range(3):
        one.deliver(pending(closed(incident_id="i1")))
    assert channel.told == ["i1:opened", "i1:resolved"]


def test_a_refusal_is_final() -> None:
    channel, log = ChannelDouble(plan=[REFUSED]), LogDouble()
    for _ in range(3):
        courier(channel, log).deliver(pending(named(1)))
    assert channel.told == ["i1:opened"]
    assert log.rows["i1", "opened"].is_final


def test_an_outage_comes_again_for_some_rounds() -> None:
    channel, log = ChannelDouble(otherwise=AWAY), LogDouble()
    one = courier(channel, log, rounds=3)
    for _ in range(5):
        one.deliver(pending(named(1)))
    assert channel.told == ["i1:opened"] * 3
    known = log.rows["i1", "opened"]
    assert (known.is_final, known.rounds, known.state) == (True, 3, "FAILED")


def test_the_topic_is_tried_until_it_works() -> None:
    channel = ChannelDouble(ChannelName.KAFKA, plan=[AWAY] * 7)
    log = LogDouble()
    for _ in range(9):
        courier(channel, log, rounds=3).deliver(pending(named(1)))
    assert len(channel.told) == 8
    assert log.rows["i1", "opened"].is_sent


def test_a_channel_that_is_away_is_not_asked_for_each_message() -> None:
    channel, log = ChannelDouble(otherwise=AWAY), LogDouble()
    courier(channel, log).deliver(pending(*(named(n) for n in range(9))))
    assert len(channel.told) == MOST_FAILURES


def test_one_bad_message_does_not_keep_the_others_from_being_told() -> None:
    channel, log = ChannelDouble(plan=[REFUSED, AWAY]), LogDouble()
    courier(channel, log).deliver(pending(*(named(n) for n in range(5))))
    assert [key for key, one in log.rows.items() if one.is_sent] == [
        (f"i{n}", "opened") for n in (2, 3, 4)
    ]


def test_without_the_log_nothing_is_told() -> None:
    channel, log = ChannelDouble(), LogDouble(is_away=True)
    with pytest.raises(DatabaseAwayError):
        courier(channel, log).deliver(pending(named(1)))
    assert channel.told == []


def test_what_could_not_be_written_down_is_not_told_again() -> None:
    channel, log = ChannelDouble(), LogDouble(loses=1)
    one = courier(channel, log)
    with pytest.raises(DatabaseAwayError):
        one.deliver(pending(named(1), named(2)))
    one.deliver(pending(named(1), named(2)))
    assert channel.told == ["i1:opened", "i2:opened"]
    assert log.rows["i1", "opened"].is_sent


def test_a_crash_before_it_is_written_down_repeats_it_under_the_same_key() -> None:
    channel, log = ChannelDouble(), LogDouble(loses=1)
    with pytest.raises(DatabaseAwayError):
        courier(channel, log).deliver(pending(named(1)))
    courier(channel, log).deliver(pending(named(1)))
    assert channel.told == ["i1:opened", "i1:opened"]


def test_one_process_alone_tells() -> None:
    channel, log = ChannelDouble(), LogDouble(is_taken=True)
    courier(channel, log).deliver(pending(named(1)))
    assert channel.told == []


def test_people_are_not_told_first_of_what_is_old() -> None:
    late = NOW + DAY
    for name, told in ((ChannelName.EMAIL, []), (ChannelName.KAFKA, ["i1:opened"])):
        channel = ChannelDouble(name)
        courier(channel, LogDouble()).deliver(pending(named(1), now=late))
        assert channel.told == told
    channel, log = ChannelDouble(plan=[AWAY]), LogDouble()
    courier(channel, log).deliver(pending(named(1)))
    courier(channel, log).deliver(pending(named(1), now=late))
    assert len(channel.told) == 2, "it was seen when it was new"


def test_nobody_is_told_of_what_is_older_than_the_look() -> None:
    channel = ChannelDouble(ChannelName.KAFKA)
    rows = closed(incident_id="i1", minutes=7 * 24 * 60)
    courier(channel, LogDouble()).deliver(pending(rows, now=TEN + 7 * DAY + 20 * MINUTE))
    assert channel.told == ["i1:resolved"]


def test_only_channels_of_the_rule_are_told() -> None:
    rows = [named(1, channels="kafka,email"), named(2, channels="")]
    for name, told in ((ChannelName.SLACK, ["i2"]), (ChannelName.EMAIL, ["i1", "i2"])):
        channel = ChannelDouble(name)
        courier(channel, LogDouble()).deliver(pending(*rows))
        assert channel.told == [f"{one}:opened" for one in told]


def test_what_was_sent_and_failed_is_counted_from_nought() -> None:
    meters = Meters()
    channel = ChannelDouble(plan=[AWAY, REFUSED])
    one = courier(channel, LogDouble(), meters=meters)
    one.start()
    assert meters.value(NOTIFICATIONS_FAILED, channel="slack") == 0
    assert meters.value(NOTIFICATIONS_SENT, channel="slack") == 0
    one.deliver(pending(*(named(n) for n in range(5))))
    assert meters.value(NOTIFICATIONS_FAILED, channel="slack") == 2
    assert meters.value(NOTIFICATIONS_SENT, channel="slack") == 3
    one.stop()


# ---- the whole of it, in threads ----

PACE = Pace(0.02, 7 * DAY, DAY)


def notifier(
    ask: Callable[[datetime], Sequence[dict[str, Any]]], *couriers: Courier
) -> Notifier:  # fmt: skip
    return Notifier(ask, couriers, PACE, lambda: NOW)


def wait_for(condition: Callable[[], bool]) -> None:
    wait_until(condition, 10)


def test_a_channel_that_hangs_delays_neither_others_nor_the_end() -> None:
    gate = threading.Event()
    hung, good = ChannelDouble(hangs=gate), ChannelDouble(ChannelName.WEBHOOK)
    one = notifier(lambda _: [named(1)], courier(hung, LogDouble()), courier(good, LogDouble()))
    one.start()
    wait_for(lambda: good.told == ["i1:opened"])
    assert hung.told == []
    gate.set()
    one.stop()
    assert good.is_closed
    assert hung.is_closed


def test_the_lake_is_asked_for_the_days_of_the_look_and_its_outage_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked: list[datetime] = []
    is_away = True

    def ask(since: datetime) -> Sequence[dict[str, Any]]:
        asked.append(since)
        if is_away:
            raise AdlakeError("no Trino answers")
        return [named(1)]

    channel = ChannelDouble()
    one = notifier(ask, courier(channel, LogDouble()))
    one.start()
    wait_for(lambda: len(asked) > 3)
    assert [r.getMessage() for r in caplog.records] == ["notifications wait: no Trino answers"]
    is_away = False
    wait_for(lambda: channel.told == ["i1:opened"])
    one.stop()
    assert asked[0] == NOW - 7 * DAY


def test_an_outage_of_the_log_and_a_bug_are_told_once_and_end_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(ChannelDouble):
        def tell(self, notice: Notice) -> Outcome:
            if notice.incident_id == "i1":
                raise RuntimeError("a bug")
            return super().tell(notice)

    log, looks = LogDouble(is_away=True), 0

    def ask(_since: datetime) -> Sequence[dict[str, Any]]:
        nonlocal looks
        looks += 1
        return [named(1)] if looks < 20 else [named(2)]

    channel = Broken()
    one = notifier(ask, courier(channel, log))
    with caplog.at_level(logging.WARNING):
        one.start()
        wait_for(lambda: looks > 5)
        log.is_away = False
        wait_for(lambda: channel.told == ["i2:opened"])
        one.stop()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0] == (
        "notification channel slack waits for the control database (connection refused)"
    )
    assert said[1].endswith("unexpected RuntimeError")


def test_a_row_that_cannot_be_told_does_not_hide_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    channel = ChannelDouble()
    one = notifier(
        lambda _: [named(1, rule="Z"), {"incident_id": "i3"}, named(2)],
        courier(channel, LogDouble()),
    )
    one.start()
    wait_for(lambda: channel.told == ["i2:opened"])
    one.stop()
    assert "cannot be told" in caplog.text


def test_incidents_are_told_in_the_order_of_their_transitions() -> None:
    channel = ChannelDouble()
    rows = [named(2, opened_at=TEN + 9 * MINUTE), closed(incident_id="i1", minutes=8)]
    one = notifier(lambda _: rows, courier(channel, LogDouble()))
    one.start()
    wait_for(lambda: len(channel.told) == 3)
    one.stop()
    assert channel.told == ["i1:opened", "i1:resolved", "i2:opened"]


def test_without_channels_nobody_asks() -> None:
    def ask(_since: datetime) -> Sequence[dict[str, Any]]:
        raise AssertionError

    one = notifier(ask)
    one.start()
    time.sleep(0.05)
    one.stop()
