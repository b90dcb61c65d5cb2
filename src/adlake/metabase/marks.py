"""The mark by which a thing of ours is found again, whatever it is called and wherever it lies.

It is the last line of the description: `[adlake card:budgets/daily 1c0ffee2]`. A thing without it
belongs to somebody else and is never touched; who takes the line away takes the thing over. The
last word is a digest of what was sent: so a definition that takes something away is told from one
that says the same as before, whatever Metabase adds by itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["collection", "card", "dashboard", "database"]
_MARK: Final = re.compile(
    r"\[adlake (collection|card|dashboard|database):([a-z0-9_/]+)(?: [0-9a-f]+)?\]"
)
_DIGEST_LETTERS: Final = 8


@dataclass(frozen=True, order=True)
class Mark:
    """Kind and key of a thing of ours."""

    kind: Kind
    key: str

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


def described(mark: Mark, text: str, digest: str = "") -> str:
    """A description that carries the mark."""
    last = f"[adlake {mark.kind}:{mark.key} {digest}".rstrip()
    return f"{text.strip()}\n\n{last}]".strip()


def marked(mark: Mark, body: dict[str, Any]) -> dict[str, Any]:
    """A body whose description carries the mark and the digest of the body."""
    return {**body, "description": described(mark, body["description"], digest_of(body))}


def digest_of(body: dict[str, Any]) -> str:
    """The same for the same body, whatever the order of its names."""
    text = json.dumps(body, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LETTERS]


def mark_of(thing: dict[str, Any]) -> Mark | None:
    """The mark of what Metabase has; None: it is somebody else's."""
    found = _MARK.findall(thing.get("description") or "")
    return Mark(*found[-1]) if found else None


def owned(things: Iterable[dict[str, Any]], kind: Kind) -> dict[Mark, list[dict[str, Any]]]:
    """Mark -> what bears it, oldest first: the first one is ours, the others are copies of it."""
    found: dict[Mark, list[dict[str, Any]]] = {}
    numbered = [one for one in things if isinstance(one.get("id"), int)]
    for thing in sorted(numbered, key=lambda one: int(one["id"])):
        mark = mark_of(thing)
        if mark is not None and mark.kind == kind:
            found.setdefault(mark, []).append(thing)
    return found
