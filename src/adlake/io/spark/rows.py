"""Rows of the driver as a frame, without processes of Python beside the JVM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType


def frame_of(session: SparkSession, rows: Sequence[Sequence[Any]], schema: str) -> DataFrame:
    """A frame of a few rows.

    A list given to Spark as it is would be turned into rows by two worker processes, which stay,
    and take 60 MB each.

    Args:
        session: makes it.
        rows: values in the order of the columns.
        schema: name and type of each column, as in DDL.
    """
    columns = to_arrow_schema(StructType.fromDDL(schema))
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [pa.array(one, type=column.type) for one, column in zip(values, columns, strict=True)]
    return session.createDataFrame(pa.Table.from_arrays(arrays, schema=columns), schema)
