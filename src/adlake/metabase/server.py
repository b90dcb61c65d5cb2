"""What this room asks of a Metabase; `io/metabase` is the real one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from adlake.io.metabase.client import MetabaseError

Json = dict[str, Any]


class Server(Protocol):
    """Requests to one Metabase; each raises MetabaseError for a refusal."""

    url: str

    def log_in(self, session: str) -> None:
        """Use a session from now on."""

    def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """What is at a path."""

    def post(self, path: str, body: Mapping[str, Any]) -> Json:
        """Make something."""

    def put(self, path: str, body: Mapping[str, Any]) -> Json:
        """Change something."""


def objects(answer: Any, what: str) -> list[Json]:  # noqa: ANN401 - JSON
    """An answer that is a list of objects, also as `{"data": [...]}`.

    Raises:
        MetabaseError: it is something else.
    """
    listed = answer.get("data") if isinstance(answer, dict) else answer
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise MetabaseError(f"Metabase answered no list of {what}")
    return listed


def fields(answer: Any, what: str) -> Json:  # noqa: ANN401 - JSON
    """An answer that is an object.

    Raises:
        MetabaseError: it is something else.
    """
    if not isinstance(answer, dict):
        raise MetabaseError(f"Metabase answered no {what}")
    return answer


def number_of(thing: Json, what: str) -> int:
    """The number that Metabase gave to something.

    Raises:
        MetabaseError: it gave none.
    """
    number = thing.get("id")
    if not isinstance(number, int) or isinstance(number, bool):
        raise MetabaseError(f"Metabase answered a {what} without its number")
    return number
