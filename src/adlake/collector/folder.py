"""A folder of files of events: which are taken, in which order, and what became of each.

A file counts as ingested once the broker has all of it. What ends before is published again from
its first record; the lake counts an event once, so that is harmless.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from adlake.collector.files import (
    SUFFIXES,
    Events,
    FileRefusedError,
    Reading,
    StoppedError,
    events_in,
)
from adlake.collector.items import MAX_ITEMS
from adlake.collector.placing import Placed, placed
from adlake.contracts.errors import AdlakeError

GROUP_BYTES: Final = 4 * 1024 * 1024
"""Of the records that are published together; with the largest line, all that memory holds."""
LONG_BYTES: Final = 8 * 1024 * 1024
"""A file above it shows how far it is."""

Publish = Callable[[Sequence[Placed]], None]
"""Returns when the broker has all of them; raises FileRefusedError for what it never takes."""
Shown = Callable[[str, Callable[[], float]], AbstractContextManager[None]]
"""Shows the share done of a phase."""


class IngestedFiles(Protocol):
    """Which files were published, by path and content."""

    def has(self, path: str, sha256: str) -> bool:
        """Whether this content was published from there."""

    def record(self, path: str, sha256: str, row_count: int) -> None:
        """It is now."""


@dataclass(frozen=True)
class Look:
    """What tells that a file has changed."""

    size: int
    mtime_ns: int
    inode: int


@dataclass
class Totals:
    """What became of the files."""

    published: int = 0
    records: int = 0
    skipped: int = 0
    not_taken: set[str] = field(default_factory=set)
    """Names of files, as of the last try."""

    def __str__(self) -> str:
        return (
            f"{self.published:,} files published ({self.records:,} records), {self.skipped:,} "
            f"skipped, {len(self.not_taken):,} not taken"
        )


@dataclass
class Intake:
    """Takes the files of one folder."""

    folder: Path
    ingested: IngestedFiles
    publish: Publish
    topics: Container[str]
    say: Callable[[str], None]
    should_stop: Callable[[], bool] = lambda: False
    shown: Shown = lambda _phase, _share: nullcontext()
    totals: Totals = field(default_factory=Totals, init=False)

    def take_all(self) -> None:
        """Every file that is there now, by name."""
        for name, look in self._files().items():
            self._take(name, look)

    def watch(self, pause: Callable[[], object]) -> None:
        """Take files until told to stop, each when two looks find it the same; pauses between."""
        before: dict[str, Look] = {}
        handled: dict[str, Look] = {}
        with suppress(StoppedError):
            while not self.should_stop():
                now = self._files()
                handled = {name: look for name, look in handled.items() if name in now}
                for name, look in now.items():
                    if before.get(name) == look != handled.get(name):
                        self._take(name, look)
                        handled[name] = look
                before = now
                pause()

    def _files(self) -> dict[str, Look]:
        """Names of the files with what they look like now; a hidden one is not finished yet."""
        try:
            names = [path.name for path in self.folder.iterdir()]
        except OSError as error:
            raise AdlakeError(f"cannot read the folder {self.folder}: {error.strerror}") from None
        wanted = sorted(
            name for name in names if name.lower().endswith(SUFFIXES) and not name.startswith(".")
        )
        return {name: look for name in wanted if (look := self._look(name)) is not None}

    def _look(self, name: str) -> Look | None:
        """None: it is a folder. What cannot be looked at is told when it is opened."""
        try:
            found = (self.folder / name).stat()
        except OSError:
            return Look(0, 0, 0)
        is_folder = stat.S_ISDIR(found.st_mode)
        return None if is_folder else Look(found.st_size, found.st_mtime_ns, found.st_ino)

    def _take(self, name: str, look: Look) -> None:
        try:
            became = self._became(name, look)
        except FileRefusedError as error:
            became = self._refused(name, str(error))
        except OSError as error:
            became = self._refused(name, error.strerror or str(error))
        else:
            self.totals.not_taken.discard(name)
        self.say(f"{self.folder / name}: {became}")

    def _refused(self, name: str, why: str) -> str:
        self.totals.not_taken.add(name)
        return f"not taken: {why}"

    def _became(self, name: str, look: Look) -> str:
        path = self.folder / name
        if not path.is_file() and path.exists():
            raise FileRefusedError("it is no file")
        known_as = _text_of(self.folder.resolve() / name)
        reading = Reading(look.size, self.should_stop)
        with self.shown(name, reading.share) if look.size > LONG_BYTES else nullcontext():
            events = events_in(path, reading)
            if self.ingested.has(known_as, events.sha256):
                self.totals.skipped += 1
                return "skipped: published before"
            count = self._published(events)
        self.ingested.record(known_as, events.sha256, count)
        self.totals.published += 1
        self.totals.records += count
        return f"{count:,} records published"

    def _published(self, events: Events) -> int:
        count = 0
        for group in _groups(placed(one, self.topics) for one in events.records()):
            self.publish(group)
            count += len(group)
        return count


def _groups(records: Iterator[Placed]) -> Iterator[list[Placed]]:
    """Never empty; of so many records or bytes at most, beside a last one."""
    group: list[Placed] = []
    size = 0
    for one in records:
        group.append(one)
        size += len(one.value)
        if len(group) == MAX_ITEMS or size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _text_of(path: Path) -> str:
    """The path as it is kept."""
    try:
        return os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        raise FileRefusedError("its name is not UTF-8: rename it") from None
