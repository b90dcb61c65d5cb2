"""docs/metrics.md: each metric shows a sample, and the test that holds it is there."""

from __future__ import annotations

import ast

import pytest

from adlake.metrics.query import load_metric, metric_names
from adlake.settings import REPO_ROOT
from tests.fixtures.trino.samples import MOST_ROWS, committed

pytestmark = pytest.mark.docs

REMEDY = "run `make metric-samples`"


def test_each_metric_has_a_sample() -> None:
    assert sorted(committed()) == metric_names(), REMEDY


@pytest.mark.parametrize("name", sorted(committed()))
def test_the_test_of_a_sample_is_there_and_its_parameters_are_known(name: str) -> None:
    sample = committed()[name]
    file, _, test = sample.test.partition("::")
    defined = {
        one.name
        for one in ast.walk(ast.parse((REPO_ROOT / file).read_text()))
        if isinstance(one, ast.FunctionDef)
    }
    assert test.partition("[")[0] in defined, REMEDY
    assert set(sample.given) <= {one.name for one in load_metric(name).parameters}, REMEDY
    assert 0 < len(sample.rows) <= MOST_ROWS
    assert {len(row) for row in sample.rows} == {len(sample.columns)}
