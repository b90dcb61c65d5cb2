"""Prometheus: reads the stream's metrics and judges them by the rules of infra/prometheus."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from adlake.contracts.address import LOOPBACK
from adlake.devstack.services.templates import INFRA_FOLDER, PRIVATE, render
from adlake.devstack.services.watching import Watcher, hurried, milliseconds, quoted
from adlake.settings import Settings

KEPT = ("--storage.tsdb.retention.time=15d", "--storage.tsdb.retention.size=1GB")


class Prometheus(Watcher):
    """The time series and the alert rules."""

    name: ClassVar[str] = "prometheus"
    programs: ClassVar[tuple[str, ...]] = ("prometheus",)
    package: ClassVar[str] = "prometheus"

    def command(self) -> list[str]:
        """Argument vector."""
        return [
            self.program(), f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.data}", *KEPT,
            f"--web.listen-address={LOOPBACK}:{self.settings.ports.prometheus_port}",
            "--log.level=warn",
        ]  # fmt: skip

    def ports(self) -> dict[str, int]:
        """HTTP."""
        return {"ADLAKE_PROMETHEUS_PORT": self.settings.ports.prometheus_port}

    def configure(self) -> None:
        """What is scraped, how often, and the rules."""
        ports = self.settings.ports
        write_configuration(
            self.settings, self.folder, rules=self.folder / "alerts.yml",
            stream=f"{LOOPBACK}:{ports.metrics_port}", api=f"{LOOPBACK}:{ports.api_port}",
            own=f"{LOOPBACK}:{ports.prometheus_port}",
            alertmanager=f"{LOOPBACK}:{ports.alertmanager_port}",
        )  # fmt: skip


def write_configuration(
    settings: Settings, folder: Path, *, rules: Path, stream: str, api: str, own: str,
    alertmanager: str, mode: int = PRIVATE,
) -> None:  # fmt: skip
    """Write configuration and rules into `folder`; `rules` is where Prometheus finds them."""
    monitoring = settings.monitoring
    values = {
        "scrape_interval": milliseconds(monitoring.scrape_seconds),
        "rules": quoted(rules),
        "stream": quoted(stream),
        "api": quoted(api),
        "prometheus": quoted(own),
        "alertmanager": quoted(alertmanager),
    }
    render("prometheus/prometheus.yml", folder / "prometheus.yml", values, mode)
    text = (INFRA_FOLDER / "prometheus" / "alerts.yml").read_text()
    paced = hurried(text, monitoring.alert_pace, monitoring.scrape_seconds)
    (folder / "alerts.yml").write_text(paced)
