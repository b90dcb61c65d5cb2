"""The traffic simulator that `make up` starts."""

from __future__ import annotations

from typing import ClassVar

from adlake.devstack.services.service import Service
from adlake.environment import command_line
from adlake.io.process_identity import age_seconds

SETTLED_SECONDS = 2.0


class Generator(Service):
    """Paced ad traffic into the topic."""

    name: ClassVar[str] = "generator"
    niceness: ClassVar[int] = 5
    """Simulated traffic can wait, too."""
    reads_secrets: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("kafka", "stream")
    grace_seconds: ClassVar[float] = 20.0

    def command(self) -> list[str]:
        """Argument vector."""
        wanted = self.settings.generator
        arguments = ["--rate", f"{wanted.generator_rate:g}", "--seed", str(wanted.generator_seed)]
        if wanted.generator_history:
            # A dashboard with one minute of data says nothing; this fills its charts.
            arguments += ["--history", wanted.generator_history]
            arguments += ["--history-events", str(wanted.generator_history_events)]
        if wanted.generator_business and self.settings.kafka.business_topic:
            arguments.append("--business")
        if self.settings.kafka.campaign_topic:
            arguments.append("--campaigns")
        return command_line("generate", *arguments)

    def ports(self) -> dict[str, int]:
        """None."""
        return {}

    def is_ready(self) -> bool:
        """It has survived its start, where a wrong topic or broker would have ended it."""
        main = self.main_process()
        return main is not None and age_seconds(main) > SETTLED_SECONDS
