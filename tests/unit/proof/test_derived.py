"""What `adlake verify` says of a table that is made of another one, when that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from adlake.contracts import stamps
from adlake.contracts.law import LAW_V1
from adlake.contracts.tables import (
    ACCOUNT_CONTENTS,
    ALERT_RULES,
    ALERTS_LOG,
    ATTRIBUTION_CREDITS,
    DIM_BUDGETS,
    DIM_CAMPAIGNS,
    FUNNEL_EVENTS,
    GOLD_STATE,
    GOLD_WINDOWS,
    REMOVAL_EFFECTS,
)
from adlake.io.trino.client import TableMissingError, TrinoMemoryError
from adlake.proof.derived import DerivedFacts, verify_derived

STAMP = {
    stamps.NEXT_OFFSETS: "{}", stamps.BRONZE_SNAPSHOT: "5", stamps.SOURCE_SNAPSHOT: "7",
    stamps.HALF_LIFE_MS: "1000", stamps.LAW_VERSION: "3",
}  # fmt: skip
Rows = list[dict[str, Any]]


class Lake:
    """Answers of Trino: snapshots by table, and what a check finds."""

    def __init__(self, gold_snapshot: int = 7, found: Callable[[str], Rows] = lambda _: []) -> None:
        self.gold_snapshot = gold_snapshot
        self.found = found
        self.checks: list[str] = []

    def records(self, sql: str) -> Rows:
        if "$snapshots" in sql:
            is_gold = "ad_performance_state$snapshots" in sql
            number = self.gold_snapshot if is_gold else 9
            return [{"snapshot_id": number, "parent_id": None, "summary": STAMP, "is_head": True}]
        if "AS row_count" in sql:
            return [{"row_count": 4}]
        self.checks.append(sql)
        return self.found(sql)


def test_all_checks_run_at_the_stamped_snapshots_under_the_stamped_law() -> None:
    versions: list[int] = []

    def read_law(version: int) -> Any:  # noqa: ANN401
        versions.append(version)
        return LAW_V1

    lake = Lake()
    facts = verify_derived(lake, ATTRIBUTION_CREDITS, 3, read_law)  # type: ignore[arg-type]
    assert facts is not None
    assert versions == [3]
    against_gold, sums = lake.checks
    assert "ad_performance_state FOR VERSION AS OF 7" in against_gold
    assert "age_ms / 1000 AS halvings" in against_gold
    assert "attribution_credits FOR VERSION AS OF 9" in sums
    assert facts.lines() == [
        f"also       {ATTRIBUTION_CREDITS} snapshot 9: 4 rows, "
        f"as the rows of {GOLD_STATE} give them"
    ]


def test_an_expired_source_is_a_sentence_and_the_sums_are_checked_all_the_same() -> None:
    lake = Lake(gold_snapshot=8, found=lambda _: [{"conversion_id": "x"}])
    facts = verify_derived(lake, ATTRIBUTION_CREDITS, 3)  # type: ignore[arg-type]
    assert facts is not None
    assert len(lake.checks) == len(facts.failures) == 1
    assert "do not sum" in facts.failures[0].problem
    effects = verify_derived(lake, REMOVAL_EFFECTS, 3)  # type: ignore[arg-type]
    assert effects is not None
    assert effects.failures == []
    assert "snapshot 7, of which they are made, has expired" in effects.lines()[0]


def test_paths_that_do_not_fit_into_memory_are_a_sentence() -> None:
    def found(sql: str) -> Rows:
        if "path_steps" in sql:
            raise TrinoMemoryError("EXCEEDED_LOCAL_MEMORY_LIMIT: x")
        return []

    facts = verify_derived(Lake(found=found), ATTRIBUTION_CREDITS, 3)  # type: ignore[arg-type]
    assert facts is not None
    assert facts.failures == []
    assert "not compared: Trino's memory does not hold all paths of" in facts.lines()[0]

    def small_check_fails(sql: str) -> Rows:
        raise TrinoMemoryError(f"EXCEEDED_LOCAL_MEMORY_LIMIT: {sql[:10]}")

    with pytest.raises(TrinoMemoryError):
        verify_derived(Lake(8, small_check_fails), ATTRIBUTION_CREDITS, 3)  # type: ignore[arg-type]


class Alerts(Lake):
    """Its snapshots are 9 throughout."""

    def records(self, sql: str) -> Rows:
        rows = super().records(sql)
        made_of = {GOLD_WINDOWS: 9, FUNNEL_EVENTS: 9, DIM_CAMPAIGNS: 9, ALERT_RULES: 9}
        told = {
            stamps.SOURCE_SNAPSHOT: "9", stamps.MADE_OF: json.dumps(made_of),
            stamps.READ_UNTIL_MS: "77",
        }  # fmt: skip
        return [row | {"summary": STAMP | told} if "summary" in row else row for row in rows]


def test_what_does_not_fit_at_once_is_compared_slice_by_slice() -> None:
    def found(sql: str) -> Rows:
        if ", 1) = 0" in sql:
            raise TrinoMemoryError("EXCEEDED_LOCAL_MEMORY_LIMIT: x")
        return [{"alert_id": "x"}] if ", 4) = 3" in sql else []

    lake = Alerts(found=found)
    facts = verify_derived(lake, ALERTS_LOG, 3)  # type: ignore[arg-type]
    assert facts is not None
    assert not facts.not_compared
    [failure] = facts.failures
    assert failure.rows == [{"alert_id": "x"}]
    assert len(lake.checks) == 5
    assert "77 - 60000" in lake.checks[0]

    def never_fits(_sql: str) -> Rows:
        raise TrinoMemoryError("EXCEEDED_LOCAL_MEMORY_LIMIT: x")

    facts = verify_derived(Alerts(found=never_fits), ALERTS_LOG, 3)  # type: ignore[arg-type]
    assert facts is not None
    assert "not compared: Trino's memory" in facts.lines()[0]


def test_a_lake_without_the_table_has_nothing_to_prove() -> None:
    class Older(Lake):
        def records(self, sql: str) -> Rows:
            raise TableMissingError(sql[:1])

    assert verify_derived(Older(), REMOVAL_EFFECTS, 3) is None  # type: ignore[arg-type]


class Accounts(Lake):
    """Its records stand at 5, those of the contents at `contents_of`."""

    def __init__(self, contents_of: str = "5", found: Callable[[str], Rows] = lambda _: []) -> None:
        super().__init__(found=found)
        self.contents_of = contents_of

    def records(self, sql: str) -> Rows:
        rows = super().records(sql)
        of_records = self.contents_of if "account_contents$snapshots" in sql else "5"
        told = {stamps.NEXT_OFFSETS: "{}", stamps.SOURCE_SNAPSHOT: of_records}
        if "business_events$snapshots" in sql:
            return [row | {"snapshot_id": number} for row in rows for number in (4, 5)]
        return [row | {"summary": told} if "summary" in row else row for row in rows]

    def budgets(self) -> DerivedFacts:
        """The proof of the budgets after that of the contents."""
        contents = verify_derived(self, ACCOUNT_CONTENTS, 3)  # type: ignore[arg-type]
        assert contents is not None
        found = verify_derived(self, DIM_BUDGETS, 3, before={ACCOUNT_CONTENTS: contents})  # type: ignore[arg-type]
        assert found is not None
        return found


RAW, STORED = "bronze.business_events FOR VERSION AS OF 5", "account_contents FOR VERSION AS OF 9"


def test_a_table_stands_on_one_that_is_proven_of_the_same_records() -> None:
    lake = Accounts()
    assert lake.budgets().is_proven
    contents, budgets = lake.checks
    assert RAW in contents
    assert STORED in budgets
    assert RAW not in budgets
    assert "account_events AS (" in budgets


def test_it_does_not_stand_on_contents_of_other_records() -> None:
    lake = Accounts(contents_of="4")
    assert lake.budgets().is_proven
    assert RAW in lake.checks[1]
    assert STORED not in lake.checks[1]


def test_it_does_not_stand_on_contents_that_are_wrong() -> None:
    lake = Accounts(found=lambda sql: [{"x": 1}] if RAW in sql else [])
    lake.budgets()
    assert RAW in lake.checks[1]
    assert STORED not in lake.checks[1]
