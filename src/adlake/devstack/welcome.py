"""The last words of `make up`: where to look and what to type next."""

from __future__ import annotations

from collections.abc import Mapping

from adlake.devstack.services.ports import HOST
from adlake.devstack.services.service import Service, State
from adlake.devstack.stack import Stack

PLACES = {
    "dashboard": "Dashboard       http://{at}",
    "api": "API             http://{at}/docs  (POST /events takes events in)",
    "stream": "Spark UI        http://{at}",
    "prometheus": "Prometheus      http://{at}  (metrics of the stream, alerts)",
    "alertmanager": "Alertmanager    http://{at}",
    "trino": "Trino           http://{at}  (catalog lakehouse, any user, reads only)",
    "kafka": "Kafka           {at}",
}
NEXT = {
    "make status": "what runs, and its memory",
    "make verify": "prove Gold against Bronze",
    "make query NAME=roas": "one metric; without NAME, all of them",
    "make logs": "what the services say",
    "make down": "stop everything",
}
ASK_TRINO = ("make verify", "make query NAME=roas")


def welcome(stack: Stack) -> str:
    """Text for the services that are ready; names no command that cannot work with them."""
    ready = {
        service.name: service.elsewhere() or _here(service)
        for service in stack.services()
        if service.state() is State.READY
    }
    return text_for(ready)


def _here(service: Service) -> str:
    return f"{HOST}:{next(iter(service.ports().values()), '')}"


def text_for(ready: Mapping[str, str]) -> str:
    """The same for service name -> address."""
    places = [f"  {text.format(at=ready[name])}" for name, text in PLACES.items() if name in ready]
    usable = {verb: use for verb, use in NEXT.items() if "trino" in ready or verb not in ASK_TRINO}
    verbs = [f"  {verb:<22} {use}" for verb, use in usable.items()]
    return "\n".join([*(["", "Look at", *places] if places else []), "", "Next", *verbs])
