"""The planted bugs of `make mutants` fit the code: else they would plant nothing."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from benchmarks import mutations
from benchmarks.mutations import MUTATIONS, Mutation

from adlake.settings import REPO_ROOT


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name)
def test_a_mutation_changes_one_place_and_names_a_test(mutation: Mutation) -> None:
    text = (REPO_ROOT / mutation.file).read_text()
    assert text.count(mutation.old) == 1
    assert mutation.old != mutation.new
    file, _, test = mutation.test.partition("::")
    function = test.partition("[")[0]  # without its parameters
    assert f"def {function}" in (REPO_ROOT / file).read_text()


def test_there_are_at_least_twenty() -> None:
    assert len({one.name for one in MUTATIONS}) == len(MUTATIONS) >= 20


def test_every_subject_is_planted() -> None:
    found = {
        one
        for module in pkgutil.iter_modules(mutations.__path__)
        for value in vars(importlib.import_module(f"{mutations.__name__}.{module.name}")).values()
        if isinstance(value, tuple)
        for one in value
    }
    assert found == set(MUTATIONS)
