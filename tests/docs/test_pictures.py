"""The pictures of the dashboard's pages: what makes one old, and what does not."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tools import pictures

pytestmark = pytest.mark.docs

PAGES = (
    "campaigns", "funnel", "alerts", "budgets", "customers", "bridge", "rows", "explain",
    "operations", "trust",
)  # fmt: skip
PICTURES = sorted(pictures.RECORD.parent.glob(f"{pictures.BEGINNING}*.png"))


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A copy of the room of the dashboard."""
    copy = tmp_path / "dashboard"
    shutil.copytree(pictures.ROOM, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def changed(room: Path, module: str, before: str, after: str) -> set[str]:
    """Pages that may look different after an edit."""
    old = {page: pictures.digest_of(page, room) for page in PAGES}
    file = room / f"{module}.py"
    text = file.read_text()
    assert text.count(before) == 1, f"{module} no longer has this once: {before!r}"
    file.write_text(text.replace(before, after))
    return {page for page in PAGES if pictures.digest_of(page, room) != old[page]}


def test_every_picture_is_of_a_page() -> None:
    assert {pictures.page_of(one.name) for one in PICTURES} == set(PAGES)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda one: one.stem)
def test_a_picture_is_younger_than_its_page(picture: Path) -> None:
    kept, now = pictures.recorded().get(picture.name), pictures.now(picture)
    assert kept == now, (
        "the page looks different now, or its picture is another: `make screenshots`"
    )


@pytest.mark.parametrize(
    ("module", "before", "after", "pages"),
    [
        ("bridge", 'head(sources, "Bridge")', 'head(sources, "The bridge")', {"bridge"}),
        # What a page takes from another one counts, the rest of that one does not.
        ("operations", 'head(sources, "Operations")', 'head(sources, "Ops")', {"operations"}),
        ("operations", "def show_reuse(", "# a word\ndef show_reuse(", set()),
        ("app", 'title="Trust"', 'title="Proof"', set(PAGES)),
        ("app", "padding-top: 3.6rem", "padding-top: 3rem", set(PAGES)),
        ("formats", 'UNKNOWN: Final = "', 'UNKNOWN: Final = "?', set(PAGES)),
        # Neither a wire below the pages nor what only asks draws anything.
        ("app", "settings = Settings()", "settings = Settings({})", set()),
        ("lake", "from __future__", "X = 1\nfrom __future__", set()),
        ("bridge", "from __future__", "# a comment\nfrom __future__", set()),
        ("alerts", "def show(", "def nobody_calls_this() -> None: ...\n\n\ndef show(", set()),
    ],
)  # fmt: skip
def test_an_edit_makes_the_pictures_of_its_pages_old(
    room: Path, module: str, before: str, after: str, pages: set[str]
) -> None:
    assert changed(room, module, before, after) == pages


def test_a_drawing_makes_old_what_shows_it(room: Path) -> None:
    assert changed(room, "charts", "def waterfall(", "def waterfall(extra, ") == {"bridge"}
    assert "trust" in changed(room, "operations", "def show_rejected(", "def show_rejected(more, ")


def test_docstrings_make_nothing_old(room: Path) -> None:
    sentence = (room / "frame.py").read_text().partition("def head(")[2].split('"""')[1]
    assert changed(room, "frame", f'"""{sentence}"""', '"""Something else."""') == set()


def test_what_is_made_is_recorded_beside_what_was(tmp_path: Path) -> None:
    record = tmp_path / pictures.RECORD.name
    record.write_text(json.dumps({"dashboard-trust.png": {"page": "old", "picture": "old"}}))
    made = tmp_path / "dashboard-maturity.png"
    made.write_bytes(b"picture")
    pictures.keep(made)
    told = json.loads(record.read_text())
    assert told["dashboard-trust.png"] == {"page": "old", "picture": "old"}
    assert told["dashboard-maturity.png"] == {
        "page": pictures.digest_of("campaigns"),
        "picture": hashlib.sha256(b"picture").hexdigest(),
    }
