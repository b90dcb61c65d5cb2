"""Says whether a port of 127.0.0.1 is free, and who has it if not."""

from __future__ import annotations

import itertools
import os
import random
import socket
import time
from pathlib import Path

import psutil

from adlake.contracts.address import LOOPBACK, Address
from adlake.devstack.errors import DevstackError

HOST = LOOPBACK
CONNECT_SECONDS = 0.5
ELSEWHERE_SECONDS = 3.0
"""For another machine, whose name has to be looked up first."""
UNSEEN = "another process"
"""Somebody else's, or one that is dying."""
DYING_SECONDS = 20.0
DYING_POLL_SECONDS = 0.1
OUT_OF_THE_WAY = range(20_000, 32_000)
"""Below what systems give to outgoing connections, which could take a port before its server."""
_SERVERS = (
    "KAFKA", "KAFKA_CONTROLLER", "POSTGRES", "TRINO", "DASHBOARD", "API", "SPARK_UI",
    "METRICS", "PROMETHEUS", "ALERTMANAGER",
)  # fmt: skip


def is_free(port: int) -> bool:
    """Nobody listens on 127.0.0.1:port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_SECONDS)
        if probe.connect_ex((HOST, port)) == 0:
            return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def accepts(port: int) -> bool:
    """Somebody accepts connections on 127.0.0.1:port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_SECONDS)
        return probe.connect_ex((HOST, port)) == 0


def answers(address: Address) -> bool:
    """Somebody accepts connections at an address, on this machine or another."""
    try:
        server = (address.host, address.port)
        socket.create_connection(server, timeout=ELSEWHERE_SECONDS).close()
    except OSError:
        return False
    return True


def refuse_taken(service: str, ports: dict[str, int]) -> None:
    """Raise DevstackError for the first port in use; `ports` maps setting name -> port.

    A process that was killed holds its ports for as long as the system takes it apart, seconds for
    a JVM on a busy machine; it has no name by then, and is waited for.
    """
    deadline = time.monotonic() + DYING_SECONDS
    for setting, port in ports.items():
        while not is_free(port):
            holder = owner(port)
            if holder != UNSEEN or time.monotonic() > deadline:
                raise DevstackError(
                    f"port {port}, wanted by {service}, is taken by {holder}: stop that, or "
                    f"choose another with {setting}=<port>"
                )
            time.sleep(DYING_POLL_SECONDS)


def owner(port: int) -> str:
    """Who listens on a port, as well as the system tells us."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            address = connection.laddr
            if connection.status == psutil.CONN_LISTEN and address and address.port == port:
                if connection.pid is None:
                    break
                return f"pid {connection.pid} ({psutil.Process(connection.pid).name()})"
    except psutil.Error:
        pass
    return UNSEEN


def free_ports(count: int) -> list[int]:
    """Different free ports of OUT_OF_THE_WAY; for tests and benchmarks, also several at once."""
    shuffled = random.sample(OUT_OF_THE_WAY, len(OUT_OF_THE_WAY))
    found = list(itertools.islice((port for port in shuffled if is_free(port)), count))
    if len(found) < count:
        raise DevstackError(f"fewer than {count} ports of {OUT_OF_THE_WAY} are free")
    return found


def private_environment(home: Path) -> dict[str, str]:
    """Settings of a stack of its own: its state under `home`, every server on a free port.

    Nobody starts its services again: who kills one wants to see what that does.
    """
    ports = zip(_SERVERS, free_ports(len(_SERVERS)), strict=True)
    passed = {name: os.environ[name] for name in ("ADLAKE_JAVA_OPTIONS",) if name in os.environ}
    chosen = {f"ADLAKE_{name}_PORT": str(port) for name, port in ports}
    return {"ADLAKE_HOME": str(home), "ADLAKE_SUPERVISE": "false"} | chosen | passed
