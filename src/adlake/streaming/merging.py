"""Reading the rows of some keys, and writing the rows that a batch changes in one commit.

For tables whose rows are told by their key alone. Gold looks its rows up by slot, in a writer of
its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

IS_GONE: Final = "is_gone"
"""Column of a row that is to be removed, where rows can be."""
MOST_KEYS: Final = 200_000
"""More come only where a table is filled from its records: too many to send to each task."""


def rows_of(table: DataFrame, keys: DataFrame, names: Sequence[str], count: int) -> DataFrame:
    """The rows of a table whose columns `names` are among these keys, of which there are so many.

    The table is read; the keys are not looked up one by one.
    """
    wanted = keys if count > MOST_KEYS else F.broadcast(keys)
    return table.join(wanted, [*names], "left_semi")


def differing(
    before: DataFrame, after: DataFrame, key: Sequence[str], columns: Sequence[str]
) -> DataFrame:
    """Rows that begin, change or are gone.

    Args:
        before: rows of the table, at most one of a key.
        after: what it shall have instead of them.
        key: of the table.
        columns: of the table, the key too.

    Returns:
        `columns`, `is_known` where the table has a row of this key, and IS_GONE.
    """
    had = before.select(*key, F.struct(*columns).alias("before"))
    has = after.select(*key, F.struct(*columns).alias("after"))
    both = had.join(has, [*key], "full_outer")
    return (
        both.where(~F.col("before").eqNullSafe(F.col("after")))
        .select(
            F.coalesce("after", "before").alias("row"),
            F.col("before").isNotNull().alias("is_known"),
            F.col("after").isNull().alias(IS_GONE),
        )
        .select("row.*", "is_known", IS_GONE)
    )


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
    # Named by its table: pipelines that share a session keep out of each other's way.
    view = f"changed_rows_of_{table.rpartition('.')[2]}"
    rows.createOrReplaceTempView(view)
    assignments = ", ".join(f"t.{name} = s.{name}" for name in columns)
    removed = f" WHEN MATCHED AND s.{IS_GONE} THEN DELETE" if IS_GONE in rows.columns else ""
    session.sql(
        f"MERGE INTO {table} AS t USING {view} AS s ON "  # noqa: S608 - own names
        + " AND ".join(f"t.{name} = s.{name}" for name in key)
        + removed
        + f" WHEN MATCHED THEN UPDATE SET {assignments}"
        + f" WHEN NOT MATCHED THEN INSERT ({', '.join(columns)})"
        + f" VALUES ({', '.join(f's.{name}' for name in columns)})"
    )
    session.catalog.dropTempView(view)
