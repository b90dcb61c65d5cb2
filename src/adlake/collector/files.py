"""A file of events to the bytes of its records; whatever stands in it, good or bad, becomes one.

`.jsonl` is one event a line and is read line by line, so it may be of any size. `.json` is one
value, an array of events, or lines after all; it is read whole and has a limit. Nothing is decoded:
bytes that are no UTF-8 reach the lake as they are.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from adlake.collector.items import NoItemsError, members_of_array, value_end
from adlake.payload.plain.strict_json import JSON_WHITE_SPACE

LINES_SUFFIX: Final = ".jsonl"
SUFFIXES: Final = (".json", LINES_SUFFIX)
MAX_WHOLE_BYTES: Final = 64 * 1024 * 1024
"""Of a `.json` file, which is read whole."""
MAX_RECORD_BYTES: Final = 2_000_000
"""A record with all that goes along fits into the 2 MiB of a topic; what the law admits is less."""
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""Some editors begin a file with it; it is no part of the first event."""
_WHITE_SPACE: Final = JSON_WHITE_SPACE.encode()
_BYTES_AS_TEXT: Final = "latin-1"
"""One character a byte: where JSON begins and ends is told by ASCII alone, and all comes back."""


class FileRefusedError(Exception):
    """Why a file is not taken; the others are."""


class StoppedError(Exception):
    """Told to stop in the middle of a file: it is not recorded, and taken whole the next time."""


@dataclass
class Reading:
    """How far a file is, which is read twice: looked through, then published."""

    size: int
    should_stop: Callable[[], bool]
    done: int = field(default=0, init=False)

    def step(self, count: int) -> None:
        """So many bytes more were read; raises StoppedError."""
        self.done += count
        if self.should_stop():
            raise StoppedError

    def share(self) -> float:
        """Of the work."""
        return min(1.0, self.done / (2 * self.size)) if self.size else 1.0


@dataclass(frozen=True)
class Events:
    """A file that was looked through."""

    sha256: str
    records: Callable[[], Iterator[bytes]]
    """Reads them; raises FileRefusedError at the end when the file is not what it was."""


def events_in(path: Path, reading: Reading) -> Events:
    """Look a file through.

    Raises:
        FileRefusedError: something in it fits into no record, or it is too large to be read whole.
        OSError: it cannot be read.
    """
    if path.suffix.lower() == LINES_SUFFIX:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            for _ in _lines(file, reading, digest.update):
                pass
        sha256 = digest.hexdigest()
        return Events(sha256, lambda: _same_lines(path, reading, sha256))
    data = _whole(path)
    return Events(hashlib.sha256(data).hexdigest(), _told_apart(data, reading))


def _same_lines(path: Path, reading: Reading, sha256: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        yield from _lines(file, reading, digest.update)
    if digest.hexdigest() != sha256:
        raise FileRefusedError("it was changed while it was read, and is not recorded")


def _lines(
    file: BinaryIO, reading: Reading, read: Callable[[bytes], None] = lambda _: None
) -> Iterator[bytes]:
    """Lines without their ends; blank ones are none. `read` is given every byte."""
    most = MAX_RECORD_BYTES + len(b"\r\n")
    for number, line in enumerate(iter(partial(file.readline, most), b""), start=1):
        read(line)
        reading.step(len(line))
        content = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        if content.endswith(b"\n"):
            content = content[:-1].removesuffix(b"\r")
        _refuse_too_long(content, f"line {number:,}")
        if content.strip(_WHITE_SPACE):
            yield content


def _whole(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_WHOLE_BYTES + 1)
    if len(data) > MAX_WHOLE_BYTES:
        raise FileRefusedError(
            f"it is larger than {MAX_WHOLE_BYTES // 1024**2} MiB and would have to be read whole: "
            f"write one event a line, into a file that ends in {LINES_SUFFIX}"
        )
    return data


def _told_apart(data: bytes, reading: Reading) -> Callable[[], Iterator[bytes]]:
    """The members of an array; lines, where the first one is whole by itself; else one record."""
    text = data.removeprefix(_BYTE_ORDER_MARK).decode(_BYTES_AS_TEXT).strip(JSON_WHITE_SPACE)
    if text.startswith("["):
        if text[1:].strip(JSON_WHITE_SPACE) == "]":
            return lambda: iter(())
        if _is_array(text, reading):
            return lambda: _members(text, reading)
    elif _begins_with_an_event(text):
        for _ in _lines(io.BytesIO(data), reading):
            pass
        return lambda: _lines(io.BytesIO(data), reading)
    whole = text.encode(_BYTES_AS_TEXT)
    _refuse_too_long(whole, "what cannot be told apart into events")
    return lambda: iter([whole] if whole else [])


def _is_array(text: str, reading: Reading) -> bool:
    """Whether all of it is: the members before a break would be known only half-way."""
    try:
        for number, member in enumerate(_members(text, reading), start=1):
            _refuse_too_long(member, f"event {number:,}")
    except NoItemsError:
        return False
    return True


def _members(text: str, reading: Reading) -> Iterator[bytes]:
    for member in members_of_array(text):
        reading.step(len(member))
        yield member.encode(_BYTES_AS_TEXT)


def _begins_with_an_event(text: str) -> bool:
    first, line_end, _ = text.partition("\n")
    try:
        return bool(line_end) and value_end(first, 0) == len(first.rstrip(JSON_WHITE_SPACE))
    except NoItemsError:
        return False


def _refuse_too_long(record: bytes, what: str) -> None:
    if len(record) > MAX_RECORD_BYTES:
        raise FileRefusedError(f"{what} is longer than {MAX_RECORD_BYTES:,} bytes: no record fits")
