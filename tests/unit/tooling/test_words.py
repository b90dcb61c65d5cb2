"""One word for one concept: words that were given up do not come back (docs/glossary.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adlake.settings import REPO_ROOT

PLACES = ("src", "sql", "docs", "infra", "README.md", "CONTRIBUTING.md", "Makefile")
HISTORY = ("docs/adr/", "sql/migrations/")
"""Decisions as they were taken, and files whose checksum every lake knows."""
TEXTS = {".py", ".sql", ".md", ".toml", ".properties", ".xml", ".json", ".template", ""}


@dataclass(frozen=True)
class GivenUp:
    """A word that nothing is called any more, and where a stored name still has it."""

    pattern: str
    say: str
    stored: tuple[str, ...] = ()
    """Patterns of names that lakes, drivers, settings and old commands hold."""


WORDS = (
    GivenUp(
        r"ledger", "batch counts, producer audit or offset coverage",
        (
            r"completeness_ledger", r"adlake\.ledger", r"ledger_every_batches",
            r'command\("ledger", hidden=True\)', r'COUNTS_SINK: Final = "ledger"',
            r'_TOTALS = "ledger"', r"`ledger`",
            # Of what advertisers spent: the one that is called so.
            r"spend_ledger",
        ),
    ),
    GivenUp(
        r"epoch", "lease generation or source incarnation",
        (
            # A moment in time, counted from 1970 or another beginning.
            r"epoch(?:_|\s+)(?:ms|us|ns|millis|seconds)", r"(?:unix|ksuid)_epoch",
            r"extract\(epoch ",
            # Columns, properties, settings of connections, a hidden command.
            r"source[_-]epochs?\b", r"(?:lease_|adlake\.|leases\.)epoch", r'["`] ?epoch ?["`]',
            r"(?m)^ +epoch(?:,| bigint)", r"epoch (?:as|=|bigint)", r"bigint epoch pk",
            r"(?:returning |_id, |_name, |call it |\bas )epoch",
        ),
    ),
    GivenUp(r"books?(?:\b|_)", "counts: whose, and of what", ("runbook", "notebook")),
    GivenUp(r"quarantine replay|fix and replay", "resubmit"),
    GivenUp(r"attribution window|window of (?:its|a) click", "lookback"),
    GivenUp(r"orphan(?:ed)? (?:files?|removal)|files are orphans", "leftover file"),
    GivenUp(r"serve_due|keep_house|house ?keep|house\.(?:before|after)|upkeep", "maintenance"),
    GivenUp(r"(?:open|close|closed)_books", "count_mismatches, record_final_counts"),
    GivenUp(r"present_?log", "the broker's log"),
    GivenUp(r"is_lone\b|lone impression|lone_(?:donor|slots)", "impression only"),
)  # fmt: skip


def files() -> Iterator[Path]:
    for place in PLACES:
        root = REPO_ROOT / place
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            name = path.relative_to(REPO_ROOT).as_posix()
            if path.is_file() and path.suffix in TEXTS and not name.startswith(HISTORY):
                yield path


def places_of(word: GivenUp, text: str) -> list[str]:
    """Lines of a text that say the word, without the stored names."""
    for name in word.stored:
        text = re.sub(name, lambda found: "." * len(found[0]), text, flags=re.IGNORECASE)
    said = re.compile(word.pattern, re.IGNORECASE)
    return [line.strip() for line in text.splitlines() if said.search(line)]


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.pattern)
def test_a_word_that_was_given_up_is_not_said(word: GivenUp) -> None:
    found = [
        f"{path.relative_to(REPO_ROOT)}: {line}"
        for path in files()
        for line in places_of(word, path.read_text(encoding="utf-8"))
    ]
    assert not found, f"say {word.say}:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("name", "pattern"), [(name, word.pattern) for word in WORDS for name in word.stored]
)
def test_each_stored_name_is_still_there_to_be_let_through(name: str, pattern: str) -> None:
    assert any(
        re.search(name, path.read_text(encoding="utf-8"), re.IGNORECASE) for path in files()
    ), f"nothing matches {name}: let {pattern} through no longer"


def test_the_search_finds_what_it_is_there_for() -> None:
    ledger, epoch = WORDS[:2]
    assert places_of(ledger, "the Ledger\nFROM audit.completeness_ledger") == ["the Ledger"]
    assert places_of(epoch, "of a source epoch\n    epoch,\nepoch ms") == ["of a source epoch"]
