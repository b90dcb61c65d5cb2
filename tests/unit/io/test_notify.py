"""Channels of notifications against real receivers: what they get, again and for how long."""

from __future__ import annotations

import logging
import threading
import time

import pytest
from pydantic import SecretStr

from adlake.alerts.messages import notices_of
from adlake.contracts.address import LOOPBACK
from adlake.contracts.notices import ChannelName, Notice, Outcome, Sending
from adlake.devstack.services.ports import free_ports
from adlake.io.notify.channel import WAITS_SECONDS, Channel, told
from adlake.io.notify.mail import Mail, MailServer
from adlake.io.notify.webhook import Webhook, as_record, as_slack_text
from tests.fixtures.incident_rows import incident
from tests.fixtures.receivers import HANG, HttpReceiver, http_receiver, mail_receiver

CANARY = "T00/canary/Yellow7"
[NOTICE] = notices_of(incident())


def webhook(receiver: HttpReceiver, timeout_seconds: float = 5.0) -> Webhook:
    return Webhook(ChannelName.WEBHOOK, SecretStr(receiver.url), as_record, timeout_seconds)


def mail(port: int, *receivers: str, **how: object) -> Mail:
    server = MailServer(LOOPBACK, port, starttls=False, **how)  # type: ignore[arg-type]
    return Mail(server, "adlake@shop.test", receivers or ("team@shop.test",))


def tell(channel: Channel, waits: tuple[float, ...] = (0.01, 0.01, 0.01)) -> Outcome:
    return told(channel, NOTICE, threading.Event(), waits)


def test_a_webhook_gets_the_record_as_it_is_under_its_key() -> None:
    with http_receiver() as receiver:
        receiver.path = "/hook/a?room=7"
        assert tell(webhook(receiver)) == Outcome(Sending.SENT, 200)
    assert receiver.bodies == [NOTICE.payload]
    assert receiver.keys == [NOTICE.key]
    assert receiver.paths == ["/hook/a?room=7"]
    assert receiver.headers[0]["Content-Type"].startswith("application/json")


def test_slack_gets_a_text_in_which_nothing_means_something_to_it() -> None:
    [notice] = notices_of(incident(campaign_id="<!channel> & co"))
    with http_receiver() as receiver:
        slack = Webhook(ChannelName.SLACK, SecretStr(receiver.url), as_slack_text)
        assert slack.tell(notice).is_sent
    [record] = receiver.records
    assert list(record) == ["text"]
    assert record["text"].startswith("ctr of &lt;!channel&gt; &amp; co 0.50 %")


def test_a_fault_of_the_receiver_comes_again_with_the_same_key() -> None:
    with http_receiver(500, 503) as receiver:
        assert tell(webhook(receiver)) == Outcome(Sending.SENT, 200, attempts=3)
    assert receiver.keys == [NOTICE.key] * 3
    assert receiver.bodies == [NOTICE.payload] * 3


@pytest.mark.parametrize("code", [301, 400, 404, 429])
def test_a_refusal_is_asked_once(code: int) -> None:
    with http_receiver(code) as receiver:
        outcome = tell(webhook(receiver))
    assert outcome == Outcome(Sending.FAILED, code, f"answered {code}", attempts=1)
    assert len(receiver.bodies) == 1


def test_patience_ends_after_four_requests() -> None:
    with http_receiver(500, 500, 500, 500) as receiver:
        outcome = tell(webhook(receiver))
    assert (outcome.code, outcome.attempts, outcome.may_pass_later) == (500, 4, True)
    assert len(receiver.bodies) == 4
    assert WAITS_SECONDS == (1, 5, 25)


def test_the_waits_are_those_that_are_given() -> None:
    with http_receiver(500, 500) as receiver:
        began = time.monotonic()
        assert tell(webhook(receiver), (0.1, 0.4, 9.0)).attempts == 3
    assert 0.5 <= time.monotonic() - began < 5


def test_no_answer_in_time_comes_again() -> None:
    with http_receiver(HANG) as receiver:
        began = time.monotonic()
        outcome = tell(webhook(receiver, timeout_seconds=0.2))
    assert (outcome.sending, outcome.attempts) == (Sending.SENT, 2)
    assert time.monotonic() - began < receiver.hang_seconds


