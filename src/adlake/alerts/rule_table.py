"""The copy of the recorded rules that the lake reads: dims.alert_rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from adlake.alerts.recorded_rules import row_of, rules
from adlake.alerts.rule_rows import RuleRow
from adlake.contracts.tables import ALERT_RULES
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.lease import Connect

_TYPES: Final = {
    "rule_id": "string", "rule": "string", "metric": "string", "campaign_id": "string",
    "segment": "string", "threshold": "double", "z": "double", "resolve_factor": "double",
    "multiplicity": "string", "channels": "string", "enabled": "boolean", "rule_version": "int",
}  # fmt: skip
_TIMES: Final = ("valid_from", "valid_to")


def write_rules(session: SparkSession, connect: Connect) -> int:
    """Bring dims.alert_rules up to the rules in the control database, by one commit if it differs.

    Returns:
        The snapshot of the table with these rules.
    """
    table = IcebergTable(session, ALERT_RULES)
    wanted = [_cells(one) for one in rules(connect)]
    if table.current_snapshot_id() is None or _held(table) != sorted(wanted, key=_key):
        _overwrite(table, wanted)
    snapshot = table.current_snapshot_id()
    assert snapshot is not None  # noqa: S101 - written just now, or there before
    return snapshot


def _overwrite(table: IcebergTable, rows: Iterable[tuple[Any, ...]]) -> None:
    columns = [f"{name} {kind}" for name, kind in _TYPES.items()]
    schema = ", ".join([*columns, *(f"{name} bigint" for name in _TIMES)])
    frame = table.session.createDataFrame(list(rows), schema)
    timed = frame.withColumns({name: F.timestamp_millis(name) for name in _TIMES})
    timed.coalesce(1).writeTo(table.full_name).overwrite(F.lit(True))


def _held(table: IcebergTable) -> list[tuple[Any, ...]]:
    times = [F.unix_millis(name) for name in _TIMES]
    held = table.session.table(table.full_name).select(*_TYPES, *times).collect()
    return sorted((tuple(row) for row in held), key=_key)


def _cells(rule: RuleRow) -> tuple[Any, ...]:
    return tuple(row_of(rule).values())


def _key(cells: tuple[Any, ...]) -> tuple[str, int]:
    """Rule and version."""
    return cells[0], cells[list(_TYPES).index("rule_version")]
