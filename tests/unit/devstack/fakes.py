"""A small real service for tests of the launcher: a Python HTTP server with a child process."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from adlake.devstack.services.ports import accepts
from adlake.devstack.services.service import Service
from adlake.settings import Settings

SERVER = """
import http.server, signal, subprocess, sys
if "child" in sys.argv:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell ignores it
if "dies" in sys.argv:
    print("the reason of the death", flush=True)
    sys.exit(3)
address = ("127.0.0.1", int(sys.argv[1]))
http.server.HTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""


class FakeService(Service):
    """Serves HTTP on the dashboard's port; `habits` are words of SERVER."""

    name: ClassVar[str] = "fake"
    grace_seconds: ClassVar[float] = 1.0
    ready_seconds: ClassVar[float] = 20.0
    habits: tuple[str, ...] = ()

    def command(self) -> list[str]:
        port = self.settings.ports.dashboard_port
        return [sys.executable, "-c", SERVER, str(port), *self.habits]

    def ports(self) -> dict[str, int]:
        return {"ADLAKE_DASHBOARD_PORT": self.settings.ports.dashboard_port}

    def is_ready(self) -> bool:
        return accepts(self.settings.ports.dashboard_port)


def fake_service(home: Path, port: int, *habits: str) -> FakeService:
    """A service with its own state folder and port."""
    settings = Settings({"ADLAKE_HOME": str(home), "ADLAKE_DASHBOARD_PORT": str(port)})
    service = FakeService(settings)
    service.habits = habits
    return service
