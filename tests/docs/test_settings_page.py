"""docs/settings.md: each setting has an example that the program takes and that is no default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adlake.devstack.stack import SERVICES
from adlake.environment import COMMANDS
from adlake.settings import CONCERNS, PREFIX, REPO_ROOT, Settings, SettingsError, known_names
from adlake.settings.examples import APPLIED, EXAMPLES, TESTS_ONLY, example_of
from adlake.settings.file import read_settings_file

pytestmark = pytest.mark.docs

TEXT = (REPO_ROOT / "docs" / "settings.md").read_text()
ROWS = dict(re.findall(r"^\| `(ADLAKE_\w+)` \| .+? \| `([^`]+)` \| ", TEXT, re.MULTILINE))
NEEDS = {"ADLAKE_CONTROL_URI": {"ADLAKE_CATALOG_TYPE": "rest"}}
"""What has to be set beside a setting: alone it is refused."""


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return str(found)


def test_every_setting_has_its_example_and_no_example_is_left_over() -> None:
    assert set(ROWS) == set(known_names())
    fields = {name for concern in CONCERNS for name in concern.model_fields}
    assert set(EXAMPLES) <= fields
    assert fields >= TESTS_ONLY
    with pytest.raises(KeyError, match="new_one lacks an example"):
        example_of("new_one", is_secret=False)


@pytest.mark.parametrize("name", known_names())
def test_the_program_takes_an_example_and_it_is_no_default(name: str) -> None:
    beside = NEEDS.get(name, {})
    usual = Settings(beside).as_environment()[name]
    assert Settings({**beside, name: ROWS[name]}).as_environment()[name] != usual


def test_a_value_that_is_wrong_would_be_found() -> None:
    with pytest.raises(SettingsError, match="is refused"):
        Settings({"ADLAKE_KAFKA_PORT": "none"})


def test_the_block_for_the_file_is_read_as_it_stands(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(block("text"))
    given = {name: line.value for name, line in read_settings_file(file).items()}
    assert len(given) == len(block("text").splitlines()) > 2
    read = Settings(given).as_environment()
    usual = Settings({}).as_environment()
    assert [name for name in given if read[name] == usual[name]] == []


def test_the_line_for_the_shell_names_a_setting_with_a_lawful_value() -> None:
    name, _, value = block("bash").split()[0].partition("=")
    assert Settings({name: value}).generator.generator_rate == float(value)


def test_settings_of_tests_stand_apart() -> None:
    own, _, tests = TEXT.partition("\n## For tests and drills")
    names = {f"{PREFIX}{name}".upper() for name in TESTS_ONLY}
    assert set(re.findall(r"^\| `(ADLAKE_\w+)`", tests, re.MULTILINE)) == names
    assert [name for name in names if f"| `{name}` |" in own] == []


def test_each_section_says_how_a_change_comes_to_count() -> None:
    assert set(APPLIED) == {concern.__name__ for concern in CONCERNS}
    assert TEXT.count("\nAfter a change: ") == len(CONCERNS)
    named = re.findall(r"down --only ([\w,]+)", TEXT)
    services = {kind.name for kind in SERVICES}
    assert {one for names in named for one in names.split(",")} <= services


def test_the_names_of_others_are_heeded_where_the_page_says() -> None:
    part = TEXT.partition("## Names without")[2].partition("\n## ")[0]
    told = dict(re.findall(r"^\| `(\w+)` \| `[^`]+` \| ([\w `]+) \|", part, re.MULTILINE))
    makefile = (REPO_ROOT / "Makefile").read_text()
    given = re.search(r"^GIVEN := (.+)$", makefile, re.MULTILINE)
    assert given
    assert set(told) == {"RUNTIME", "PYTHON", "JAVA_HOME", "XDG_CACHE_HOME"}
    for name, where in told.items():
        assert (name in given[1].split()) is (where == "behind `make`"), name
        assert (name in COMMANDS) is (where == "variable"), name
