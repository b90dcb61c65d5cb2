"""Kafka: one KRaft node that is broker and controller."""

from __future__ import annotations

import base64
import subprocess
import uuid
from pathlib import Path
from typing import ClassVar

from adlake import environment
from adlake.contracts.address import parse_addresses
from adlake.devstack.errors import DevstackError
from adlake.devstack.install.java import collector, own_options
from adlake.devstack.install.unpack import complete_or_absent
from adlake.devstack.services.ports import HOST, accepts, answers
from adlake.devstack.services.service import Service
from adlake.devstack.services.templates import INFRA_FOLDER, render

HEAP = "-Xmx448m"
FORMAT_SECONDS = 120


class Kafka(Service):
    """The broker with the event topic."""

    name: ClassVar[str] = "kafka"
    elsewhere_setting: ClassVar[str] = "ADLAKE_KAFKA_BOOTSTRAP"
    grace_seconds: ClassVar[float] = 30.0

    def command(self) -> list[str]:
        """Argument vector."""
        return [*self._java(), "kafka.Kafka", str(self._folder / "server.properties")]

    def ports(self) -> dict[str, int]:
        """Broker and controller."""
        ports = self.settings.ports
        return {
            "ADLAKE_KAFKA_PORT": ports.kafka_port,
            "ADLAKE_KAFKA_CONTROLLER_PORT": ports.kafka_controller_port,
        }

    def elsewhere(self) -> str:
        """The brokers of others: not on this machine, or with a login that ours has not."""
        return "" if self.settings.has_own_kafka else self.settings.bootstrap_servers

    def is_ready(self) -> bool:
        """The broker answers a metadata request; one of others accepts a connection."""
        if self.elsewhere():
            return any(answers(one) for one in parse_addresses(self.settings.bootstrap_servers))
        port = self.settings.ports.kafka_port
        if not accepts(port):
            return False
        from adlake.io.kafka.answers import answers_metadata

        return answers_metadata(f"{HOST}:{port}")

    def prepare(self) -> None:
        """Write the configuration; format the storage on the first start."""
        self._render(self._folder / "server.properties", self._data)
        if not self._data.exists():
            self._format()

    def after_ready(self) -> None:
        """Create the topics of the map or update their settings."""
        from adlake.provision.topics import ensure_topics

        for _ in ensure_topics(self.settings):
            pass

    def _format(self) -> None:
        identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if identity.startswith("-"):  # would be read as an option
            identity = "A" + identity[1:]
        with complete_or_absent(self._data) as scratch:
            scratch_config = self._folder / "format.properties"
            self._render(scratch_config, scratch)
            tool = ["kafka.tools.StorageTool", "format", "--standalone", "--cluster-id", identity]
            settings = self.settings.as_environment(with_secrets=False)
            done = subprocess.run(
                [*self._java(), *tool, "--config", str(scratch_config)],
                env=environment.of_service(settings, self.marker, self.home),
                capture_output=True, text=True, timeout=FORMAT_SECONDS, check=False,
            )  # fmt: skip
            if done.returncode:
                raise DevstackError(f"cannot format Kafka's storage: {done.stdout}{done.stderr}")

    def _render(self, target: Path, log_dirs: Path) -> None:
        broker = f"BROKER://{HOST}:{self.settings.ports.kafka_port}"
        values = {
            "listeners": broker,
            "advertised": broker,
            "controller_port": self.settings.ports.kafka_controller_port,
            "log_dirs": log_dirs,
        }
        render("kafka/server.properties", target, values)

    def _java(self) -> list[str]:
        return [
            str(self.installation.jdk.java), HEAP, "-Xms64m",
            *collector(self.settings.jvm.java_options),
            "-XX:MaxGCPauseMillis=50", "-XX:+ExitOnOutOfMemoryError",
            f"-Dlog4j2.configurationFile={INFRA_FOLDER / 'kafka' / 'log4j2.properties'}",
            *own_options(self.home, self.settings.jvm.java_options),
            "-cp", f"{self.installation.kafka_lib}/*",
        ]  # fmt: skip

    @property
    def _folder(self) -> Path:
        return self.home / "kafka"

    @property
    def _data(self) -> Path:
        return self._folder / "data"
