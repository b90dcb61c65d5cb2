"""Spark reads our literals and our named parameters as the values they were."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from adlake.io.sql.files import bind, sql_text
from adlake.io.sql.literals import SqlValue
from adlake.io.sql.spark import rendered

pytestmark = pytest.mark.spark

VALUES: tuple[SqlValue, ...] = (
    "'; DROP TABLE t --", "\\' OR 1=1 --", "\\", "\\n", "''", "a\nb", "%_", "ü", ":value", -5, 5,
    Decimal("-0.000001"), None, True,
)  # fmt: skip


def test_no_value_ends_its_literal(spark: SparkSession) -> None:
    names = [f"v{number}" for number in range(len(VALUES))]
    named = dict(zip(names, VALUES, strict=True))
    text = "SELECT " + ", ".join(f":{name} AS {name}" for name in names)
    assert tuple(spark.sql(bind(text, named, "spark")).first() or ()) == VALUES
    statement, arguments = rendered(text, named)
    assert tuple(spark.sql(statement, args=arguments).first() or ()) == VALUES


def test_the_time_range_ends_before_until(spark: SparkSession) -> None:
    fragment = sql_text("fragments/time_range").replace(":moment", "CAST(seen AS TIMESTAMP)")
    days = "VALUES ('2026-01-01 00:00:00+00:00'), ('2026-01-02 00:00:00+00:00'), (NULL)"
    query = f"SELECT count(*) AS found FROM ({days}) AS times (seen) WHERE\n{fragment}"
    second = datetime(2026, 1, 2, tzinfo=UTC)

    def found(since: datetime | None, until: datetime | None) -> int:
        statement, arguments = rendered(query, {"since": since, "until": until})
        return int(spark.sql(statement, args=arguments).collect()[0].found)

    assert (found(None, None), found(None, second), found(second, None)) == (2, 1, 1)
