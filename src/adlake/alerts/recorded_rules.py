"""Rules as rows of the control database, where they are recorded."""

from __future__ import annotations

from typing import Any

from adlake.alerts.contract import Multiplicity, Rule, Segment
from adlake.alerts.rule_rows import RuleRow
from adlake.io.postgres.alert_rules import Row, stored_rules
from adlake.io.postgres.lease import Connect


def rules(connect: Connect) -> list[RuleRow]:
    """Every version of every rule."""
    with stored_rules(connect) as stored:
        return [rule_of(row) for row in stored.rows()]


def rule_of(row: Row) -> RuleRow:
    """A rule of its row in the control database."""
    typed = {
        "rule": Rule(row["rule"]), "segment": Segment(row["segment"]),
        "multiplicity": Multiplicity(row["multiplicity"]),
    }  # fmt: skip
    return RuleRow(**{**row, **typed})


def row_of(rule: RuleRow) -> dict[str, Any]:
    """A row of the control database."""
    return {name: str(value) if isinstance(value, str) else value
            for name, value in vars(rule).items()}  # fmt: skip
