"""Which channels the settings turn on, and what is refused without showing a secret."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adlake.alerts.courier import Pending
from adlake.contracts.notices import ChannelName
from adlake.io.postgres.driver import DatabaseError
from adlake.io.prometheus.meters import Meters
from adlake.settings import Settings, SettingsError
from adlake.wiring import notifications
from adlake.wiring.notifications import ChannelOffError, channels_of, notifier_of, send_trial

CANARY = "T00/canary/Yellow7"
URL = f"https://hooks.example/{CANARY}"
MAIL = {
    "ADLAKE_SMTP_HOST": "mail.example", "ADLAKE_SMTP_FROM": "adlake@shop.test",
    "ADLAKE_SMTP_TO": "team@shop.test, boss@shop.test",
}  # fmt: skip


def settings(**given: str) -> Settings:
    return Settings(dict(given))


def test_the_topic_alone_is_on_by_itself_and_can_be_switched_off() -> None:
    assert list(channels_of(settings())) == [ChannelName.KAFKA]
    assert channels_of(settings(ADLAKE_ALERT_TOPIC="")) == {}


def test_an_address_turns_its_channel_on(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(f"{URL}\n")
    on = channels_of(
        settings(ADLAKE_SLACK_WEBHOOK_URL=URL, ADLAKE_WEBHOOK_URL_FILE=str(file), **MAIL)
    )
    assert list(on) == list(ChannelName)
    assert {name: one.name for name, one in on.items()} == {name: name for name in ChannelName}


@pytest.mark.parametrize("url", [CANARY, f"ftp://a/{CANARY}", f"http:///{CANARY}",
                                 f"http://a:b/{CANARY}", f"http://[a/{CANARY}"])  # fmt: skip
def test_what_is_no_address_is_refused_unseen(url: str) -> None:
    with pytest.raises(SettingsError, match=r"ADLAKE_WEBHOOK_URL \(hidden\)") as refused:
        channels_of(settings(ADLAKE_WEBHOOK_URL=url))
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("missing", ["ADLAKE_SMTP_FROM", "ADLAKE_SMTP_TO"])
def test_mail_wants_a_sender_and_receivers(missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        channels_of(settings(**{name: one for name, one in MAIL.items() if name != missing}))


@pytest.mark.parametrize("wrong", ["team", "a@b@c", "a b@c", "a@b\nBcc: x@y"])
def test_what_is_no_mail_address_is_refused(wrong: str) -> None:
    with pytest.raises(SettingsError, match="ADLAKE_SMTP_TO"):
        settings(**{**MAIL, "ADLAKE_SMTP_TO": wrong})


def test_no_text_of_a_channel_or_of_the_notifier_holds_a_secret() -> None:
    given = settings(
        ADLAKE_SLACK_WEBHOOK_URL=URL, ADLAKE_WEBHOOK_URL=URL, ADLAKE_SMTP_USER="u",
        ADLAKE_SMTP_PASSWORD=CANARY, **MAIL,
    )  # fmt: skip
    parts: list[object] = [*channels_of(given).values(), notifier_of(given, Meters())]
    said = "".join(f"{one!r} {vars(one)!r}" for one in parts)
    assert said.count("*****") >= 3
    assert CANARY not in said
    assert CANARY not in str(given.as_environment(with_secrets=False))


def test_without_a_control_database_it_waits_and_says_what_to_do(tmp_path: Path) -> None:
    notifier = notifier_of(settings(ADLAKE_HOME=str(tmp_path / "none")), Meters())
    [courier] = notifier.couriers
    now = datetime.now(UTC)
    with pytest.raises(DatabaseError, match="make up"):
        courier.deliver(Pending((), now, now))


def test_a_channel_that_is_off_is_named_with_its_switch() -> None:
    with pytest.raises(ChannelOffError, match="ADLAKE_SMTP_HOST"):
        send_trial(settings(), "email")
    with pytest.raises(ChannelOffError, match="kafka, slack, webhook, email"):
        send_trial(settings(), "pigeon")
    assert set(notifications.SWITCHES) == set(ChannelName)
