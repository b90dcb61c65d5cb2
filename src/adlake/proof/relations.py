"""How the files of `sql/oracles` stand upon each other: over all of the lake, or what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from adlake.io.sql.files import SqlText, SqlValue, bind, sql_text, with_relations
from adlake.io.sql.template import body_of, substituted


@dataclass(frozen=True)
class Relations:
    """Relation -> its file, and the relations that it reads itself."""

    files: Mapping[str, str]
    sources: Mapping[str, tuple[str, ...]]
    renamed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Relation -> parameters of its file, and what they are called in the query."""

    def query(self, name: str, wanted: Sequence[str], values: Mapping[str, SqlValue]) -> str:
        """A file of `sql/` with its parameters bound, reading the relations it names."""
        texts = {one: self._text(one) for one in self._in_order(wanted)}
        return bind(with_relations(sql_text(name), texts), values)

    def _text(self, relation: str) -> str:
        renamed = self.renamed.get(relation, {})
        text = sql_text(f"oracles/{self.files[relation]}")
        return substituted(text, lambda name: f":{renamed.get(name, name)}")

    def _in_order(self, wanted: Sequence[str]) -> list[str]:
        """The relations with everything they read, sources first, each once."""
        ordered: list[str] = []
        for relation in wanted:
            for name in (*self._in_order(self.sources.get(relation, ())), relation):
                if name not in ordered:
                    ordered.append(name)
        return ordered


_FILES: Final = {
    "admitted_deliveries": "admitted_deliveries",
    "distinct_events": "distinct_events",
    "event_contents": "event_contents",
    "expected_rows": "gold_rows",
    "stored_rows": "stored_rows",
    "gold_slice": "gold_slice",
    "compared_rows": "compared_rows",
    "stored_events": "stored_events",
    "impressions": "stored_impressions",
}
_SOURCES: Final = {
    "distinct_events": ("admitted_deliveries",),
    "event_contents": ("admitted_deliveries",),
    "expected_rows": ("event_contents",),
    "compared_rows": ("gold_slice", "expected_rows"),
}
WHOLE: Final = Relations(_FILES, _SOURCES)
"""Every delivery of Bronze, every row of Gold."""
TOUCHED: Final = Relations(
    {
        "touched_impressions": "touched_impressions",
        "slice_rows": "stored_rows",
        "proven_slice": "stored_rows",
        "proven_rows": "proven_rows",
        "new_deliveries": "admitted_deliveries",
        "admitted_deliveries": "known_deliveries",
        "event_contents": "event_contents",
        "expected_rows": "gold_rows",
        "stored_rows": "touched_rows",
        "impressions": "stored_impressions",
    },
    {
        "proven_rows": ("proven_slice", "touched_impressions"),
        "stored_rows": ("slice_rows", "touched_impressions"),
        "admitted_deliveries": ("proven_rows", "new_deliveries"),
        "event_contents": ("admitted_deliveries",),
        "expected_rows": ("event_contents",),
    },
    {"proven_slice": {"gold_snapshot": "proven_snapshot"}},
)
"""Impressions that may be other ones than at the last proof, from their states then."""


def stored_text() -> SqlText:
    """Expression for an event as Gold stores it."""
    return SqlText(body_of(sql_text("fragments/stored_text")))
