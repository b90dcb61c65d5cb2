"""Settings of the notifications: whom the KPI alerts tell, and how."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from adlake.settings.outside import FILE_INSTEAD, Concern, OptionalFile, Port, secret


def _mail_addresses(text: str) -> str:
    for one in filter(None, (part.strip() for part in text.split(","))):
        is_address = one.isascii() and one.isprintable() and one.count("@") == 1
        if not is_address or " " in one:
            raise ValueError("not a mail address, or several with commas between")
    return text


Addresses = Annotated[str, AfterValidator(_mail_addresses)]


class NotificationSettings(Concern):
    """Notifications of KPI alerts: a channel is on when its address is set."""

    slack_webhook_url: SecretStr = secret(
        "http(s) address that takes texts as Slack does; empty: off"
    )
    slack_webhook_url_file: OptionalFile = Field(None, description=FILE_INSTEAD)
    webhook_url: SecretStr = secret("http(s) address that takes the JSON records; empty: off")
    webhook_url_file: OptionalFile = Field(None, description=FILE_INSTEAD)
    smtp_host: str = Field("", description="server that takes mail; empty: off")
    smtp_port: Port = Field(587, description="its port")
    smtp_starttls: bool = Field(
        True, description="encrypt before anything is said; off only for a server of this machine"
    )
    smtp_user: str = Field("", description="who logs in; empty: nobody does")
    smtp_password: SecretStr = secret("that user's password")
    smtp_password_file: OptionalFile = Field(None, description=FILE_INSTEAD)
    smtp_from: Addresses = Field("", description="sender of the mail")
    smtp_to: Addresses = Field("", description="who gets it, with commas between")
    notify_every_seconds: float = Field(
        10.0, gt=0, description="how often the API looks for something to tell"
    )
    notify_rounds: int = Field(
        20, ge=1,
        description="how often people's channels are tried for one message (four requests each) "
        "before it is given up; the topic is tried until it works",
    )  # fmt: skip
    notify_fresh_hours: float = Field(
        24.0, gt=0, description="people are not told of what was older when it was first seen"
    )
    notify_look_back_days: float = Field(
        7.0, gt=0, description="older transitions are not looked at, not for the topic either"
    )
