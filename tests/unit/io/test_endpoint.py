"""`/metrics` on a real socket: read while it is served, refused afterwards, patient with a port."""

from __future__ import annotations

import logging
import socket
import time
from pathlib import Path
from urllib.error import URLError

import pytest

from adlake.contracts import gauges
from adlake.devstack.services.ports import free_ports
from adlake.io.prometheus import endpoint
from adlake.io.prometheus.endpoint import served
from adlake.io.prometheus.meters import Meters
from tests.fixtures.endpoint import told_at


def test_it_is_read_while_the_run_lives_and_refused_afterwards() -> None:
    [port] = free_ports(1)
    meters = Meters()
    meters.add(gauges.RECORDS, 7, pipeline="p")
    with served(meters, port):
        text = told_at(port)
    assert 'adlake_records_total{pipeline="p"} 7.0' in text
    assert "process_start_time_seconds" in text
    with pytest.raises(URLError):
        told_at(port, seconds=0)


def test_nobody_else_can_read_it() -> None:
    [port] = free_ports(1)
    with served(Meters(), port):
        told_at(port)
        table = Path("/proc/net/tcp").read_text().splitlines()[1:]
        listening = [line.split()[1] for line in table]
        mine = {address for address in listening if address.endswith(f":{port:04X}")}
    assert {address.partition(":")[0] for address in mine} == {"0100007F"}


def test_a_taken_port_is_waited_for_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(endpoint, "RETRY_SECONDS", 0.05)
    with socket.socket() as holder, caplog.at_level(logging.WARNING):
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with served(Meters(), port):
            deadline = time.monotonic() + 10
            while not caplog.messages and time.monotonic() < deadline:
                time.sleep(0.02)
            time.sleep(0.2)
            holder.close()
            assert "process_start_time_seconds" in told_at(port)
    assert len(caplog.messages) == 1, "said once, however often it is tried"
    assert f"port {port} is taken" in caplog.text
    assert "ADLAKE_METRICS_PORT" in caplog.text


def test_without_a_port_nothing_is_served() -> None:
    with served(Meters(), None):
        pass
