"""Rules of KPI alerts for the command line: what is recorded, and what a file adds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adlake.alerts.recorded_rules import row_of, rule_of
from adlake.alerts.rule_file import cells_of, versions_of
from adlake.alerts.rule_rows import FOREVER_MS, RuleRow
from adlake.io.postgres.alert_rules import stored_rules
from adlake.io.postgres.lease import Connect
from adlake.io.trino.client import QueryResult

_COLUMNS = (
    "rule_id", "version", "rule", "metric", "campaign_id", "segment", "threshold", "z",
    "resolve_factor", "multiplicity", "channels", "enabled", "valid_from", "valid_to",
)  # fmt: skip


def listed(rules: Iterable[RuleRow], now_ms: int | None) -> QueryResult:
    """Rules as rows; without those that have ended at `now_ms`, where it is given."""
    return QueryResult(_COLUMNS, (
        (
            one.rule_id, one.rule_version, str(one.rule), one.metric, one.campaign_id,
            str(one.segment), one.threshold, one.z, one.resolve_factor, str(one.multiplicity),
            one.channels or "all", one.enabled, _moment(one.valid_from_ms),
            None if one.valid_to_ms == FOREVER_MS else _moment(one.valid_to_ms),
        )
        for one in rules
        if now_ms is None or one.valid_to_ms > now_ms
    ))  # fmt: skip


def load_rules(connect: Connect, path: Path, now_ms: int, *, is_trial: bool = False) -> int:
    """Record the versions that a file stands for, all or none; how many.

    Args:
        connect: opens the control database.
        path: a CSV file (alerts.rule_file).
        now_ms: beginning of rows that name none; epoch ms.
        is_trial: judge, and write nothing.

    Raises:
        RuleFileError: the file cannot be read, or some of its rows are no lawful rules.
    """
    cells = cells_of(path)
    with stored_rules(connect) as stored:
        stored.lock()
        known = [rule_of(row) for row in stored.rows()]
        made = versions_of(path.name, cells, known, now_ms)
        if not is_trial:
            for row in made.rows:
                stored.put(row_of(row))
    return made.added


def _moment(epoch_ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=epoch_ms)
