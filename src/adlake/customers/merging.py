"""Reading the rows of some keys, and writing the rows that a batch changes in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

IS_GONE: Final = "is_gone"
"""Column of a row that is to be removed, where rows can be."""
_VIEW: Final = "changed_rows_of_customers"
_MOST_KEYS: Final = 200_000
"""More come only where a table is filled from its records: too many to send to each task."""


def rows_of(table: DataFrame, keys: DataFrame, names: Sequence[str], count: int) -> DataFrame:
    """The rows of a table whose columns `names` are among these keys, of which there are so many.

    The table is read; the keys are not looked up one by one.
    """
    wanted = keys if count > _MOST_KEYS else F.broadcast(keys)
    return table.join(wanted, [*names], "left_semi")


def changed_counts(rows: DataFrame) -> tuple[int, int]:
    """How many rows there are, and how many of them the table knows (`is_known`)."""
    [(all_rows, known)] = rows.agg(F.count(F.lit(1)), F.count_if("is_known")).collect()
    return int(all_rows), int(known)


def merge(
    session: SparkSession, table: str, rows: DataFrame, key: Sequence[str],
    columns: Sequence[str], *, anew: bool,
) -> None:  # fmt: skip
    """Write rows in one commit.

    Args:
        session: whose settings stamp the commit.
        table: its full name.
        rows: `columns`, and IS_GONE where rows may be.
        key: of the table.
        columns: of the table.
        anew: the table has none of the keys and need not be searched again.
    """
    if anew:
        # An empty append is stamped, too.
        rows.select(*columns).coalesce(1).writeTo(table).append()
        return
    rows.createOrReplaceTempView(_VIEW)
    assignments = ", ".join(f"t.{name} = s.{name}" for name in columns)
    removed = f" WHEN MATCHED AND s.{IS_GONE} THEN DELETE" if IS_GONE in rows.columns else ""
    session.sql(
        f"MERGE INTO {table} AS t USING {_VIEW} AS s ON "  # noqa: S608 - own names
        + " AND ".join(f"t.{name} = s.{name}" for name in key)
        + removed
        + f" WHEN MATCHED THEN UPDATE SET {assignments}"
        + f" WHEN NOT MATCHED THEN INSERT ({', '.join(columns)})"
        + f" VALUES ({', '.join(f's.{name}' for name in columns)})"
    )
    session.catalog.dropTempView(_VIEW)
