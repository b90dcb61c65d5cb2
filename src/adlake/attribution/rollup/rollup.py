"""A table of sums over Gold: all of them anew, or what a batch changes in them.

Sums are additive: those of the rows as they are now, less those of the same rows as they were, are
what a batch changed, whatever came late.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from adlake.contracts.law import LawConstants
from adlake.contracts.registry import TableSpec, spec_of
from adlake.contracts.tables import FOLDED_DAY


@dataclass(frozen=True)
class Rollup:
    """How rows of Gold become rows of one table of sums."""

    table: str
    format: int
    """Version of what is summed, and how; a table of another one is built again."""
    columns: tuple[str, ...]
    """Of Gold, that it reads."""
    placed: Callable[[DataFrame, LawConstants], DataFrame]
    """Rows of Gold with a `sign` (1: it is there, -1: it is gone) -> rows with the grain."""
    sums: Mapping[str, str]
    """Column -> expression over the placed rows of one grain."""

    @property
    def spec(self) -> TableSpec:
        """Its entry in the registry."""
        return spec_of(self.table)

    def of_all(self, gold: DataFrame, law: LawConstants) -> DataFrame:
        """All rows summed.

        Args:
            gold: any frame with Gold's columns.
            law: that its rows follow.

        Returns:
            The table's columns, one row per grain, filed under its day.
        """
        day = F.to_date(self.spec.folded_by)
        return self._summed(self._signed(gold, 1), law).withColumn(FOLDED_DAY, day)

    def differences(self, added: DataFrame, removed: DataFrame, law: LawConstants) -> DataFrame:
        """What the sums change by when rows come and others go; of no change there is no row.

        Args:
            added: rows of Gold as they are after a batch.
            removed: rows of Gold as they were before it.
            law: that both follow.

        Returns:
            The table's columns; FOLDED_DAY is NULL.
        """
        changes = self._summed(self._signed(added, 1).unionAll(self._signed(removed, -1)), law)
        is_any = " OR ".join(f"{name} <> 0" for name in self.sums)
        return changes.where(is_any).withColumn(FOLDED_DAY, F.lit(None).cast("date"))

    def _signed(self, gold: DataFrame, sign: int) -> DataFrame:
        return gold.selectExpr(*self.columns, f"{sign} AS sign")

    def _summed(self, rows: DataFrame, law: LawConstants) -> DataFrame:
        return (
            self.placed(rows, law)
            .groupBy(*self.spec.key)
            .agg(*(F.expr(expression).alias(name) for name, expression in self.sums.items()))
        )
