"""Whether the pictures of the dashboard's pages are younger than what they show.

Beside each picture `make screenshots` records what its page was drawn by: the functions, classes
and constants of src/adlake/dashboard that its `show` reaches, and the bar with all pages above it.
What only asks the lake is left out, and so are comments and docstrings: no pixel hangs on them. So
a picture is asked for again when its page may look different, and not before.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from adlake.settings import REPO_ROOT

ROOM: Final = REPO_ROOT / "src" / "adlake" / "dashboard"
RECORD: Final = REPO_ROOT / "docs" / "img" / "pictures.json"
BEGINNING: Final = "dashboard-"
"""Of the names of pictures; what follows is the page."""
PAGE_OF: Final = {"maturity": "campaigns"}
"""Pictures with another name than their page: this one with another range of time."""
ENTRY: Final = "app"
DRAWS_NOTHING: Final = frozenset({"lake", "remote"})
"""Modules that only ask."""
_PACKAGE: Final = "adlake.dashboard"
_Place = tuple[str, str]
"""A module of the room, and a name at its top."""
Record = dict[str, dict[str, str]]
"""File of a picture -> `page`: what it was drawn by, `picture`: its own bytes; both as SHA-256."""


def page_of(picture: str) -> str:
    """`dashboard-maturity.png` -> the module of its page."""
    name = Path(picture).stem.removeprefix(BEGINNING)
    return PAGE_OF.get(name, name)


def sources_of(page: str, room: Path = ROOM) -> dict[str, str]:
    """What a page is drawn by: name -> its text, without comments."""
    found: dict[str, str] = {"bar": "\n".join(_bar(room))}
    ahead: list[_Place] = [(page, "show"), (ENTRY, "STYLE")]
    while ahead:
        module, name = ahead.pop()
        if module in DRAWS_NOTHING or f"{module}.{name}" in found:
            continue
        code = _module(module, _read(room, module))
        if name in code.definitions:
            node = code.definitions[name]
            found[f"{module}.{name}"] = code.text_of(node)
            ahead += code.places_in(node)
    return found


def digest_of(page: str, room: Path = ROOM) -> str:
    """One number for all of it."""
    whole = json.dumps(sources_of(page, room), sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def now(picture: Path) -> dict[str, str]:
    """What is recorded of a picture that is made now."""
    return {
        "page": digest_of(page_of(picture.name)),
        "picture": hashlib.sha256(picture.read_bytes()).hexdigest(),
    }


def recorded(record: Path = RECORD) -> Record:
    """What was recorded when the pictures were made."""
    if not record.exists():
        return {}
    found: Record = json.loads(record.read_text(encoding="utf-8"))
    return found


def keep(picture: Path) -> None:
    """Record, beside a picture that was just made, what its page is drawn by."""
    record = picture.parent / RECORD.name
    told = {**recorded(record), picture.name: now(picture)}
    record.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n", encoding="utf-8")


class _Module:
    """The names at the top of one module, and which others of the room they use."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.definitions: dict[str, ast.stmt] = {}
        self.modules: dict[str, str] = {}
        """Name in the code -> module of the room."""
        self.borrowed: dict[str, _Place] = {}
        """Name in the code -> where it is defined."""
        self._lines = _without_comments(text)
        for node in ast.parse(text).body:
            if isinstance(node, ast.ImportFrom):
                self._take_import(node)
            self.definitions |= dict.fromkeys(_names_of(node), node)

    def _take_import(self, node: ast.ImportFrom) -> None:
        source = node.module or ""
        for one in node.names:
            name = one.asname or one.name
            if source == _PACKAGE:
                self.modules[name] = one.name
            elif source.startswith(f"{_PACKAGE}."):
                self.borrowed[name] = (source.removeprefix(f"{_PACKAGE}."), one.name)

    def text_of(self, node: ast.stmt) -> str:
        """A definition as it is written, which is the same in each version of Python."""
        begins = [one.lineno for one in getattr(node, "decorator_list", ())]
        told = {
            line
            for one in ast.walk(node)
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
            for line in range(one.lineno, (one.end_lineno or one.lineno) + 1)
        }
        numbers = range(min([node.lineno, *begins]), (node.end_lineno or node.lineno) + 1)
        kept = " ".join(self._lines[line - 1] for line in numbers if line not in told)
        return " ".join(kept.split())

    def places_in(self, node: ast.stmt) -> Iterator[_Place]:
        """What a definition names of this room."""
        for one in ast.walk(node):
            if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
                if one.value.id in self.modules:
                    yield self.modules[one.value.id], one.attr
            elif isinstance(one, ast.Name):
                yield self.borrowed.get(one.id, (self.name, one.id))


@cache
def _module(name: str, text: str) -> _Module:
    return _Module(name, text)


def _read(room: Path, module: str) -> str:
    return (room / f"{module}.py").read_text(encoding="utf-8")


def _names_of(node: ast.stmt) -> Iterator[str]:
    """What a statement at the top of a module defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    targets: list[ast.expr] = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    yield from (one.id for one in targets if isinstance(one, ast.Name))


def _without_comments(text: str) -> list[str]:
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return lines


def _bar(room: Path) -> Iterator[str]:
    """Titles and signs of all pages: each page shows them above itself."""
    for one in ast.walk(ast.parse(_read(room, ENTRY))):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute):
            told = {
                word.arg: word.value.value
                for word in one.keywords
                if isinstance(word.value, ast.Constant)
            }
            if ast.unparse(one.func.value) == "st":
                yield f"{one.func.attr} {told}"
