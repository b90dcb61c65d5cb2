"""Alertmanager: tells people what fires, once, and that it is over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

from adlake.contracts.address import LOOPBACK
from adlake.devstack.services.templates import PRIVATE, render
from adlake.devstack.services.watching import Watcher, milliseconds
from adlake.settings import Settings

GROUP_WAIT_SECONDS = 10.0
"""What fires together is told together."""
GROUP_INTERVAL_SECONDS = 60.0
"""Between two messages about the same group."""


class Alertmanager(Watcher):
    """Routes alerts to the webhook of the settings; without one it shows them only."""

    name: ClassVar[str] = "alertmanager"
    programs: ClassVar[tuple[str, ...]] = ("prometheus-alertmanager", "alertmanager")
    package: ClassVar[str] = "prometheus-alertmanager"

    def command(self) -> list[str]:
        """Argument vector; alone, so without a cluster."""
        return [
            self.program(), f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.data}", "--cluster.listen-address=",
            f"--web.listen-address={LOOPBACK}:{self.settings.ports.alertmanager_port}",
            "--log.level=warn",
        ]  # fmt: skip

    def ports(self) -> dict[str, int]:
        """HTTP."""
        return {"ADLAKE_ALERTMANAGER_PORT": self.settings.ports.alertmanager_port}

    def configure(self) -> None:
        """Who is told; the file is ours alone, since the address may be a secret."""
        write_configuration(self.settings, self.folder)


def write_configuration(settings: Settings, folder: Path, mode: int = PRIVATE) -> None:
    """Write who is told into `folder`."""
    pace, webhook = settings.monitoring.alert_pace, settings.alert_webhook()
    receivers = [] if webhook is None else [{"url": webhook.get_secret_value()}]
    values = {
        "group_wait": milliseconds(GROUP_WAIT_SECONDS * pace),
        "group_interval": milliseconds(GROUP_INTERVAL_SECONDS * pace),
        "webhooks": json.dumps(receivers),
    }
    render("alertmanager/alertmanager.yml", folder / "alertmanager.yml", values, mode)
