"""The last words of `make up`: where to look and what to type next."""

from __future__ import annotations

from adlake.devstack.service import State
from adlake.devstack.stack import Stack

PLACES = {
    "dashboard": "Dashboard       http://127.0.0.1:{port}",
    "stream": "Spark UI        http://127.0.0.1:{port}",
    "trino": "Trino           http://127.0.0.1:{port}  (user adlake, catalog lakehouse)",
    "kafka": "Kafka           127.0.0.1:{port}",
}
NEXT = """Next
  make status      what runs, and its memory
  make verify      prove Gold against Bronze
  make query NAME=roas        one metric; without NAME, all of them
  make logs        what the services say
  make down        stop everything"""


def welcome(stack: Stack) -> str:
    """Text for the services that are ready."""
    ready = {
        service.name: next(iter(service.ports().values()), None)
        for service in stack.services()
        if service.state() is State.READY
    }
    places = [text.format(port=ready[name]) for name, text in PLACES.items() if name in ready]
    return "\n".join(["", "Look at", *(f"  {place}" for place in places), "", NEXT])
