"""The one parser of SQL files: where their parameters stand, and what fragments they include.

A parameter is written `:name`, never inside a literal, a quoted name or a comment. A fragment is a
condition or expression of `sql/fragments`, included by a line of the header and put where its name
stands like a parameter::

    -- include time_range: moment = impression_time
    ... WHERE is_clicked AND :time_range

The fragment's own `:moment` becomes `impression_time`; its other parameters are the file's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from adlake.contracts.errors import AdlakeError

_SKIPPED: Final = r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/"""
_TOKEN: Final = re.compile(
    rf"(?P<skipped>{_SKIPPED})|(?<![:\w]):(?P<name>[a-z_][a-z0-9_]*)", re.DOTALL
)
_INCLUDE: Final = re.compile(r"^-- include (\w+)(?:: (.+))?$", re.MULTILINE)
_ARGUMENT: Final = re.compile(r"(\w+) = ([a-z_][a-z0-9_.]*)")
HEADER: Final = re.compile(r"\A(?:\s*--[^\n]*\n)*\s*")


class SqlFileError(AdlakeError):
    """A SQL file is missing, or was given other parameters than it names."""


def body_of(text: str) -> str:
    """A file's text without the remarks at its head."""
    return HEADER.sub("", text).strip()


def parameters(text: str) -> set[str]:
    """Names of the parameters in a SQL text."""
    return {match["name"] for match in _TOKEN.finditer(text) if match["name"]}


def substituted(text: str, replacement: Callable[[str], str]) -> str:
    """The text with `replacement(name)` for every parameter; all else stays as it is."""
    return _TOKEN.sub(lambda match: match["skipped"] or replacement(match["name"]), text)


def require(text: str, known: set[str]) -> None:
    """Raise SqlFileError when the text has a parameter that is not `known`."""
    if missing := sorted(parameters(text) - known):
        raise SqlFileError(f"no value for SQL parameter {', '.join(missing)}")


def expanded(text: str, fragment_text: Callable[[str], str]) -> str:
    """The text with its fragments in place; `fragment_text` gives a fragment's file.

    Raises:
        SqlFileError: a fragment is not used, or lacks an argument.
    """
    included = {
        name: _fragment(name, arguments or "", fragment_text(name))
        for name, arguments in _INCLUDE.findall(text)
    }
    if unused := sorted(included.keys() - parameters(text)):
        raise SqlFileError(f"fragment {', '.join(unused)} is included and not used")
    return substituted(text, lambda name: included.get(name, f":{name}"))


def _fragment(name: str, arguments: str, text: str) -> str:
    given = dict(_ARGUMENT.findall(arguments))
    if unknown := sorted(given.keys() - parameters(text)):
        raise SqlFileError(f"fragment {name} has no argument {', '.join(unknown)}")
    return substituted(body_of(text), lambda argument: given.get(argument, f":{argument}"))
