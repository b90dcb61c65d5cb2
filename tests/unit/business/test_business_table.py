"""The table bronze.business_events: its columns and its partitions."""

from __future__ import annotations

import re

from adlake.business.contract import BRONZE_COLUMNS
from adlake.settings import REPO_ROOT

TABLE = REPO_ROOT / "sql" / "ddl" / "bronze" / "business_events.sql"


def test_the_table_has_the_columns_of_the_contract() -> None:
    columns = re.findall(r"^  ([a-z_]+) [A-Z]", TABLE.read_text(), re.MULTILINE)
    assert tuple(columns) == BRONZE_COLUMNS


def test_it_is_partitioned_and_written_like_the_ad_events() -> None:
    like = (REPO_ROOT / "sql" / "ddl" / "bronze" / "ad_events.sql").read_text()
    assert TABLE.read_text().partition("USING iceberg")[2] == like.partition("USING iceberg")[2]
