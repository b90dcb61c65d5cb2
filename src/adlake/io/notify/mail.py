"""Sends notices by mail, as plain text."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from pydantic import SecretStr

from adlake.contracts.notices import ChannelName, Notice, Outcome, Sending
from adlake.io.notify.channel import ANSWER_SECONDS, failed

TRY_AGAIN: Final = range(400, 500)
"""SMTP says with 4xx what it may take later and with 5xx what it never will: not as HTTP does."""
ACCEPTED: Final = 250


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, and how."""

    host: str
    port: int
    starttls: bool = True
    user: str = ""
    password: SecretStr | None = None
    timeout_seconds: float = ANSWER_SECONDS


class Mail:
    """A sender and who gets the mail; a connection lives for one message."""

    name: Final = ChannelName.EMAIL

    def __init__(self, server: MailServer, sender: str, receivers: Sequence[str]) -> None:
        self._server = server
        self._sender = sender
        self._receivers = tuple(receivers)

    def tell(self, notice: Notice) -> Outcome:
        """Hand it in once; one receiver that the server takes is enough."""
        try:
            self._hand_in(self._message(notice))
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            may_pass = all(code in TRY_AGAIN for code in codes)
            return failed("no receiver is taken", max(codes), may_pass_later=may_pass)
        except smtplib.SMTPException as error:
            return _failure_of(error)
        except TimeoutError:
            seconds = self._server.timeout_seconds
            return failed(f"no answer in {seconds:g} s", may_pass_later=True)
        except OSError as error:
            return failed(f"no answer ({type(error).__name__})", may_pass_later=True)
        return Outcome(Sending.SENT, ACCEPTED)

    def close(self) -> None:
        """Nothing is open."""

    def _hand_in(self, message: EmailMessage) -> None:
        one = self._server
        with smtplib.SMTP(one.host, one.port, timeout=one.timeout_seconds) as server:
            if one.starttls:
                server.starttls(context=ssl.create_default_context())
            if one.user:
                password = one.password.get_secret_value() if one.password else ""
                server.login(one.user, password)
            server.send_message(message, self._sender, self._receivers)

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = ", ".join(self._receivers)
        message["Subject"] = notice.subject
        message["Date"] = format_datetime(notice.at)
        # The same notice has the same id, by which a mail program drops a repetition.
        domain = self._sender.rpartition("@")[2] or "adlake"
        message["Message-ID"] = f"<{notice.incident_id}.{notice.transition}@{domain}>"
        message.set_content(f"{notice.text}\n")
        return message


def _failure_of(error: smtplib.SMTPException) -> Outcome:
    """Not in the server's words: they may quote a user or an address."""
    kind = type(error).__name__
    if isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
        return failed(f"{kind} {code}", code, may_pass_later=code in TRY_AGAIN)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return failed("the server hung up", may_pass_later=True)
    # It lacks STARTTLS or a way to log in: so it does the next time.
    return failed(f"{kind}: see ADLAKE_SMTP_STARTTLS and ADLAKE_SMTP_USER", may_pass_later=False)
