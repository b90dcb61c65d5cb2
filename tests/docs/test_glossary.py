"""docs/glossary.md: each word once, and the words that other pages use are there."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from adlake.settings import REPO_ROOT

pytestmark = pytest.mark.docs

TEXT = (REPO_ROOT / "docs" / "glossary.md").read_text()
NEEDED = (
    "lookback", "provisional", "canary", "source incarnation", "fence", "failpoint", "head",
    "branch `staging`", "snapshot", "catalog", "warehouse", "migration", "trigger", "micro-batch",
    "lag", "partition", "offset", "KRaft", "MERGE", "SCD type 2", "Iceberg", "Trino", "drill",
    "storm", "corpus", "mutant", "driver", "exactly once", "ground truth", "quarantine", "p95",
)  # fmt: skip


def words() -> list[str]:
    """Words of the first columns; the table of stored names has none of its own."""
    told = TEXT.partition("## Names that are stored")[0]
    cells = re.findall(r"^\| ([^|]+) \| ", told, re.MULTILINE)
    return [word.strip() for cell in cells for word in cell.split(", ") if cell not in {"word"}]


def test_no_word_has_two_lines() -> None:
    assert [word for word, count in Counter(words()).items() if count > 1 and word != "---"] == []


def test_the_words_that_readers_meet_are_there() -> None:
    assert [word for word in NEEDED if word not in words()] == []
