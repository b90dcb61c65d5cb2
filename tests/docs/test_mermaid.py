"""The pictures that pages draw with Mermaid: their syntax, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from adlake import flow
from adlake.settings import REPO_ROOT
from tests.fixtures.mermaid import MOST_EDGES, MOST_TEXT, faults, pictures_of

pytestmark = pytest.mark.docs

PAGES = [page for page in REPO_ROOT.glob("docs/**/*.md") if "```mermaid" in page.read_text()]
FLOW = flow.as_mermaid()
ENTITIES = pictures_of((REPO_ROOT / "docs" / "data-model.md").read_text())[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_picture_can_be_drawn(page: Path) -> None:
    pictures = pictures_of(page.read_text())
    assert len(pictures) == page.read_text().count("```mermaid")
    assert [fault for picture in pictures for fault in faults(picture)] == []


def test_the_pages_with_pictures_are_these() -> None:
    assert {page.stem for page in PAGES} >= {"architecture", "data-model"}


@pytest.mark.parametrize(
    ("picture", "fault"),
    [
        (FLOW.replace("flowchart LR", "flowchrt LR"), "not a kind"),
        (FLOW.replace('"]\n', ']\n', 1), "not a node or an edge"),
        (FLOW.replace("generator: generate", 'generator: "generate"', 1), "not a node or an edge"),
        (FLOW.replace(" --> ", " -> ", 1), "not a node or an edge"),
        (f"{FLOW}\n  j0 --> j999", "a line to j999, which is not drawn"),
        (f'{FLOW}\n  j0["again"]', "j0 is there twice"),
        (f'{FLOW}\n  end["x"]', "end is a word of Mermaid's own"),
        (FLOW + "\n  j0 --> j0" * MOST_EDGES, "edges, 500 are drawn"),
        (f'{FLOW}\n  x["{"x" * MOST_TEXT}"]', "characters, 50,000 are drawn"),
        (ENTITIES.replace("  }\n", "", 1), "not an entity"),
        (ENTITIES.replace(" PK", " KP", 1), "not an entity"),
        (ENTITIES.replace("STRING", "ARRAY<STRING>", 1), "not an entity"),
        (ENTITIES.replace("}o--o|", "}o-o|", 1), "not an entity"),
        (ENTITIES.rstrip().removesuffix("}") + '\n  x["x"] {', "is not closed"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_named(picture: str, fault: str) -> None:
    assert any(fault in one for one in faults(picture)), faults(picture)
