"""README, send-events, connect and operate, followed to the letter on a stack that `make up` began.

What the pages show as printed is compared with numbers masked. The lake lies elsewhere and has
less traffic than a reader's: tests/fixtures/as_typed.py says what is put in whose place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adlake.settings import REPO_ROOT
from tests.fixtures.as_typed import Typist
from tests.fixtures.lake import Lake
from tests.fixtures.page_blocks import Block, blocks_of, difference

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.timeout(1_800)]

QUIET = {
    "SUPERVISE": "true", "GENERATOR_RATE": "100", "GENERATOR_HISTORY_EVENTS": "20000",
    "TRIGGER_SECONDS": "2",
}  # fmt: skip
"""A tour beside other tests: less traffic than the default."""
README, SEND, CONNECT, OPERATE = (
    [one for one in blocks_of(page) if not one.not_run]
    for page in ("README.md", "docs/send-events.md", "docs/connect.md", "docs/operate.md")
)
START, *TOUR = README
WHERE_INSTALLED = ("Prometheus", "Alertmanager", "prometheus", "alertmanager")
"""First words of lines that only a machine with these servers prints."""
TAG = re.compile(r"tag (kept-\d+)")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Typist, str]]:
    """Somebody whose `make up` is done, and what it printed."""
    lake = Lake(tmp_path_factory.mktemp("pages") / "home", dict(QUIET))
    typist = Typist(lake)
    try:
        yield typist, typist.typed(START)
    finally:
        lake.stack().nuke()


@pytest.fixture
def typist(started: tuple[Typist, str]) -> Typist:
    """With everything up, whatever another test stopped."""
    one, _ = started
    one.lake.stack().up()
    return one


def test_make_up_ends_as_the_readme_says(started: tuple[Typist, str]) -> None:
    _, said = started
    assert START.printed
    lines = [one for one in said.splitlines() if not one.strip().startswith(WHERE_INSTALLED)]
    assert not difference(f"...\n{START.printed}", "\n".join(lines))


def test_the_tour_prints_what_the_readme_shows(typist: Typist) -> None:
    assert [one for one in TOUR if one.printed is None] == []
    said = "".join(map(typist.expect, TOUR))
    # Masked in the comparison: the sale is worth what was sent, and nothing differs.
    assert re.search(r"(?m)^ revenue +12\.50 *$", said)
    assert re.search(r"(?m)^gold .* law: 0 differ$", said)
    assert re.search(r"(?m)^ mine .* 40\.00 +40\.00 *$", said)


def test_events_of_your_own_go_the_way_that_their_page_says(typist: Typist, tmp_path: Path) -> None:
    # Beside the clone: the page has files written.
    (tmp_path / ".venv").symlink_to(REPO_ROOT / ".venv")
    for block in SEND:
        replace(typist, folder=tmp_path).expect(block)


def test_every_snippet_of_connect_runs(typist: Typist) -> None:
    typist.lake.adlake("wait", "--timeout", "240")  # there are rows
    tag = ""
    for block in CONNECT:
        said = typist.expect(block if not tag else _with_tag(block, tag))
        if found := TAG.search(said):
            tag = found[1]
    assert tag, "nothing kept a snapshot"


def test_what_operate_says_is_typed_and_printed(typist: Typist) -> None:
    for block in OPERATE:
        typist.expect(block)


def _with_tag(block: Block, tag: str) -> Block:
    """The tag that this lake gave in the place of the page's."""
    return replace(block, text=re.sub(r"kept-\d+", tag, block.text))
