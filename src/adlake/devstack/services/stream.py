"""The attribution streaming job: a Python driver with its JVM."""

from __future__ import annotations

from typing import ClassVar

import psutil

from adlake.devstack.services.service import Service
from adlake.environment import command_line
from adlake.settings import Settings
from adlake.streaming.ready_file import WaitingNote


class Stream(Service):
    """Spark Structured Streaming from the topic into the lake."""

    name: ClassVar[str] = "stream"
    reads_secrets: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("postgres", "kafka")
    niceness: ClassVar[int] = 5
    """Its batches take all there is; who opens a page waits for milliseconds of it."""
    grace_seconds: ClassVar[float] = 35.0
    ready_seconds: ClassVar[float] = 300.0

    def command(self) -> list[str]:
        """Argument vector."""
        return command_line("stream")

    def ports(self) -> dict[str, int]:
        """Spark UI and metrics."""
        return {
            "ADLAKE_SPARK_UI_PORT": self.settings.ports.spark_ui_port,
            "ADLAKE_METRICS_PORT": self.settings.ports.metrics_port,
        }

    def environment(self) -> dict[str, str]:
        """The JDK that Spark accepts, for this process only."""
        return {"JAVA_HOME": str(self.installation.jdk.home)}

    def prepare(self) -> None:
        """What a driver before this one waited for is over."""
        WaitingNote(self.settings.paths.stream_ready_file).forget()

    def is_ready(self) -> bool:
        """The running driver has written its own pid: its first work is done."""
        main = self.main_process()
        ready_file = self.settings.paths.stream_ready_file
        try:
            return main is not None and int(ready_file.read_text()) == main.pid
        except (OSError, ValueError):
            return False

    def waits_for(self) -> str:
        """What the running driver waits for, as it says itself."""
        return WaitingNote(self.settings.paths.stream_ready_file).read()


def streams_here(settings: Settings) -> bool:
    """Whether a stream runs on this home: as a service, or by hand once its first work is done."""
    if Stream(settings, None).main_process() is not None:
        return True
    try:
        pid = int(settings.paths.stream_ready_file.read_text())
    except (OSError, ValueError):
        return False
    return psutil.pid_exists(pid)
