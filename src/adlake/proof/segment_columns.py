"""How the oracle reads channel and region of Bronze, which older rows and snapshots do not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adlake.io.sql.files import SqlText, SqlValue, bind, sql_text
from adlake.io.sql.literals import literal
from adlake.io.trino.client import ColumnMissingError, TrinoClient
from adlake.proof.records_sql import EVERYTHING

Place = tuple[str, int]
"""Label of a source incarnation, and a partition."""


@dataclass(frozen=True)
class Segments:
    """Where Bronze first holds a channel or region; `are_columns` False: it has none of the two.

    Bronze grows by offset, so the rows from before the columns lie before the first one of their
    partition that has a value; only behind it a missing value is a lost one.
    """

    firsts: Mapping[Place, int] = field(default_factory=dict)
    are_columns: bool = True

    def after(self, earlier: Segments) -> Segments:
        """Of these, which came later, and of what was there before."""
        return Segments({**self.firsts, **earlier.firsts}, self.are_columns)

    def values(self) -> dict[str, SqlValue]:
        """Parameters `channel_column`, `region_column` and `knows_segments` of the oracle."""
        if not self.are_columns:
            nothing = SqlText("CAST(NULL AS VARCHAR)")
            return {
                "channel_column": nothing, "region_column": nothing,
                "knows_segments": SqlText("FALSE"),
            }  # fmt: skip
        places = [
            f"(kafka_topic = {literal(topic, 'trino')} AND kafka_partition = {partition} "
            f"AND kafka_offset >= {offset})"
            for (topic, partition), offset in self.firsts.items()
        ]
        return {
            "channel_column": SqlText("channel"),
            "region_column": SqlText("region"),
            "knows_segments": SqlText(f"({' OR '.join(places)})" if places else "FALSE"),
        }


def first_segments(
    trino: TrinoClient, bronze_snapshot: int, bronze_part: SqlText = EVERYTHING
) -> Segments:
    """Ask a snapshot of Bronze, or a part of it."""
    values: dict[str, SqlValue] = {"bronze_snapshot": bronze_snapshot, "bronze_part": bronze_part}
    try:
        rows = trino.rows(bind(sql_text("proof/first_segments"), values))
    except ColumnMissingError:
        return Segments(are_columns=False)
    return Segments({(topic, partition): offset for topic, partition, offset in rows})
