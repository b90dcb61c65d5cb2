"""The entity pictures of docs/data-model.md: every table once, lines where columns name rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from adlake.contracts.registry import SPECS
from adlake.contracts.tables import BRONZE_EVENTS, GOLD_COLUMNS, GOLD_STATE
from adlake.settings import REPO_ROOT
from tools.pages import entities

pytestmark = pytest.mark.docs


def test_every_table_of_the_lake_has_its_picture() -> None:
    drawn = [table for tables in entities.SUBJECTS.values() for table in tables]
    assert sorted(drawn) == sorted(spec.name for spec in SPECS if spec.has_ddl)


def test_columns_are_those_of_the_ddl() -> None:
    assert tuple(entities.columns_of(GOLD_STATE)) == GOLD_COLUMNS


def test_every_key_is_among_the_columns() -> None:
    for spec in SPECS:
        if spec.has_ddl:
            assert set(spec.key) <= set(entities.columns_of(spec.name)), spec.name


def test_a_column_that_names_a_row_makes_a_line() -> None:
    picture = entities.picture((BRONZE_EVENTS, GOLD_STATE))
    assert '  bronze_ad_events }o--o| gold_ad_performance_state : "impression_id"' in picture
    assert "    STRING impression_id FK\n" in picture
    assert "    STRING impression_id PK\n" in picture


def test_each_entity_that_a_line_needs_is_drawn() -> None:
    for tables in entities.SUBJECTS.values():
        lines = entities.picture(tables).splitlines()
        boxes = {line.split("[")[0].strip() for line in lines if line.endswith("{")}
        ends = {end for line in lines if "--" in line for end in line.split(" : ")[0].split()[::2]}
        assert ends <= boxes


def test_a_new_column_is_read(tmp_path: Path) -> None:
    ddl = tmp_path / "gold" / "ad_performance_state.sql"
    ddl.parent.mkdir()
    text = (REPO_ROOT / "sql/ddl/gold/ad_performance_state.sql").read_text()
    ddl.write_text(text.replace("  slot INT", "  shelf INT,\n  slot INT"))
    assert "shelf" in entities.columns_of(GOLD_STATE, tmp_path)
