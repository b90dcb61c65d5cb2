"""Prometheus: reads the stream's metrics and judges them by the rules of infra/prometheus."""

from __future__ import annotations

from typing import ClassVar

from adlake.contracts.address import LOOPBACK
from adlake.devstack.services.templates import INFRA_FOLDER, render
from adlake.devstack.services.watching import Watcher, hurried, milliseconds, quoted

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
        ports, monitoring = self.settings.ports, self.settings.monitoring
        rules = self.folder / "alerts.yml"
        values = {
            "scrape_interval": milliseconds(monitoring.scrape_seconds),
            "rules": quoted(rules),
            "stream": quoted(f"{LOOPBACK}:{ports.metrics_port}"),
            "prometheus": quoted(f"{LOOPBACK}:{ports.prometheus_port}"),
            "alertmanager": quoted(f"{LOOPBACK}:{ports.alertmanager_port}"),
        }
        render("prometheus/prometheus.yml", self.folder / "prometheus.yml", values)
        text = (INFRA_FOLDER / "prometheus" / "alerts.yml").read_text()
        rules.write_text(hurried(text, monitoring.alert_pace, monitoring.scrape_seconds))
