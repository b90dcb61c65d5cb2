"""The planted bugs of `make mutants` fit the code: else they would plant nothing."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path

import pytest

from adlake.settings import REPO_ROOT
from benchmarks import mutants, mutations
from benchmarks.mutations import MUTATIONS, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name)
def test_a_mutation_changes_one_place_and_names_a_test(mutation: Mutation) -> None:
    planted = mutation.planted(REPO_ROOT)
    assert planted != (REPO_ROOT / mutation.file).read_text()
    if mutation.file.endswith(".py"):
        assert mutation.place != mutation.file, "planted by symbol, so that it moves along"
        compile(planted, mutation.file, "exec")
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


def test_a_piece_is_found_however_its_lines_are_broken(tmp_path: Path) -> None:
    source = tmp_path / "src" / "room.py"
    source.parent.mkdir()
    source.write_text("def f(a):\n    if a:\n        return (\n            a + 1\n        )\n")
    bug = Mutation("bug", "room:f", "        return ( a + 1 )", "        return 0", "t")
    assert bug.planted(tmp_path) == "def f(a):\n    if a:\n        return 0\n"
    elsewhere = Mutation("bug", "room:g", "return", "return 0", "t")
    with pytest.raises(ValueError, match="there is no room:g"):
        elsewhere.planted(tmp_path)
    twice = Mutation("bug", "room:f", "a", "b", "t")
    with pytest.raises(ValueError, match="times in room:f"):
        twice.planted(tmp_path)


def test_what_was_found_of_a_bug_that_was_moved_since_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bugs = [Mutation(name, "place", "old", "new", "test") for name in ("kept", "moved", "new")]
    monkeypatch.setattr(mutants, "MUTATIONS", bugs)
    monkeypatch.setattr(mutants, "REPORT", tmp_path / "mutants.json")
    known = {"place": "place", "test": "test", "caught": True}
    before = [known | {"name": "kept"}, known | {"name": "moved", "place": "elsewhere"}]
    mutants.REPORT.write_text(json.dumps({"mutants": before}))
    mutants.write_report(known | {"name": "new", "caught": False})
    report = json.loads(mutants.REPORT.read_text())
    assert [one["name"] for one in report["mutants"]] == ["kept", "new"]
    assert (report["planted"], report["caught"], report["not_run"]) == (3, 1, ["moved"])
