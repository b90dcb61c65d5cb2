"""Brings the rules that a lake begins with into dims.alert_rules."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from adlake.alerts.rule_rows import DEFAULT_ROWS, RuleRow
from adlake.contracts.tables import ALERT_RULES
from adlake.io.iceberg.table import IcebergTable

_TIMES = ("valid_from", "valid_to")
_SCHEMA = (
    "rule_id string, rule string, metric string, campaign_id string, segment string, "
    "threshold double, z double, resolve_factor double, multiplicity string, channels string, "
    "enabled boolean, rule_version int, valid_from bigint, valid_to bigint"
)


def write_rules(session: SparkSession) -> None:
    """Write them, unless the table has rules."""
    table = IcebergTable(session, ALERT_RULES)
    if table.current_snapshot_id() is not None:
        return
    rows = session.createDataFrame([_cells(one) for one in DEFAULT_ROWS], _SCHEMA)
    timed = rows.withColumns({name: F.timestamp_millis(name) for name in _TIMES})
    timed.coalesce(1).writeTo(table.full_name).append()


def _cells(row: RuleRow) -> tuple[object, ...]:
    texts = {"rule": str(row.rule), "segment": str(row.segment)}
    told = vars(row) | texts | {"multiplicity": str(row.multiplicity)}
    return tuple(told.values())
