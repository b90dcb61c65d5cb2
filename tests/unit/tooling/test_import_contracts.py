"""The import contracts bite: one planted import for each, all broken at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from adlake.settings import REPO_ROOT

PLANTS = {
    "Imports point down only": ("streaming/batch_facts.py", "import adlake.attribution.writer"),
    "siblings never import each other": ("dims/first_versions.py", "import adlake.metrics.query"),
    "Only io talks to servers": ("proof/pin.py", "import psycopg"),
    "Rules and contracts know no engine": ("attribution/law/state.py", "import pyspark.sql"),
    "The forms of the law share no code": (
        "attribution/spark/fold.py", "import adlake.attribution.law.state",
    ),
    "The forms of the business admission share no code": (
        "business/spark.py", "import adlake.business.rules",
    ),
    "The forms of reading a payload share no code": (
        "payload/spark/money.py", "import adlake.payload.plain.money",
    ),
    "Settings are read at the top": ("io/iceberg/stamp.py", "import adlake.settings"),
    "must be declared as a layer": ("a_new_room/__init__.py", ""),
}  # fmt: skip
"""Words of the contract (of its name, or of what import-linter says) -> file, planted line."""


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the sources with every plant in it."""
    copy = tmp_path_factory.mktemp("planted")
    shutil.copytree(REPO_ROOT / "src" / "adlake", copy / "adlake", ignore=_caches)
    shutil.copy(REPO_ROOT / "pyproject.toml", copy)
    for file, line in PLANTS.values():
        planted = copy / "adlake" / file
        planted.parent.mkdir(exist_ok=True)
        text = planted.read_text() if planted.exists() else ""
        planted.write_text(f"{text}\n{line}\n")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(
        command,
        cwd=copy,
        env={"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    return " ".join(done.stdout.split())


def _caches(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "__pycache__"]


@pytest.mark.parametrize("contract", PLANTS)
def test_a_planted_import_breaks(verdict: str, contract: str) -> None:
    file, line = PLANTS[contract]
    assert contract in verdict
    importer = "adlake." + file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    imported = line.removeprefix("import ").removesuffix(".sql")
    assert importer in verdict
    assert not line or f"{importer} -> {imported}" in verdict


def test_every_contract_of_the_project_has_a_plant(verdict: str) -> None:
    assert " BROKEN" in verdict
    assert " KEPT" not in verdict
