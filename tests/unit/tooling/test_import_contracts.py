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
    "The forms of the funnel share no code": (
        "business/spark_funnel.py", "import adlake.business.funnel",
    ),
    "The forms of the alert rules share no code": (
        "alerts/spark_windows.py", "import adlake.alerts.statistics",
    ),
    "The forms of customers share no code": (
        "customers/spark_events.py", "import adlake.customers.events",
    ),
    "The forms of campaign versions share no code": (
        "dims/spark_versions.py", "import adlake.dims.versions",
    ),
    "The forms of the attribution models share the chain alone": (
        "models/spark.py", "import adlake.models.apportion",
    ),
    "The forms of the budget rules share no code": (
        "budgets/spark_spend.py", "import adlake.budgets.history",
    ),
    "The forms of published records share no code": (
        "published/payloads.py", "import adlake.published.plain",
    ),
    "The forms of reading a payload share no code": (
        "payload/spark/money.py", "import adlake.payload.plain.money",
    ),
    "Settings are read at the top": ("io/iceberg/stamp.py", "import adlake.settings"),
    "must be declared as a layer": ("a_new_room/__init__.py", ""),
    "The product knows neither what tests it": ("metrics/query.py", "import tools.docs"),
    "only their own tests know them": ("tests/unit/flow/test_flow.py", "import benchmarks.mutants"),
    "and no test": ("benchmarks/storm.py", "import tests.faults.conftest"),
}  # fmt: skip
"""Words of the contract (of its name, or of what import-linter says) -> file, planted line."""


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the sources with every plant in it."""
    copy = tmp_path_factory.mktemp("planted")
    for package in ("src/adlake", "tools", "tests", "benchmarks"):
        shutil.copytree(REPO_ROOT / package, copy / Path(package).name, ignore=_left_out)
    shutil.copy(REPO_ROOT / "pyproject.toml", copy)
    for file, line in PLANTS.values():
        planted = copy / _path_of(file)
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


def _left_out(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name in {"__pycache__", "reports"} or name.endswith(".zst")]


def _path_of(file: str) -> str:
    """Of a file of the product, or of the tests and benchmarks."""
    return file if file.startswith(("tests/", "benchmarks/")) else f"adlake/{file}"


@pytest.mark.parametrize("contract", PLANTS)
def test_a_planted_import_breaks(verdict: str, contract: str) -> None:
    file, line = PLANTS[contract]
    assert contract in verdict
    importer = _path_of(file).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    imported = line.removeprefix("import ").removesuffix(".sql")
    assert importer in verdict
    assert not line or f"{importer} -> {imported}" in verdict


def test_every_contract_of_the_project_has_a_plant(verdict: str) -> None:
    assert " BROKEN" in verdict
    assert " KEPT" not in verdict
