"""Ports that are taken: by somebody who can be named, or by a process that is dying."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from adlake.devstack.errors import DevstackError
from adlake.devstack.services import ports
from adlake.devstack.services.ports import UNSEEN, free_ports, refuse_taken


def listening(port: int) -> socket.socket:
    server = socket.socket()
    server.bind((ports.HOST, port))
    server.listen()
    return server


def test_who_holds_a_port_is_named_at_once() -> None:
    [port] = free_ports(1)
    began = time.monotonic()
    with listening(port), pytest.raises(DevstackError, match=rf"{port}, wanted by x, is taken by"):
        refuse_taken("x", {"ADLAKE_X_PORT": port})
    assert time.monotonic() < began + ports.DYING_SECONDS / 2


def test_the_port_of_a_dying_process_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "owner", lambda _port: UNSEEN)
    [port] = free_ports(1)
    server, began = listening(port), time.monotonic()
    threading.Timer(0.5, server.close).start()
    refuse_taken("x", {"ADLAKE_X_PORT": port})
    assert 0.5 <= time.monotonic() - began < ports.DYING_SECONDS


@pytest.mark.timeout(20)
def test_who_cannot_be_named_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "owner", lambda _port: UNSEEN)
    monkeypatch.setattr(ports, "DYING_SECONDS", 0.3)
    [port] = free_ports(1)
    with listening(port), pytest.raises(DevstackError, match="another process: stop that"):
        refuse_taken("x", {"ADLAKE_X_PORT": port})
