"""docs/differences.md: what it says things are called here is what they are called."""

from __future__ import annotations

import re

import pytest

from adlake.contracts.registry import SPECS, VIEWS
from adlake.settings import REPO_ROOT

pytestmark = pytest.mark.docs

TEXT = (REPO_ROOT / "docs" / "differences.md").read_text()
STORED = re.compile(r"`((?:bronze|gold|dims|audit)\.[a-z0-9_]+)`")
SYSTEMS = {"alerts", "budgets", "customer 360", "marketing"}


def names_here() -> list[tuple[str, str]]:
    """(system, last cell) of each row of the table of names."""
    table = TEXT.partition("| system | there | here |\n")[2].partition("\n\n")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines()[1:]]
    return [(system.strip(), here) for system, _, here in rows]


def test_each_system_has_its_names() -> None:
    rows = names_here()
    assert {system for system, _ in rows} == SYSTEMS
    assert len(rows) > 40


def test_tables_and_views_of_the_names_exist() -> None:
    stored = {one for _, here in names_here() for one in STORED.findall(here)}
    known = {spec.name for spec in SPECS} | {view for views in VIEWS.values() for view in views}
    assert stored - known == set()
    assert len(stored) > 15
