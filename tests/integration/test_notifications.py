"""Notifications on a real control database, to real receivers: once, whoever tells and restarts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import MagicMock

import psycopg
import pytest

from adlake.alerts.courier import Courier, Patience, Pending
from adlake.alerts.messages import notices_of
from adlake.contracts.notices import ChannelName, Sending
from adlake.io.notify.channel import failed
from adlake.io.postgres.driver import DatabaseError
from adlake.io.postgres.notifications import NotificationLog
from adlake.io.prometheus.meters import Meters
from adlake.settings import Settings
from adlake.wiring import notifications
from adlake.wiring.lake import lease_connect
from adlake.wiring.notifications import channels_of, newest_notifications, notifier_of
from tests.fixtures.incident_rows import TEN, closed, incident
from tests.fixtures.lake import Lake
from tests.fixtures.receivers import HttpReceiver, http_receiver, mail_receiver

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

NOW = TEN + timedelta(hours=1)
SINCE = NOW - timedelta(days=7)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    lake = Lake(tmp_path_factory.mktemp("notifications") / "home")
    with lake.running(only=["postgres"]):
        yield lake


@pytest.fixture
def log(lake: Lake) -> NotificationLog:
    return NotificationLog(lease_connect(lake.settings()))


def rows_of(log: NotificationLog, incident_id: str) -> list[tuple[Any, ...]]:
    with log.connect() as connection:
        return connection.execute(
            "SELECT transition, channel, state, is_final, attempts, rounds, response_code, "
            "sent_at IS NOT NULL FROM adlake.notifications WHERE incident_id = %s "
            "ORDER BY transition_at, channel",
            (incident_id,),
        ).fetchall()


def courier(lake: Lake, log: NotificationLog, receiver: HttpReceiver, rounds: int = 3) -> Courier:
    settings = lake.settings(WEBHOOK_URL=receiver.url, ALERT_TOPIC="")
    [channel] = channels_of(settings).values()
    return Courier(channel, log, Patience(rounds, (0.01,)), Meters())


def pending(**columns: Any) -> Pending:  # noqa: ANN401 - of any column
    return Pending(notices_of(incident(**columns)), SINCE, NOW - timedelta(days=1))


def test_a_fault_then_a_yes_is_two_requests_and_one_sent(lake: Lake, log: NotificationLog) -> None:
    with http_receiver(500) as receiver:
        courier(lake, log, receiver).deliver(pending(incident_id="fault"))
        assert len(receiver.bodies) == 2
        # A restart: another connection, another thread, the same log.
        courier(lake, log, receiver).deliver(pending(incident_id="fault"))
        assert len(receiver.bodies) == 2
    assert rows_of(log, "fault") == [("opened", "webhook", "SENT", True, 2, 1, 200, True)]


def test_a_refusal_is_one_request_and_failed(lake: Lake, log: NotificationLog) -> None:
    with http_receiver(404) as receiver:
        for _ in range(2):
            courier(lake, log, receiver).deliver(pending(incident_id="refusal"))
        assert len(receiver.bodies) == 1
    assert rows_of(log, "refusal") == [("opened", "webhook", "FAILED", True, 1, 1, 404, False)]


def test_those_given_up_are_told_apart_the_newest_outcome_first(
    lake: Lake, log: NotificationLog
) -> None:
    with http_receiver(404, 404) as receiver:
        for name in ("given-up-1", "given-up-2"):
            courier(lake, log, receiver).deliver(pending(incident_id=name))
    with http_receiver(*[503] * 2) as receiver:
        courier(lake, log, receiver, rounds=9).deliver(pending(incident_id="tried-again"))
    with http_receiver() as receiver:
        courier(lake, log, receiver).deliver(pending(incident_id="told"))

    def told(state: Sending, most: int = 100, *, is_final: bool = True) -> list[str]:
        found = newest_notifications(lake.settings(), state, most, is_final=is_final)
        assert all((one.state, one.is_final) == (state, is_final) for one in found)
        return [one.incident_id for one in found]

    assert told(Sending.FAILED)[:2] == ["given-up-2", "given-up-1"]
    assert told(Sending.FAILED, 1) == ["given-up-2"]
    assert told(Sending.FAILED, is_final=False)[0] == "tried-again"
    assert told(Sending.SENT)[0] == "told"
    [newest] = newest_notifications(lake.settings(), Sending.FAILED, 1, is_final=True)
    assert (newest.channel, newest.response_code, newest.sent_at) == ("webhook", 404, None)
    assert newest.changed_at > newest.transition_at


def test_an_outage_is_counted_and_ends_when_it_is_over(lake: Lake, log: NotificationLog) -> None:
    with http_receiver(*[503] * 4) as receiver:
        for _ in range(2):
            courier(lake, log, receiver, rounds=9).deliver(pending(incident_id="outage"))
        assert rows_of(log, "outage") == [("opened", "webhook", "FAILED", False, 4, 2, 503, False)]
        courier(lake, log, receiver, rounds=9).deliver(pending(incident_id="outage"))
    assert rows_of(log, "outage") == [("opened", "webhook", "SENT", True, 5, 3, 200, True)]
    assert len(set(receiver.keys)) == 1


def test_who_has_told_a_channel_leaves_it_to_the_next_at_once(log: NotificationLog) -> None:
    """Also where the server has not found yet that its connection was closed."""
    with ExitStack() as closing:

        def connect() -> Any:  # noqa: ANN401 - as the driver types it
            connection = log.connect()
            closing.callback(connection.close)
            held: Any = MagicMock(wraps=connection)
            held.close = lambda: None
            return held

        slow = replace(log, connect=connect)
        for _ in range(2):
            with slow.alone("webhook") as known:
                assert known is not None


def test_a_crash_after_the_request_repeats_it_under_its_key(
    lake: Lake, log: NotificationLog
) -> None:
    """The database ends the connection between the request and the log, as a crash would."""
    with http_receiver() as receiver:
        one = courier(lake, log, receiver)
        tell = one.channel.tell

        def tell_and_lose(notice: Any) -> Any:  # noqa: ANN401 - passes through
            outcome = tell(notice)
            with log.connect() as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND usename = current_user "
                    "AND datname = current_database()"
                )
            return outcome

        one.channel.tell = tell_and_lose  # type: ignore[method-assign]
        with pytest.raises(DatabaseError):
            one.deliver(pending(incident_id="crash"))
        assert rows_of(log, "crash") == []
        courier(lake, log, receiver).deliver(pending(incident_id="crash"))
    assert receiver.keys == ["crash:opened"] * 2
    assert receiver.bodies[0] == receiver.bodies[1]
    assert [row[2] for row in rows_of(log, "crash")] == ["SENT"]


def test_what_was_sent_stays_sent(log: NotificationLog, lake: Lake) -> None:
    with http_receiver() as receiver:
        courier(lake, log, receiver).deliver(pending(incident_id="stays"))
    [notice] = notices_of(incident(incident_id="stays"))
    with log.alone("webhook") as known:
        assert known is not None
        outcome = known.since(SINCE)["stays", "opened"]
        assert outcome.is_sent
        known.record(notice, failed("answered 404", 404, may_pass_later=False), is_final=True)
    assert [row[2] for row in rows_of(log, "stays")] == ["SENT"]


def test_one_process_tells_a_channel_and_another_one_another(log: NotificationLog) -> None:
    with log.alone("slack") as first:
        assert first is not None
        with log.alone("slack") as second, log.alone("email") as other:
            assert second is None
            assert other is not None
    with log.alone("slack") as again:
        assert again is not None, "the lock ends with the connection"


def test_the_table_refuses_what_is_no_notification(log: NotificationLog) -> None:
    wrong = (
        "INSERT INTO adlake.notifications (incident_id, transition, channel, transition_at, state,"
        " is_final, attempts, sent_at) VALUES ('w', %s, %s, now(), %s, true, 1, %s)"
    )
    for values in (
        ("reopened", "slack", "FAILED", None), ("opened", "pigeon", "FAILED", None),
        ("opened", "slack", "SENT", None), ("opened", "slack", "FAILED", "2026-03-02"),
    ):  # fmt: skip
        with log.connect() as connection, pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(wrong, values)


def test_the_notifier_of_the_settings_tells_all_channels_in_threads(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The whole of it but for Trino and the broker: two kinds of web hooks and mail."""
    caplog.set_level("DEBUG")
    now = {"rows": [incident(incident_id="whole")]}
    seen = threading.Event()

    def asked(_settings: Settings, _since: object) -> list[dict[str, Any]]:
        seen.set()
        return now["rows"]

    monkeypatch.setattr(notifications, "incidents_since", asked)
    with http_receiver() as slack, http_receiver() as hook, mail_receiver() as mail:
        slack.path = hook.path = "/canary/Yellow7"
        settings = lake.settings(
            SLACK_WEBHOOK_URL=slack.url, WEBHOOK_URL=hook.url, SMTP_HOST="127.0.0.1",
            SMTP_PORT=str(mail.port), SMTP_STARTTLS="false", SMTP_FROM="adlake@shop.test",
            SMTP_TO="team@shop.test", NOTIFY_EVERY_SECONDS="0.05", ALERT_TOPIC="",
        )  # fmt: skip
        for rows in ([incident(incident_id="whole")], [closed(incident_id="whole")]):
            now["rows"] = rows
            one = notifier_of(settings, Meters())
            one.now = lambda: NOW
            one.start()
            expected = len(rows) + (rows[0]["state"] != "open")
            wait = threading.Event()
            for _ in range(200):
                if min(len(slack.bodies), len(hook.bodies), len(mail.messages)) >= expected:
                    break
                wait.wait(0.05)
            one.stop()
    assert [record["transition"] for record in hook.records] == ["opened", "resolved"]
    assert [record["text"].partition(":")[0][:8] for record in slack.records] == [
        "ctr of c", "resolved",
    ]  # fmt: skip
    assert len(mail.messages) == 2
    log = NotificationLog(partial(lease_connect(lake.settings())))
    assert {(row[0], row[1], row[2]) for row in rows_of(log, "whole")} == {
        (transition, channel, "SENT")
        for transition in ("opened", "resolved")
        for channel in set(ChannelName) - {ChannelName.KAFKA}
    }
    assert "Yellow7" not in caplog.text
