"""The Streamlit dashboard."""

from __future__ import annotations

from typing import ClassVar

from adlake.devstack.services.http import fetch
from adlake.devstack.services.service import Service
from adlake.environment import module_line


class Dashboard(Service):
    """The pages over the lake."""

    name: ClassVar[str] = "dashboard"
    reads_secrets: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("trino",)
    grace_seconds: ClassVar[float] = 10.0

    def command(self) -> list[str]:
        """Argument vector."""
        return module_line(
            "adlake.dashboard",
            "--server.port", str(self.settings.ports.dashboard_port),
            "--server.address", self.settings.containers.bind_address, "--server.headless", "true",
            "--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false",
        )  # fmt: skip

    def ports(self) -> dict[str, int]:
        """HTTP."""
        return {"ADLAKE_DASHBOARD_PORT": self.settings.ports.dashboard_port}

    def is_ready(self) -> bool:
        """Streamlit says so."""
        url = f"http://127.0.0.1:{self.settings.ports.dashboard_port}/_stcore/health"
        return fetch(url) == b"ok"