def test_nobody_there_is_no_answer() -> None:
    [port] = free_ports(1)
    outcome = tell(webhook(HttpReceiver(port=port)), (0.01,))
    assert (outcome.code, outcome.attempts, outcome.may_pass_later) == (None, 2, True)


def test_who_ends_the_process_does_not_wait_for_patience() -> None:
    stopping = threading.Event()
    with http_receiver(500, 500, 500) as receiver:
        threading.Timer(0.2, stopping.set).start()
        began = time.monotonic()
        told(webhook(receiver), NOTICE, stopping, (30.0, 30.0))
    assert time.monotonic() - began < 10
    assert len(receiver.bodies) <= 2


def test_mail_has_subject_text_and_an_id_that_stays() -> None:
    with mail_receiver() as receiver:
        channel = mail(receiver.port, "team@shop.test", "boss@shop.test")
        assert tell(channel) == Outcome(Sending.SENT, 250)
        assert tell(channel).is_sent
    first, second = receiver.messages
    assert first["Subject"] == NOTICE.subject
    assert first["To"] == "team@shop.test, boss@shop.test"
    assert first.get_payload(decode=True).decode().strip() == NOTICE.text  # type: ignore[union-attr]
    assert first["Message-ID"] == f"<{'a' * 64}.opened@shop.test>" == second["Message-ID"]
    assert receiver.receivers[:2] == ["team@shop.test", "boss@shop.test"]


def test_mail_that_the_server_may_take_later_comes_again() -> None:
    with mail_receiver(451) as receiver:
        outcome = tell(mail(receiver.port))
    assert (outcome.sending, outcome.attempts) == (Sending.SENT, 2)


def test_mail_that_the_server_never_takes_is_handed_in_once() -> None:
    with mail_receiver(554) as receiver:
        outcome = tell(mail(receiver.port))
    assert (outcome.code, outcome.attempts, outcome.may_pass_later) == (554, 1, False)
    assert "secret.test" not in outcome.reason


def test_one_receiver_that_is_taken_is_enough() -> None:
    with mail_receiver() as receiver:
        receiver.refused = {"gone@shop.test": 550}
        assert tell(mail(receiver.port, "gone@shop.test", "team@shop.test")).is_sent
        outcome = tell(mail(receiver.port, "gone@shop.test"))
    assert (outcome.code, outcome.attempts) == (550, 1)


def test_nothing_is_said_in_the_clear_where_starttls_is_wanted() -> None:
    with mail_receiver() as receiver:
        server = MailServer(LOOPBACK, receiver.port)
        outcome = tell(Mail(server, "adlake@shop.test", ["team@shop.test"]))
    assert (outcome.is_sent, outcome.may_pass_later) == (False, False)
    assert receiver.receivers == []
    assert receiver.messages == []


def test_a_mail_server_that_does_not_know_a_login_is_no_outage() -> None:
    with mail_receiver() as receiver:
        outcome = tell(mail(receiver.port, user="u", password=SecretStr(CANARY)))
    assert (outcome.is_sent, outcome.attempts) == (False, 1)
    assert "ADLAKE_SMTP_USER" in outcome.reason


def test_no_mail_server_is_no_answer() -> None:
    [port] = free_ports(1)
    assert tell(mail(port), (0.01,)).may_pass_later


def test_neither_outcomes_nor_logs_hold_an_address_or_a_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    [port] = free_ports(1)
    outcomes = []
    with http_receiver(500, 404) as receiver:
        receiver.path = f"/{CANARY}"
        for url in (receiver.url, f"http://{LOOPBACK}:{port}/{CANARY}", f"http://a b/{CANARY}",
                    f"https://{LOOPBACK}:{receiver.port}/{CANARY}"):  # fmt: skip
            channel = Webhook(ChannelName.SLACK, SecretStr(url), as_record, 1.0)
            outcomes += [tell(channel, ()), channel]
    login = mail(port, user="u", password=SecretStr(CANARY))
    outcomes += [tell(login, ()), login]
    said = "".join(f"{one!r} {one} {vars(one)!r}" for one in outcomes) + caplog.text
    assert CANARY not in said
    assert "FAILED" in said


def test_a_notice_is_for_all_channels_unless_it_names_some() -> None:
    one = Notice("i", "opened", NOTICE.at, "s", "t", b"{}", frozenset({"kafka"}))
    assert [one.is_for(name) for name in ("kafka", "slack")] == [True, False]
