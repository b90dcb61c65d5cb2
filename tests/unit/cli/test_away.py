"""What is not running or not made yet is said at once, and by one story in every command."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adlake.devstack.doctor import Verdict, lake_finding
from adlake.devstack.home import bind_home
from adlake.devstack.services.ports import free_ports
from adlake.devstack.services.stream import streams_here
from adlake.io.deadline import LEAST_SECONDS, Deadline
from adlake.io.kafka import committed
from adlake.io.kafka import holes as topic_holes
from adlake.io.kafka import topic as topic_module
from adlake.io.kafka.topic import TopicError, refuse_dead_broker, topic_facts
from adlake.settings import Settings
from tests.fixtures.many_commands import said_by


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """Takes connections and never says a word, as a broker that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_broker_that_refuses_connections_is_known_at_once(deaf_port: int) -> None:
    [closed] = free_ports(1)
    began = time.monotonic()
    with pytest.raises(TopicError, match=f"127.0.0.1:{closed} \\(Connection refused.*make up"):
        refuse_dead_broker(f"127.0.0.1:{closed}", 5.0)
    assert time.monotonic() - began < 4.0, "it may take five"
    refuse_dead_broker(f"127.0.0.1:{closed},127.0.0.1:{deaf_port}", 5.0)
    refuse_dead_broker("broker-without-a-port", 5.0)


def test_a_broker_that_hangs_is_waited_for_as_long_as_was_said(deaf_port: int) -> None:
    began = time.monotonic()
    with pytest.raises(TopicError, match="does not answer"):
        topic_facts(f"127.0.0.1:{deaf_port}", "ads", 1.0)
    assert time.monotonic() - began < 10.0


class FrozenBroker:
    """A client whose broker took the connection and then says nothing for as long as it may."""

    given: list[dict[str, Any]]

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - settings of any kind
        self.given.append(settings)

    def describe_topics(self, _topics: list[str]) -> list[dict[str, Any]]:
        return [{"topic_id": "id", "partitions": [{"partition_index": 0}]}]

    def beginning_offsets(self, keys: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(keys, 0)

    def end_offsets(self, keys: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(keys, 10)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("seconds", "most_ms"), [(4.0, 4_000), (0.0, LEAST_SECONDS * 1_000)])
def test_no_request_of_a_command_outlasts_its_deadline(
    monkeypatch: pytest.MonkeyPatch, seconds: float, most_ms: float
) -> None:
    monkeypatch.setattr(FrozenBroker, "given", [], raising=False)
    monkeypatch.setattr(topic_module, "KafkaAdminClient", FrozenBroker)
    for module in (topic_module, committed):
        monkeypatch.setattr(module, "KafkaConsumer", FrozenBroker)
    deadline = Deadline(seconds)
    topic_facts("broker:1", "ads", 30.0, deadline)
    topic_holes.ranges_without_records("broker:1", "ads", [], deadline)
    assert len(FrozenBroker.given) == 4
    for settings in FrozenBroker.given:
        for name in ("request_timeout_ms", "bootstrap_timeout_ms"):
            assert 500 < settings[name] <= most_ms


def test_every_command_says_of_a_home_that_never_ran_that_nothing_runs_there(
    tmp_path: Path,
) -> None:
    commands = (
        ("wait",), ("verify",), ("producers",), ("query", "roas"), ("sql", "SELECT 1"),
        ("explain", "i1"), ("lake", "show"), ("source", "show"), ("quarantine", "list"),
        ("replay",), ("stream",), ("ingest-files", "."),
    )  # fmt: skip
    never = tmp_path / "never"
    for command, said in zip(
        commands, said_by(tmp_path, commands, ADLAKE_HOME=str(never)), strict=True
    ):
        assert said.code == 1, (command, said)
        assert "adlake: nothing runs here yet" in said.stderr, (command, said)
        assert "run `make up`" in said.stderr, (command, said)
    assert not never.exists()


def test_doctor_says_of_a_home_that_does_not_exist_that_it_is_not_made_yet(tmp_path: Path) -> None:
    finding = lake_finding(Settings({"ADLAKE_HOME": str(tmp_path / "never")}))
    assert finding.verdict is Verdict.OK
    assert "is not made yet" in str(finding)


def test_a_stream_is_known_by_its_service_or_by_its_own_word(tmp_path: Path) -> None:
    settings = Settings({"ADLAKE_HOME": str(tmp_path)})
    bind_home(tmp_path)
    assert not streams_here(settings)
    settings.paths.stream_ready_file.parent.mkdir()
    settings.paths.stream_ready_file.write_text(str(os.getpid()))
    assert streams_here(settings)
    with subprocess.Popen(["true"]) as ended:
        pass
    settings.paths.stream_ready_file.write_text(str(ended.pid))
    assert not streams_here(settings)
