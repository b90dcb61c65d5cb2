"""What settings say to who tells people and programs of incidents."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from adlake.alerts.courier import Courier, Patience
from adlake.alerts.messages import Row, trial_notice
from adlake.alerts.notifier import Notifier, Pace
from adlake.contracts.errors import AdlakeError
from adlake.contracts.notices import ChannelName, Outcome, Sending
from adlake.io.notify.channel import Channel
from adlake.io.notify.mail import Mail, MailServer
from adlake.io.notify.topic import TopicChannel
from adlake.io.notify.webhook import Webhook, as_record, as_slack_text
from adlake.io.postgres.driver import Connection, DatabaseAwayError
from adlake.io.postgres.lease import Connect
from adlake.io.postgres.notifications import LoggedOnChannel, NotificationLog
from adlake.io.prometheus.meters import Meters
from adlake.io.sql import trino
from adlake.io.sql.files import sql_text
from adlake.io.trino.client import connect
from adlake.provision.outside import kafka_access
from adlake.settings import Settings, SettingsError
from adlake.settings.outside import secret_of
from adlake.wiring.control import lease_connect

SWITCHES = {
    ChannelName.KAFKA: "ADLAKE_ALERT_TOPIC",
    ChannelName.SLACK: "ADLAKE_SLACK_WEBHOOK_URL",
    ChannelName.WEBHOOK: "ADLAKE_WEBHOOK_URL",
    ChannelName.EMAIL: "ADLAKE_SMTP_HOST",
}
"""What turns each channel on."""


class ChannelOffError(AdlakeError):
    """There is no such channel, or it is off."""


def channels_of(settings: Settings) -> dict[ChannelName, Channel]:
    """The channels that are on.

    Raises:
        SettingsError: the address of one cannot be one, or something of it is missing.
    """
    told = settings.notifications
    found: dict[ChannelName, Channel] = {}
    if settings.kafka.alert_topic:
        topic = TopicChannel(kafka_access(settings), settings.kafka.alert_topic)
        found[ChannelName.KAFKA] = topic
    for name, setting, body_of in (
        (ChannelName.SLACK, "slack_webhook_url", as_slack_text),
        (ChannelName.WEBHOOK, "webhook_url", as_record),
    ):
        url = secret_of(told, setting)
        if url is not None:
            _refuse_no_address(url, f"ADLAKE_{setting.upper()}")
            found[name] = Webhook(name, url, body_of)
    if told.smtp_host:
        found[ChannelName.EMAIL] = _mail(settings)
    return found


def _refuse_no_address(url: SecretStr, name: str) -> None:
    try:
        parts = urlsplit(url.get_secret_value())
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_address = is_address and (parts.port is None or parts.port > 0)
    except ValueError:
        is_address = False
    if not is_address:
        raise SettingsError(f"{name} (hidden) is no http(s) address")


def _mail(settings: Settings) -> Mail:
    told = settings.notifications
    receivers = [one.strip() for one in told.smtp_to.split(",") if one.strip()]
    if not told.smtp_from or not receivers:
        raise SettingsError("ADLAKE_SMTP_HOST wants ADLAKE_SMTP_FROM and ADLAKE_SMTP_TO too")
    password = secret_of(told, "smtp_password")
    server = MailServer(
        told.smtp_host, told.smtp_port, told.smtp_starttls, told.smtp_user, password
    )
    return Mail(server, told.smtp_from.strip(), receivers)


def notifier_of(settings: Settings, meters: Meters) -> Notifier:
    """What tells the incidents of this lake; nothing is connected before it looks first.

    Raises:
        SettingsError: of a channel.
    """
    told = settings.notifications
    notifications = NotificationLog(_LateConnect(partial(lease_connect, settings)))
    patience = Patience(told.notify_rounds)
    return Notifier(
        partial(incidents_since, settings),
        [
            Courier(one, notifications, patience, meters)
            for one in channels_of(settings).values()
        ],
        Pace(
            told.notify_every_seconds, timedelta(days=told.notify_look_back_days),
            timedelta(hours=told.notify_fresh_hours),
        ),
    )  # fmt: skip


@dataclass
class _LateConnect:
    """Looks at the control database when it is needed first: the API starts without it."""

    make: Callable[[], Connect]
    _connect: Connect | None = None

    def __call__(self) -> Connection[Any]:
        if self._connect is None:
            try:
                self._connect = self.make()
            except (AdlakeError, SettingsError) as error:
                raise DatabaseAwayError(str(error)) from None
        return self._connect()


def newest_notifications(
    settings: Settings, state: Sending, most: int, *, is_final: bool
) -> list[LoggedOnChannel]:
    """What became of the newest notifications.

    Raises:
        AdlakeError: the control database does not answer, or is not that of this lake.
    """
    log = NotificationLog(_LateConnect(partial(lease_connect, settings)))
    return log.newest(state, most, is_final=is_final)


def incidents_since(settings: Settings, moment: datetime) -> Sequence[Row]:
    """Incidents with a transition since a moment.

    Raises:
        AdlakeError: Trino does not answer, or the table is not there yet.
    """
    statement, values = trino.rendered(sql_text("alerts/told_incidents"), {"since": moment})
    with connect(settings.ports.trino_port, settings.ports.trino_host) as client:
        return client.records(statement, values)


def send_trial(settings: Settings, channel: str = "") -> dict[str, Outcome]:
    """Send a message that says it is a test, once, to one channel or to all that are on.

    Raises:
        ChannelOffError: there is no such channel, or it is off.
        SettingsError: of a channel.
    """
    known = [one.value for one in ChannelName]
    if channel and channel not in known:
        raise ChannelOffError(f"no channel is called {channel}; there are {', '.join(known)}")
    on = channels_of(settings)
    if channel and ChannelName(channel) not in on:
        raise ChannelOffError(
            f"channel {channel} is off: {SWITCHES[ChannelName(channel)]} is not set"
        )
    outcomes: dict[str, Outcome] = {}
    for name, one in on.items():
        if channel in ("", name):
            with closing(one):
                outcomes[name] = one.tell(trial_notice(name, f"test-{uuid.uuid4()}"))
    return outcomes
