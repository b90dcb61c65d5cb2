"""Reads `.env` of the checkout: lines NAME=value, with quotes, `export` and comments as usual."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from dotenv.parser import parse_stream

_NAME = re.compile(r"(?:export\s+)?[A-Za-z_]\w*")


class SettingsError(ValueError):
    """A variable or a line of `.env` names no setting, or holds a wrong value."""


@dataclass(frozen=True)
class Line:
    """What one line gives to a name."""

    value: str = field(repr=False)  # it may be a secret
    number: int = 0


def read_settings_file(path: Path) -> dict[str, Line]:
    """NAME -> value with its line; the last line of a name wins; nothing when there is no file.

    Raises:
        SettingsError: the file cannot be read, is not UTF-8, or a line is not NAME=value.
    """
    if not path.exists():
        return {}
    try:
        # utf-8-sig: editors of some systems begin a file with a byte order mark.
        with path.open(encoding="utf-8-sig") as stream:
            bindings = list(parse_stream(stream))
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8: save it as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from None
    found = {}
    for binding in bindings:
        number = binding.original.line + _blank_lines_before(binding.original.string)
        if binding.error or (binding.key is not None and binding.value is None):
            name = _NAME.match(binding.original.string.strip())
            # Not the whole line: it may hold a secret.
            shown = repr(name[0]) if name else "it"
            raise SettingsError(f"{path}, line {number}: {shown} is not NAME=value")
        if binding.key is not None:
            found[binding.key] = Line(binding.value or "", number)
    return found


def _blank_lines_before(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")
