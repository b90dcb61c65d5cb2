"""Every table of the lake is in the registry, with policies that fit together."""

from __future__ import annotations

import re

import pytest

from adlake.contracts.compaction import Due
from adlake.contracts.law import LAW_V1
from adlake.contracts.law_checks import LAW_CHECKS
from adlake.contracts.registry import (
    REPLAY_LEASE,
    SPECS,
    STREAM_LEASE,
    VIEWS,
    Check,
    Erasure,
    Filling,
    TableSpec,
    checked_by,
    records_of,
)
from adlake.contracts.tables import GOLD_STATE, NAMESPACES
from adlake.io.sql.files import has_sql_file
from adlake.settings import REPO_ROOT, Settings
from adlake.wiring.application import pipelines_of

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


@by_name
def test_the_files_of_records_are_merged_by_the_hour_that_they_are_filed_under(
    spec: TableSpec,
) -> None:
    is_by_hour = spec.compaction is not None and spec.compaction.due is Due.SLICES
    assert is_by_hour == (spec.filling is Filling.APPEND)
    if spec.compaction is None or not is_by_hour:
        assert spec.compaction is None or spec.compaction.hours is None
        return
    plan = spec.compaction.hours
    assert plan is not None
    namespace, table = spec.name.split(".")
    ddl = (DDL / namespace / f"{table}.sql").read_text()
    assert f"PARTITIONED BY (hours({plan.time_column}))" in ddl
    assert "'write.parquet.compression-codec' = 'zstd'" in ddl
    # Two small files always fit into one, so a slice that is due never comes to nothing.
    assert plan.open.below_bytes <= plan.closed.below_bytes <= plan.target_bytes / 2
    assert min(plan.open.at_least, plan.closed.at_least) >= 2


@by_name
def test_verify_proves_something_of_a_table_or_it_says_why_not(spec: TableSpec) -> None:
    assert bool(spec.checks) != bool(spec.unchecked)
    if spec.filling is Filling.APPEND:
        assert {Check.OFFSETS, Check.COUNTS} <= set(spec.checks)
    if spec.filling is Filling.MERGE:
        assert Check.LAW in spec.checks


@by_name
def test_a_table_that_is_made_of_another_names_the_command_that_makes_it(spec: TableSpec) -> None:
    assert bool(spec.source) == bool(spec.rebuild)
    assert (spec.filling is Filling.SUMS) == bool(spec.sums) == bool(spec.folded_by)
    assert not spec.folded_by or spec.folded_by in spec.key


def test_verify_knows_a_law_for_the_tables_that_are_to_be_proven_by_one() -> None:
    """Gold is compared slice by slice; any other table names files of sql."""
    assert set(checked_by(Check.LAW)) == {GOLD_STATE, *LAW_CHECKS}
    for checks in LAW_CHECKS.values():
        assert checks
        for one in checks:
            assert has_sql_file(f"checks/{one.file}")
            assert all(has_sql_file(f"oracles/{name}") for name in one.relations)
            if one.stands_on:
                relation = one.stands_on.partition(".")[2]
                assert has_sql_file(f"oracles/stored/{relation}")
                assert relation in {name.rpartition("/")[2] for name in one.relations}


@by_name
def test_a_table_says_what_becomes_of_a_person_in_it(spec: TableSpec) -> None:
    assert (spec.erasure is Erasure.NOBODY) == (not spec.person)
    if spec.filling is Filling.MERGE and spec.person:
        assert spec.erasure is Erasure.REBUILD
    if spec.filling is Filling.APPEND and spec.person:
        assert spec.erasure is Erasure.REWRITE


@by_name
def test_what_the_stream_writes_again_and_again_expires(spec: TableSpec) -> None:
    is_written_once = spec.filling in {Filling.LOAD, Filling.SHADOW}
    assert spec.expires != is_written_once


def test_a_pipeline_has_one_table_of_records_and_views_of_its_own() -> None:
    pipelines = {spec.pipeline for spec in SPECS}
    assert {records_of(one) for one in pipelines} == set(checked_by(Check.OFFSETS))
    assert set(VIEWS) <= pipelines
    views = [name for names in VIEWS.values() for name in names]
    assert len(set(views)) == len(views)
    files = {file.stem for file in (REPO_ROOT / "sql" / "views").glob("**/*.sql")}
    assert {name.split(".")[1] for name in views} == files


def test_every_pipeline_of_the_registry_is_made_with_its_table_of_records() -> None:
    made = pipelines_of(Settings({}), lambda _version: LAW_V1)
    assert {one.name for one in made} == {spec.pipeline for spec in SPECS}
    assert [one.records_table for one in made] == [records_of(one.name) for one in made]
