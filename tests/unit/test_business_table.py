"""The table bronze.business_events: its columns, its partitions, and when it is provisioned."""

from __future__ import annotations

import re

from adlake.business.contract import BRONZE_COLUMNS, BUSINESS_EVENTS
from adlake.flow import FLOW
from adlake.settings import REPO_ROOT

PENDING = REPO_ROOT / "sql" / "ddl_pending"
TABLE = PENDING / "bronze" / "business_events.sql"


def test_the_table_has_the_columns_of_the_contract() -> None:
    columns = re.findall(r"^  ([a-z_]+) [A-Z]", TABLE.read_text(), re.MULTILINE)
    assert tuple(columns) == BRONZE_COLUMNS


def test_it_is_partitioned_and_written_like_the_ad_events() -> None:
    like = (REPO_ROOT / "sql" / "ddl" / "bronze" / "ad_events.sql").read_text()
    assert TABLE.read_text().partition("USING iceberg")[2] == like.partition("USING iceberg")[2]


def test_a_table_is_pending_only_while_nothing_writes_it() -> None:
    written = {store for step in FLOW for store in step.outputs}
    pending = {f"{file.parent.name}.{file.stem}" for file in PENDING.glob("*/*.sql")}
    assert pending == {BUSINESS_EVENTS}
    assert not pending & written
