"""Merging small data files of one Iceberg table, by one commit that changes no row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import SparkSession

from adlake.contracts.tables import CATALOG


@dataclass(frozen=True)
class Rewritten:
    """How many files became how many; nothing was small enough: 0 and 0."""

    files: int
    into: int


def rewrite_files(
    session: SparkSession,
    name: str,
    options: Mapping[str, str],
    sort_order: str = "",
    where: str = "",
) -> Rewritten:
    """Have Iceberg choose and merge the files.

    With the catalog in the table's name: without, Iceberg looks for a catalog of the namespace's
    name first, and logs a trace that there is none.

    Args:
        session: the session whose catalog connection (and fence) is used.
        name: `namespace.table`.
        options: of Iceberg's `rewrite_data_files`.
        sort_order: order of rows in the new files; empty: as they are.
        where: SQL over columns; files that can hold no such row are left alone.
    """
    arguments = [f"table => '{CATALOG}.{name}'"]
    if sort_order:
        arguments += ["strategy => 'sort'", f"sort_order => '{sort_order}'"]
    told = ", ".join(f"'{key}', '{value}'" for key, value in options.items())
    arguments.append(f"options => map({told})")
    if where:
        quoted = where.replace("'", "\\'")
        arguments.append(f"where => '{quoted}'")
    call = f"CALL {CATALOG}.system.rewrite_data_files({', '.join(arguments)})"
    row = session.sql(call).collect()[0]
    return Rewritten(int(row.rewritten_data_files_count), int(row.added_data_files_count))
