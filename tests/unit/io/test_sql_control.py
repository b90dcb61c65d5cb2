"""Statements on the catalog database stand in files, read by name."""

from __future__ import annotations

import re

from adlake.io.sql.control import control_sql
from adlake.io.sql.files import SQL_ROOT
from adlake.settings import REPO_ROOT


def test_control_statements_are_read_by_name_and_none_is_left_over() -> None:
    source = "\n".join(file.read_text() for file in (REPO_ROOT / "src").rglob("*.py"))
    named = set(re.findall(r'control_sql\(\s*"([\w/]+)"', source))
    files = {
        str(file.relative_to(SQL_ROOT / "control").with_suffix(""))
        for file in SQL_ROOT.glob("control/**/*.sql")
    }
    assert named == files
    assert b"VALUES (%(kind)s, %(arguments)s, %(requested_by)s)" in control_sql("operations/insert")
    assert not [name for name in files if b"%%" in control_sql(name)]
