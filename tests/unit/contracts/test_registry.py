"""Every table of the lake is in the registry, with policies that fit together."""

from __future__ import annotations

import re

import pytest

from adlake.contracts.registry import REPLAY_LEASE, SPECS, STREAM_LEASE, Due, Filling, TableSpec
from adlake.contracts.tables import NAMESPACES
from adlake.settings import REPO_ROOT

DDL = REPO_ROOT / "sql" / "ddl"
by_name = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)


def test_the_tables_of_the_ddl_are_those_of_the_registry() -> None:
    made = {f"{file.parent.name}.{file.stem}" for file in DDL.glob("*/*.sql")}
    assert made == {spec.name for spec in SPECS if spec.has_ddl}
    assert len({spec.name for spec in SPECS}) == len(SPECS)


@pytest.mark.parametrize("spec", [one for one in SPECS if one.has_ddl], ids=lambda spec: spec.name)
def test_the_key_and_the_person_of_a_table_are_columns_of_its_ddl(spec: TableSpec) -> None:
    namespace, table = spec.name.split(".")
    text = (DDL / namespace / f"{table}.sql").read_text()
    columns = set(re.findall(r"^  (\w+) [A-Z]", text, re.MULTILINE))
    assert set(spec.key) <= columns
    assert not spec.person or spec.person in columns


@by_name
def test_a_table_is_fenced_by_a_lease_that_exists(spec: TableSpec) -> None:
    assert spec.lease in {STREAM_LEASE, REPLAY_LEASE}
    assert spec.name.split(".")[0] in NAMESPACES


@by_name
def test_what_every_batch_commits_to_expires_and_its_head_is_on_record(spec: TableSpec) -> None:
    """Else its snapshots pile up, or its loss goes unnoticed."""
    if spec.filling in {Filling.APPEND, Filling.MERGE}:
        assert spec.expires
        assert spec.has_recorded_head
    if spec.filling is Filling.MERGE:
        assert spec.compaction is not None
        assert spec.compaction.due is Due.BATCHES
