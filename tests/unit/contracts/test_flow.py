"""The map and what is derived from it."""

from __future__ import annotations

import pytest

from adlake.flow import FLOW, as_mermaid
from adlake.settings import REPO_ROOT

DDL = REPO_ROOT / "sql" / "ddl"


def test_every_table_of_the_ddl_is_on_the_map() -> None:
    tables = {f"{file.parent.name}.{file.stem}" for file in DDL.glob("*/*.sql")}
    assert tables <= {store for step in FLOW for store in step.outputs}


@pytest.mark.docs
def test_the_diagram_of_the_architecture_page_is_the_map() -> None:
    page = (REPO_ROOT / "docs" / "architecture.md").read_text()
    assert f"```mermaid\n{as_mermaid()}\n```" in page
