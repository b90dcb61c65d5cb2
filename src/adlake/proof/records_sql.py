"""The tables of records as the SQL files of the proof name them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adlake.contracts.registry import Filling, names_of
from adlake.contracts.tables import CATALOG
from adlake.io.sql.files import SqlText, SqlValue, bind, sql_text, with_relations

EVERYTHING: Final = SqlText("TRUE")
"""The condition that leaves nothing out."""


def records_values(table: str) -> dict[str, SqlValue]:
    """Parameters `records`, `bronze_part` (all), `snapshots` and `refs` for a table of records."""
    namespace, _, name = table.partition(".")
    return {
        "records": SqlText(f"{CATALOG}.{table}"),
        "bronze_part": EVERYTHING,
        "snapshots": SqlText(f'{CATALOG}.{namespace}."{name}$snapshots"'),
        "refs": SqlText(f'{CATALOG}.{namespace}."{name}$refs"'),
    }


def completeness_sql(row_limit: int, tables: Sequence[str] | None = None) -> str:
    """The check sql/checks/completeness.sql over tables of records (None: all of the registry)."""
    every = names_of(filling=Filling.APPEND)
    commits = "\nUNION ALL\n".join(
        bind(sql_text("proof/stamped_commits"), records_values(table)) for table in tables or every
    )
    check = with_relations(sql_text("checks/completeness"), {"stamped_commits": commits})
    return bind(check, {"row_limit": row_limit})
