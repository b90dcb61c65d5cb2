"""What is generated in docs/ is what the code says now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from adlake.settings import REPO_ROOT
from tools import docs

pytestmark = pytest.mark.docs


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A root with a copy of the pages."""
    shutil.copytree(REPO_ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("*.png"))
    return tmp_path


@pytest.mark.parametrize("page", docs.pages(), ids=lambda page: page.stem)
def test_a_generated_page_has_not_drifted(page: Path) -> None:
    assert page.read_text() == docs.pages()[page], "run `make docs`"


def test_no_drawn_picture_is_left_that_no_page_shows() -> None:
    drawn = {path for path in docs.pages() if path.suffix == ".svg"}
    assert set((REPO_ROOT / "docs" / "img" / "law").iterdir()) <= drawn
    pages = (REPO_ROOT / "README.md", *(REPO_ROOT / "docs").glob("*.md"))
    shown = "\n".join(path.read_text() for path in pages)
    assert [one for one in drawn if str(one.relative_to(REPO_ROOT / "docs")) not in shown] == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("architecture.md", '  j0["generator: generate"]\n'),
        ("architecture.md", "| 8 | `io` |\n"),
        (
            "data-model.md",
            "| `gold.ad_performance_replay` | attribution: replay | nobody yet |\n",
        ),
        ("metrics.md", "- grain: one row per campaign_id, largest spend first; "),
        ("data-model.md", '  bronze_ad_events }o--o| dims_dim_users : "user_id"\n'),
        ("simulator.md", "| clicked ones that convert | 10 % |\n"),
        ("benchmarks.md", "| verdict | kept |"),
        ("law.md", "| lookback | 7 d | from a click to a conversion that it may get, "),
        ("send-events.md", "| an id | 256 bytes of UTF-8, no control character |\n"),
        ("settings.md", "## The Iceberg catalog, and the control database"),
    ],
)
def test_a_line_taken_out_by_hand_is_drift(copy: Path, name: str, line: str) -> None:
    page = copy / "docs" / name
    right = page.read_text()
    assert line in right
    page.write_text(right.replace(line, ""))
    assert docs.pages(copy)[page] == right


def test_a_part_is_filled_between_its_comments_and_nothing_else_changes() -> None:
    page = "one\n<!-- generated: x -->\nold\n<!-- end of x -->\ntwo\n"
    filled = docs.filled_in(page, {"x": "new"})
    assert filled == "one\n<!-- generated: x -->\nnew\n<!-- end of x -->\ntwo\n"
    assert docs.filled_in(filled, {"x": "new"}) == filled


@pytest.mark.parametrize("lost", ["<!-- generated: flow -->\n", "<!-- end of flow -->"])
def test_a_page_without_the_comments_is_refused(copy: Path, lost: str) -> None:
    page = copy / "docs" / "architecture.md"
    page.write_text(page.read_text().replace(lost, ""))
    with pytest.raises(ValueError, match="generated part 'flow'"):
        docs.pages(copy)
