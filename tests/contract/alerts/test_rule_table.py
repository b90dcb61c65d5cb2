"""Rules from a file through the control database into the lake: as a whole, and once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from adlake.alerts.recorded_rules import rules
from adlake.alerts.rule_file import RuleFileError
from adlake.alerts.rule_rows import DEFAULT_ROWS
from adlake.alerts.rule_table import write_rules
from adlake.contracts.tables import ALERT_RULES, CATALOG
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.alert_rules import NoRulesTableError
from adlake.io.postgres.lease import Connect
from adlake.provision.catalog import owner_database
from adlake.settings import Settings
from adlake.wiring.alert_rules import load_rules
from adlake.wiring.lake import lease_connect
from tests.fixtures.made_tables import MadeTables

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

NOW_MS = 1_795_694_400_123


@pytest.fixture
def connect(private_lake: Settings) -> Connect:
    """The control database with the rules of a new lake."""
    with owner_database(private_lake).connect() as owner:
        owner.execute("DELETE FROM adlake.alert_rules WHERE rule_version > 1 OR rule_id = 'own'")
        owner.execute("UPDATE adlake.alert_rules SET valid_to_ms = 253402214400000")
    return lease_connect(private_lake)


def test_a_lake_begins_with_the_default_rows(connect: Connect) -> None:
    assert sorted(rules(connect), key=lambda one: one.rule_id) == sorted(
        DEFAULT_ROWS, key=lambda one: one.rule_id
    )


def test_a_file_is_recorded_as_a_whole_or_not_at_all(connect: Connect, tmp_path: Path) -> None:
    file = tmp_path / "rules.csv"
    file.write_text("rule_id,rule,metric,campaign_id,threshold\nA-ctr,,,,0.02\nown,E,clicks,c,5\n")
    before = rules(connect)
    with pytest.raises(RuleFileError, match="row 2: metric 'clicks'"):
        load_rules(connect, file, NOW_MS)
    assert rules(connect) == before
    file.write_text(file.read_text().replace("clicks", "conversions"))
    assert load_rules(connect, file, NOW_MS, is_trial=True) == 2
    assert rules(connect) == before
    assert load_rules(connect, file, NOW_MS) == 2
    found = {(one.rule_id, one.rule_version): one for one in rules(connect)}
    assert len(found) == len(before) + 2
    assert (found["A-ctr", 1].valid_to_ms, found["A-ctr", 2].valid_from_ms) == (NOW_MS, NOW_MS)
    assert (found["A-ctr", 1].threshold, found["A-ctr", 2].threshold) == (0.015, 0.02)
    assert found["own", 1].campaign_id == "c"


def test_the_lake_gets_the_rules_by_one_commit_when_they_differ(
    connect: Connect, spark: SparkSession, made_tables: MadeTables, tmp_path: Path
) -> None:
    made_tables.provision(spark)
    first = write_rules(spark, connect)
    assert write_rules(spark, connect) == first
    file = tmp_path / "rules.csv"
    file.write_text('rule_id,threshold,channels\nA-ctr,0.02,"kafka,email"\n')
    load_rules(connect, file, NOW_MS)
    second = write_rules(spark, connect)
    assert second != first
    assert write_rules(spark, connect) == second
    table = IcebergTable(spark, ALERT_RULES)
    assert table.current_snapshot_id() == second
    rows = spark.sql(
        "SELECT rule_version, threshold, channels, unix_millis(valid_from), unix_millis(valid_to) "
        f"FROM {CATALOG}.{ALERT_RULES} WHERE rule_id = 'A-ctr' ORDER BY rule_version"
    ).collect()
    assert [tuple(row) for row in rows] == [
        (1, 0.015, "", 0, NOW_MS), (2, 0.02, "kafka,email", NOW_MS, 253_402_214_400_000),
    ]  # fmt: skip
    assert table.at(first).count() == len(DEFAULT_ROWS)


def test_a_control_database_of_before_is_named(private_lake: Settings, connect: Connect) -> None:
    with owner_database(private_lake).connect() as owner:
        owner.execute("ALTER TABLE adlake.alert_rules RENAME TO away")
    try:
        with pytest.raises(NoRulesTableError, match="run `make provision`"):
            rules(connect)
    finally:
        with owner_database(private_lake).connect() as owner:
            owner.execute("ALTER TABLE adlake.away RENAME TO alert_rules")
