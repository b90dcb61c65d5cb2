"""An API that answers pages with given rows, and remembers what was sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from streamlit.testing.v1 import AppTest

from adlake.contracts.errors import AdlakeError

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)


@dataclass
class RemoteDouble:
    """As `Remote`; `error` is raised by whatever is asked or sent."""

    said: dict[str, Any] = field(default_factory=dict)
    error: AdlakeError | None = None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    posts: list[tuple[str, str]] = field(default_factory=list)
    taken: dict[str, Any] = field(default_factory=dict)

    def get(
        self, path: str, given: Mapping[str, str] | None = None, kept_seconds: float = 0
    ) -> Any:  # noqa: ANN401
        if self.error is not None:
            raise self.error
        self.asked.append((path, dict(given or {})))
        return self.said.get(path)

    def answers(self, asked: Sequence[tuple[str, Mapping[str, str]]]) -> list[Any]:
        return [self.get(*one) for one in asked]

    def as_of(self, part: str) -> datetime | None:
        found: datetime | None = self.get("as of", {"part": part})
        return found

    def post(self, path: str, body: str) -> Any:  # noqa: ANN401
        self.posts.append((path, body))
        if self.error is not None:
            raise self.error
        return self.taken


def opened(page: Callable[[], None], remote: RemoteDouble) -> AppTest:
    """A page that shows `remote` of the session, drawn once."""
    found = AppTest.from_function(page)
    found.session_state["remote"] = remote
    found.run(timeout=60)
    assert not found.exception
    return found


def tiles(page: AppTest) -> dict[str, str]:
    """Number of each tile by its label."""
    return {one.label: one.value for one in page.metric}
