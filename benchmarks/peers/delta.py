"""Delta Lake on the same Spark: the law's own fold, one MERGE per batch with deletion vectors.

The reading of payloads, the fold and the projection are adlake's, so what differs is the table and
the way a batch gets in: the MERGE of the law's section 5, as SQL. A row is stored with its state.

Tuned as Delta's own pages advise: deletion vectors on ("What are deletion vectors"), liquid
clustering by the day and the id ("Use liquid clustering for Delta tables") with one OPTIMIZE after
the preload, the days of the batch as literals in the condition ("Reduce the search space for
matches"), auto compaction and optimized writes on ("Optimizations"), zstd. Adaptive execution and
broadcasts are at Spark's defaults, where adlake's own session turns them off.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pyspark.sql import DataFrame, SparkSession

from adlake.attribution.spark.admit import admit
from adlake.attribution.spark.bronze import bronze_rows
from adlake.attribution.spark.fold import all_states
from adlake.attribution.spark.gold import gold_rows
from adlake.contracts.tables import GOLD_COLUMNS
from adlake.devstack.install.fetch import DELTA_SET, fetched_folder
from adlake.devstack.install.versions import read_versions
from adlake.io.spark.session import FUNCTION_CATALOG
from adlake.settings import Settings
from adlake.streaming.filing import HOUR_MS
from adlake.wiring.spark import collector_options
from benchmarks.peers.ours import MEMORY, read, roas_of, write_rows
from benchmarks.peers.shape import DAY_OF_ID

_SETTINGS: Final = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # The reader of payloads in the JVM, which is beside PySpark's jars.
    f"spark.sql.catalog.{FUNCTION_CATALOG}": "adlake.payload.Functions",
    "spark.databricks.delta.optimizeWrite.enabled": "true",
    "spark.databricks.delta.autoCompact.enabled": "true",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.driver.memory": MEMORY,
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    # As in adlake's own session, and for the same reasons.
    "spark.sql.codegen.cache.maxEntries": "5000",
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}  # fmt: skip
_JAVA_OPTIONS: Final = ("-XX:-DontCompileHugeMethods", "-Duser.timezone=UTC")
_DAYS_AT_ONCE: Final = 8
"""In one commit of the preload."""


class Delta:
    """Two tables in a folder, by their paths."""

    def __init__(self, folder: Path) -> None:
        self._gold, self._bronze = (f"delta.`{folder / name}`" for name in ("gold", "bronze"))
        jars = fetched_folder(Settings().paths.cache.resolve(), DELTA_SET, print)
        path = os.pathsep.join(str(jar) for jar in sorted(jars.glob("*.jar")))
        builder = SparkSession.builder.appName("peers").master("local[2]")
        builder = builder.config("spark.driver.extraClassPath", path)
        # The collector of the peers beside it: Java's own choice costs a batch more.
        options = (*_JAVA_OPTIONS, *collector_options(os.environ.get("JAVA_TOOL_OPTIONS", "")))
        builder = builder.config("spark.driver.extraJavaOptions", " ".join(options))
        for name, value in _SETTINGS.items():
            builder = builder.config(name, value)
        self._session = builder.getOrCreate()
        self._session.sparkContext.setLogLevel("ERROR")
        self.versions = {"spark": self._session.version, "delta": read_versions()["DELTA_VERSION"]}

    def preload(self, days: list[Path]) -> None:
        for first in range(0, len(days), _DAYS_AT_ONCE):
            deliveries = read(self._session, *days[first : first + _DAYS_AT_ONCE])
            rows = _rows(all_states(deliveries, 2))
            if not first:
                self._create(self._gold, rows, "CLUSTER BY (day, impression_id)")
                kept = bronze_rows(deliveries, HOUR_MS)
                self._create(self._bronze, kept, "")
            rows.createOrReplaceTempView("rows_of_day")
            self._session.sql(f"INSERT INTO {self._gold} BY NAME SELECT * FROM rows_of_day")
        self._session.sql(f"OPTIMIZE {self._gold}")

    def open(self) -> None:
        pass

    def process(self, records: Path, number: int) -> None:
        # Cut off: the plan of admission is large, and adaptive execution would go through it anew
        # at each stage of all that follows.
        judged = admit(read(self._session, records).drop("ingest_ms")).localCheckpoint()
        bronze_rows(judged, HOUR_MS).coalesce(2).createOrReplaceTempView("kept")
        self._session.sql(f"INSERT INTO {self._bronze} BY NAME SELECT * FROM kept")
        found = judged.where("reject_reason IS NULL").selectExpr(f"{DAY_OF_ID} AS day").distinct()
        days = ", ".join(f"'{row.day}'" for row in found.collect() if str(row.day).isdigit())
        judged.where("reject_reason IS NULL").createOrReplaceTempView("admitted")
        known = self._session.sql(
            f"SELECT g.* FROM {self._gold} g LEFT SEMI JOIN admitted a "
            f"ON g.impression_id = a.impression_id WHERE g.day IN ({days})"
        )
        # Else the MERGE, which reads its source twice, would fold twice.
        changed = _rows(all_states(judged, 2, known)).localCheckpoint()
        changed.createOrReplaceTempView("changed")
        self._session.sql(
            f"MERGE INTO {self._gold} g USING changed s "
            f"ON g.impression_id = s.impression_id AND g.day = s.day AND g.day IN ({days}) "
            "WHEN MATCHED AND NOT (g.events_state <=> s.events_state) THEN UPDATE SET * "
            "WHEN NOT MATCHED THEN INSERT *"
        )

    def roas(self) -> tuple[str, str]:
        return roas_of(self._session, self._gold)

    def write_rows(self, target: Path) -> None:
        write_rows(self._session.sql(f"SELECT * FROM {self._gold}"), target)

    def close(self) -> None:
        self._session.stop()

    def _create(self, table: str, rows: DataFrame, clustered: str) -> None:
        """An empty table with the columns of these rows."""
        columns = ", ".join(
            f"{field.name} {field.dataType.simpleString()}" for field in rows.schema
        )
        self._session.sql(
            f"CREATE TABLE {table} ({columns}) USING delta {clustered} TBLPROPERTIES "
            "('delta.enableDeletionVectors' = 'true')"
        )


def _rows(states: DataFrame) -> DataFrame:
    gold = gold_rows(states).select(*GOLD_COLUMNS)
    return gold.selectExpr("*", f"{DAY_OF_ID} AS day")
