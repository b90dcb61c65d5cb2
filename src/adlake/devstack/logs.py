"""Reads the service logs: their end, and what is appended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from adlake.devstack.stack import Stack, chosen

POLL_SECONDS = 0.3


def log_lines(stack: Stack, name: str, count: int, follow: bool) -> Iterator[str]:
    """Last `count` lines per service, each with the service's name; then new ones if `follow`."""
    services = stack.services(chosen([name] if name else None, ()))
    offsets: dict[str, int] = {}
    for service in services:
        if service.log_file.exists():
            for line in service.last_log_lines(count).splitlines() if count else ():
                yield f"{service.name:<10} {line}"
            offsets[service.name] = service.log_file.stat().st_size
    while follow:
        for service in services:
            lines, offset = appended(service.log_file, offsets.get(service.name, 0))
            offsets[service.name] = offset
            for line in lines:
                yield f"{service.name:<10} {line}"
        time.sleep(POLL_SECONDS)


def appended(log_file: Path, offset: int) -> tuple[list[str], int]:
    """Complete lines after `offset`, and the offset after them; a new, shorter file starts at 0."""
    if not log_file.exists():
        return [], 0
    if log_file.stat().st_size < offset:
        offset = 0
    with log_file.open("rb") as stream:
        stream.seek(offset)
        content = stream.read()
    complete = content[: content.rfind(b"\n") + 1]
    return complete.decode(errors="replace").splitlines(), offset + len(complete)
