"""Keeps the traceback of an error nobody foresaw in a file: the user reads a sentence."""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path

from adlake.settings import Settings, SettingsError

NAME = "errors.log"


def written_down(error: BaseException) -> str:
    """Append the traceback to the log of the lake; says where it is and what to do with it."""
    file = kept(error)
    if file is None:
        return (
            "This is a fault of adlake, please report it; its details could not be written anywhere"
        )
    return f"This is a fault of adlake: the details are at the end of {file}, please report them"


def kept(error: BaseException) -> Path | None:
    """The file that the traceback was appended to; None: it can be written nowhere."""
    trace = "".join(traceback.format_exception(error))
    for folder in _folders():
        try:
            with (folder / NAME).open("a", encoding="utf-8", errors="backslashreplace") as log:
                log.write(f"adlake {' '.join(sys.argv[1:2])}\n{trace}\n")
        except OSError:
            continue
        return folder / NAME
    return None


def _folders() -> list[Path]:
    """The lake's logs where a lake is; else a place for temporary files."""
    try:
        logs = Settings().paths.home.resolve() / "logs"
    except (SettingsError, OSError, RuntimeError):
        logs = Path("/nonexistent")
    return [logs, Path(tempfile.gettempdir())]
