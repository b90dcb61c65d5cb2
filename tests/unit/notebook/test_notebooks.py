"""The notebooks as they are committed: no output, no SQL of their own, named in the docs."""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import altair as alt
import nbformat
import pandas as pd
import pytest

from adlake.metrics.query import load_metric
from adlake.notebook import Lake, charted
from adlake.notebook.charts import CHART_TYPE
from adlake.notebook.server import NOTEBOOKS, NoJupyterError, notebook_server
from adlake.settings import REPO_ROOT, Settings

FILES = sorted(NOTEBOOKS.glob("*.ipynb"))
SUBJECTS = (
    "quick_tour", "effective_frequency", "path_analysis", "unique_reach", "attribution_models",
    "reading_without_a_server", "click_prediction",
)  # fmt: skip
by_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def cells(file: Path, kind: str) -> list[Any]:
    notebook = nbformat.read(file, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def code(file: Path) -> str:
    return "\n".join(cell.source for cell in cells(file, "code"))


def calls(file: Path, method: str) -> list[tuple[str, set[str]]]:
    """First argument and keywords of each call of a method of the lake."""
    return [
        (str(node.args[0].value), {str(one.arg) for one in node.keywords})
        for node in ast.walk(ast.parse(code(file)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        and node.func.attr == method and isinstance(node.args[0], ast.Constant)
    ]  # fmt: skip


def test_there_is_one_for_each_subject_in_order() -> None:
    expected = [f"{number:02d}_{subject}" for number, subject in enumerate(SUBJECTS, 1)]
    assert [file.stem for file in FILES] == expected
    readme = (REPO_ROOT / "docs" / "runbook.md").read_text()
    assert [file.name for file in FILES if f"`{file.name}`" not in readme] == []


@by_file
def test_no_output_is_stored(file: Path) -> None:
    """Clear it before a commit: `jupyter nbconvert --clear-output --inplace notebooks/*.ipynb`."""
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    for cell in cells(file, "code"):
        assert cell.outputs == []
        assert cell.execution_count is None
        assert cell.metadata == {}
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


@by_file
def test_what_it_asks_is_a_file_with_such_parameters(file: Path) -> None:
    asked = [*calls(file, "metric"), *calls(file, "duckdb_statement")]
    assert asked or file.stem.endswith("click_prediction")
    for name, given in asked:
        assert given <= {one.name for one in load_metric(name).parameters}, name
    assert not re.search(r"\bSELECT\b", code(file), re.IGNORECASE)


@by_file
def test_it_begins_with_a_title_and_says_what_it_shows(file: Path) -> None:
    first = cells(file, "markdown")[0].source
    assert re.match(r"# [A-Z].+\n", first)
    assert len(first.splitlines()) > 1
    assert "http" not in code(file)


def test_numbers_for_charts_are_floats_and_nothing_else_changes() -> None:
    frame = pd.DataFrame({"name": ["a", "b"], "roas": [Decimal("1.5"), None], "count": [1, 2]})
    charts = charted(frame)
    assert charts["roas"].tolist()[0] == 1.5
    assert charts["roas"].isna().tolist() == [False, True]
    assert charts["name"].tolist() == ["a", "b"]
    assert frame["roas"][0] == Decimal("1.5")


def test_a_chart_is_given_to_jupyterlab_and_loads_nothing() -> None:
    shown = alt.Chart(pd.DataFrame({"a": [1]})).mark_bar()._repr_mimebundle_()
    assert set(shown) == {CHART_TYPE, "text/plain"}
    assert str(shown).count("http") == 1, "the address of the grammar, which nobody opens"


def test_the_file_of_a_metric_is_rendered_for_duckdb() -> None:
    statement, values = Lake.duckdb_statement("roas", campaign_id="c1")
    assert "$campaign_id" in statement
    assert "TIMESTAMPTZ" in statement
    assert values["campaign_id"] == "c1"


def test_without_jupyter_the_user_is_told_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(NoJupyterError, match="`make notebook` installs and starts it"):
        notebook_server(Settings({}))
