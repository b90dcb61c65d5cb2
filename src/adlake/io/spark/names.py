"""Names of Java that PySpark asks its JVM for again and again."""

from __future__ import annotations

from typing import Any, Final

from pyspark.sql import SparkSession

_NAMES: Final = (
    "functions", "PythonUtils", "org.apache.spark.sql.functions",
    "org.apache.spark.sql.classic.SparkSession", "org.apache.spark.sql.internal.SQLConf",
)  # fmt: skip
"""As PySpark asks for them: whole."""
_PATHS: Final = ("py4j.reflection.TypeUtil", "org.apache.iceberg.spark.Spark3Util")
"""Asked for step by step."""


def remember_names(session: SparkSession) -> None:
    """Ask once what each name means: a batch asks hundreds of times, and it never changes.

    The JVM takes a name for a class of each package that PySpark imports, and looks for that in
    every jar, before it says that it is none.
    """
    jvm: Any = session._jvm
    for name in _NAMES:
        vars(jvm)[name] = getattr(jvm, name)
    for path in _PATHS:
        place = jvm
        for step in path.split("."):
            vars(place)[step] = getattr(place, step)
            place = vars(place)[step]
