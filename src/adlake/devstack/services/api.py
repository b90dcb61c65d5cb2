"""The HTTP API."""

from __future__ import annotations

from typing import ClassVar

from adlake.devstack.services.http import fetch
from adlake.devstack.services.service import Service
from adlake.environment import command_line


class Api(Service):
    """Takes events in over HTTP."""

    name: ClassVar[str] = "api"
    reads_secrets: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("kafka",)
    """Without Trino it still takes events in, and says so."""
    grace_seconds: ClassVar[float] = 10.0

    def command(self) -> list[str]:
        """Argument vector."""
        return command_line("serve")

    def ports(self) -> dict[str, int]:
        """HTTP."""
        return {"ADLAKE_API_PORT": self.settings.ports.api_port}

    def is_ready(self) -> bool:
        """It answers."""
        return fetch(f"http://127.0.0.1:{self.settings.ports.api_port}/live") is not None
