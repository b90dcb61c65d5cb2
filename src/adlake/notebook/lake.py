"""The lake of the settings, as a notebook reads it: one way for each engine.

lake = Lake.open()
lake.metric("roas", since="2026-11-01")                  # a file of sql/metrics on Trino
lake.arrow("gold.ad_performance_state", snapshot_id)     # PyIceberg: no server but the catalog
lake.duckdb_statement("roas")                            # the same file, for this process
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from adlake.devstack.lake_place import refuse_wrong_place
from adlake.io.iceberg.reader import LakeReader
from adlake.io.sql import duckdb
from adlake.io.sql.files import SqlValue
from adlake.io.trino.client import TableMissingError, TrinoClient, connect
from adlake.metrics.query import load_metric, metric_names, run_metric
from adlake.settings import Settings
from adlake.wiring.lake import lake_reader


@dataclass(frozen=True)
class Lake:
    """One lake and its readers."""

    client: TrinoClient
    reader: LakeReader

    @classmethod
    def open(cls) -> Lake:
        """The lake of the environment's settings (`ADLAKE_HOME` and so on)."""
        settings = Settings()
        refuse_wrong_place(settings)
        client = connect(settings.ports.trino_port, settings.ports.trino_host)
        return cls(client, lake_reader(settings))

    def metric(self, name: str, **given: str) -> pd.DataFrame:
        """The rows of a metric on Trino; parameters as `adlake query --param` takes them.

        Raises:
            UnknownMetricError, MetricParameterError: there is no such metric or parameter.
            TrinoUnreachableError, TrinoQueryError: Trino does not answer or fails.
        """
        result = run_metric(self.client, name, given)
        return pd.DataFrame(list(result.rows), columns=list(result.columns))

    def metrics(self) -> pd.DataFrame:
        """Every metric with the question that it answers."""
        found = [load_metric(name) for name in metric_names()]
        return pd.DataFrame([(one.name, one.question) for one in found], columns=["name", "asks"])

    def snapshots(self, table: str) -> pd.DataFrame:
        """The snapshots that a table still knows, newest first; `refs` are branches and tags."""
        known = self._table(table)
        refs: dict[int, list[str]] = {}
        for name, ref in known.refs().items():
            refs.setdefault(ref.snapshot_id, []).append(name)
        rows = [
            (
                one.snapshot_id,
                pd.Timestamp(one.timestamp_ms, unit="ms", tz="UTC"),
                int((one.summary.additional_properties if one.summary else {}).get(_ROWS, 0)),
                ", ".join(sorted(refs.get(one.snapshot_id, []))),
            )
            for one in known.snapshots()
        ]
        columns = ["snapshot_id", "committed_at", "rows", "refs"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.sort_values("committed_at", ascending=False, ignore_index=True)

    def arrow(
        self,
        table: str,
        snapshot_id: int | None = None,
        columns: Sequence[str] = ("*",),
        where: str = "",
    ) -> pa.Table:
        """Rows of a table at a snapshot (None: the newest), read from its files by PyIceberg.

        `where` is a condition as PyIceberg reads it, such as `event_type = 'CLICK'`: files that
        cannot hold such a row are not opened. Empty: all rows.
        """
        condition = {"row_filter": where} if where else {}
        scan = self._table(table).scan(
            selected_fields=tuple(columns), snapshot_id=snapshot_id, **condition
        )
        rows: pa.Table = scan.to_arrow()
        return rows

    @staticmethod
    def duckdb_statement(name: str, **given: str) -> tuple[str, dict[str, SqlValue]]:
        """The file of a metric for DuckDB, with what to bind: `connection.execute(*...)`.

        Raises:
            UnknownMetricError, MetricParameterError: there is no such metric or parameter.
        """
        metric = load_metric(name)
        return duckdb.rendered(metric.sql, metric.bound_values(given))

    def _table(self, name: str) -> Any:  # noqa: ANN401 - a table of PyIceberg
        known = self.reader.table(name)
        if known is None:
            raise TableMissingError(f"there is no table {name} yet: `make up` makes the lake")
        return known


_ROWS: Final = "total-records"
"""What Iceberg itself counts in the summary of a snapshot."""
