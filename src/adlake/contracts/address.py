"""Addresses of servers: host and port, and whether that is where services of ours listen."""

from __future__ import annotations

from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
"""What services of ours bind; nobody reaches them from another machine."""
OWN_HOSTS = frozenset({LOOPBACK, "localhost"})


@dataclass(frozen=True)
class Address:
    """One server."""

    host: str
    port: int

    @property
    def is_own(self) -> bool:
        """Where a service of ours would listen; a server anywhere else is not ours to start."""
        return self.host in OWN_HOSTS

    def __str__(self) -> str:
        """`host:port`, an IPv6 host in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_addresses(text: str) -> list[Address]:
    """The servers of a list `host:port,host:port`.

    Raises:
        ValueError: a part is no host with a port; the message names it.
    """
    found = []
    for part in text.split(","):
        host, _, port = part.strip().rpartition(":")
        if not (host.strip("[]") and port.isdecimal() and 0 < int(port) < 65_536):
            raise ValueError(f"{part.strip()!r} is not host:port")
        found.append(Address(host.strip("[]"), int(port)))
    return found
