"""CONTRIBUTING.md names files and folders that are there, and every recipe."""

from __future__ import annotations

import re

import pytest

from adlake.settings import REPO_ROOT

pytestmark = pytest.mark.docs

TEXT = (REPO_ROOT / "CONTRIBUTING.md").read_text()
PATHS = re.compile(r"`((?:src|tests|sql|tools|docs|infra|benchmarks|metabase|grafana)/[\w./-]+)`")
RECIPES = ("metric", "page", "table", "setting", "reject reason", "service", "fault", "capability")


def test_every_path_exists() -> None:
    paths = {path for path in PATHS.findall(TEXT) if "NAME" not in path}
    assert len(paths) > 30
    assert [path for path in sorted(paths) if not (REPO_ROOT / path).exists()] == []


def test_every_recipe_is_there() -> None:
    headings = re.findall(r"^### A (.+)$", TEXT, re.MULTILINE)
    assert [one for one in RECIPES if not any(h.startswith(one) for h in headings)] == []


def test_tests_that_the_loop_names_exist() -> None:
    named = re.findall(r"pytest -q (tests/\S+)", TEXT)
    assert named
    assert [one for one in named if not (REPO_ROOT / one).exists()] == []


def test_names_in_the_code_exist() -> None:
    for name, file in (
        ("SUBJECTS", "tools/pages/entities.py"),
        ("LATER_COLUMNS", "src/adlake/contracts/tables.py"),
        ("SERVICES", "src/adlake/devstack/stack.py"),
        ("OWN_FOLDERS", "src/adlake/devstack/stack.py"),
    ):
        assert f"`{name}`" in TEXT
        assert re.search(rf"^{name}\b", (REPO_ROOT / file).read_text(), re.MULTILINE), name
