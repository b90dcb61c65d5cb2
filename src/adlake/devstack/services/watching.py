"""Prometheus and Alertmanager: programs that the machine may have, and the stack works without."""

from __future__ import annotations

import json
import re
import shutil
from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

from adlake.contracts.address import LOOPBACK
from adlake.devstack.errors import DevstackError
from adlake.devstack.services.http import fetch
from adlake.devstack.services.service import Service

_FOR = re.compile(r"(?<=\bfor: )(\d+)([smhd])\b")
_RANGE = re.compile(r"(?<=\[)(\d+)([smhd])(?=\])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
FEWEST_SCRAPES = 4
"""Within a range of time that a rule looks at: a rate needs two, and one may be missed."""


class Watcher(Service):
    """One of them: an optional server of one program and one configuration."""

    is_optional: ClassVar[bool] = True
    grace_seconds: ClassVar[float] = 10.0
    ready_seconds: ClassVar[float] = 60.0
    programs: ClassVar[tuple[str, ...]]
    """What the program may be called."""
    package: ClassVar[str]
    """Debian's package with it."""

    def missing(self) -> str:
        """The program is not there, and how to get it."""
        if self._found() is not None:
            return ""
        return f"there is no program {self.programs[0]}: `apt-get install {self.package}`"

    def is_ready(self) -> bool:
        """It says so."""
        port = next(iter(self.ports().values()))
        return fetch(f"http://{LOOPBACK}:{port}/-/ready") is not None

    def prepare(self) -> None:
        """Write the configuration; make the folder of its data."""
        self.configure()
        self.data.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def configure(self) -> None:
        """Write the configuration into `folder`."""

    @property
    def folder(self) -> Path:
        """Its part of the state."""
        return self.home / self.name

    @property
    def data(self) -> Path:
        """What it keeps."""
        return self.folder / "data"

    def program(self) -> str:
        """The path of the program.

        Raises:
            DevstackError: it is not installed.
        """
        found = self._found()
        if found is None:
            raise DevstackError(f"{self.name}: {self.missing()}")
        return found

    def _found(self) -> str | None:
        return next((path for one in self.programs if (path := shutil.which(one))), None)


def quoted(value: object) -> str:
    """A value as YAML has it, whatever is in it."""
    return json.dumps(str(value))


def milliseconds(seconds: float) -> str:
    """A span of time as Prometheus and Alertmanager read it."""
    return f"{max(1, round(seconds * 1_000))}ms"


def hurried(rules: str, pace: float, scrape_seconds: float) -> str:
    """Alert rules whose waits and ranges are shorter by a factor, for drills.

    Thresholds stay. A range still holds enough scrapes for a rate.
    """
    if pace == 1:
        return rules
    least = FEWEST_SCRAPES * scrape_seconds
    waits = _FOR.sub(lambda found: milliseconds(_seconds(found) * pace), rules)
    return _RANGE.sub(lambda found: milliseconds(max(least, _seconds(found) * pace)), waits)


def _seconds(found: re.Match[str]) -> float:
    return float(int(found[1]) * _SECONDS[found[2]])
