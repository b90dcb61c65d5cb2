"""The picture of the four counts names what the batch counts and their view have."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from adlake.settings import REPO_ROOT
from tools.pages import counts_picture
from tools.pages.counts_picture import WHO, comparisons, drawn, gaps

pytestmark = pytest.mark.docs

COLUMNS = set(
    re.findall(
        r"^  (\w+) [A-Z]", (REPO_ROOT / "sql/ddl/audit/completeness_ledger.sql").read_text(), re.M
    )
)
OF_PRODUCERS = {"acknowledged"}
"""Kept beside the events, in no table."""


def words() -> list[str]:
    return [str(one.text) for one in ElementTree.fromstring(drawn()).iter() if one.text]  # noqa: S314 - our own


def test_every_gap_of_the_view_is_drawn() -> None:
    assert len(gaps()) == (REPO_ROOT / "sql/views/completeness_gaps.sql").read_text().count(
        " AS gap"
    )
    assert {f"else: {gap}" for gap in gaps()} <= set(words())


def test_every_number_is_a_column_and_is_counted_by_one() -> None:
    counted = {name for _, _, names in WHO for name in names.split(", ")} - OF_PRODUCERS
    assert counted <= COLUMNS
    named = {name for one in comparisons() for name in re.findall(r"\w+_\w+", one.rule)}
    assert named - counted == {"empty_before", "empty_within"}
    assert named <= COLUMNS


def test_a_gap_more_in_the_view_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = tmp_path / "completeness_gaps.sql"
    more.write_text(counts_picture.VIEW.read_text() + "\n    'a rule more' AS gap,\n")
    monkeypatch.setattr(counts_picture, "VIEW", more)
    with pytest.raises(ValueError, match="unpack"):
        drawn()


def test_no_text_leaves_the_picture() -> None:
    # A letter of 13 pixels is 6 wide on average.
    for who in WHO:
        assert max(map(len, who)) * 6 < counts_picture.BOX
    assert max(len(one.rule) for one in comparisons()) * 6 < counts_picture.COLUMNS[2]
