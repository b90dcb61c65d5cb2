"""What a page prints is typed on the lake of the tests, and nothing else is changed in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.as_typed import Typist
from tests.fixtures.lake import Lake
from tests.fixtures.page_blocks import Block


@pytest.fixture
def typist(tmp_path: Path) -> Typist:
    return Typist(Lake(tmp_path / "home"))


def test_ports_and_folders_are_those_of_the_lake(typist: Typist) -> None:
    lake = typist.lake
    shown = "curl http://127.0.0.1:8000/ 127.0.0.1:8080 .runtime/secrets /backups/x /data/y"
    assert typist.mapped(shown) == (
        f"curl http://127.0.0.1:{lake.port_of('api')}/ 127.0.0.1:{lake.port_of('trino')} "
        f"{lake.home}/secrets {lake.home.parent}/backups/x {lake.home.parent}/data/y"
    )


def test_other_words_and_numbers_stay(typist: Typist) -> None:
    text = "LIMIT 3; 80800 docs/data/x src/data/ $((NOW - 20 * 86400)) kept-1 7d"
    assert typist.mapped(text) == text


def test_make_of_the_pages_is_native_whatever_make_runs_the_tests(
    typist: Typist, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKELEVEL", "1")
    block = Block("page.md", 1, "bash", 'echo "$MAKEFLAGS,${MAKELEVEL:-none}"; make -n down\n')
    flags, *recipe = typist.typed(block).splitlines()
    assert flags == " -- RUNTIME=native,none"
    assert recipe[-1] == ".venv/bin/adlake down --runtime native"


def test_a_block_that_fails_or_prints_otherwise_fails_the_test(typist: Typist) -> None:
    with pytest.raises(AssertionError, match=r"page\.md:1 ended with 3"):
        typist.typed(Block("page.md", 1, "bash", "exit 3\n"))
    with pytest.raises(AssertionError, match=r"the page shows 'b', printed was 'a'"):
        typist.expect(Block("page.md", 1, "bash", "echo a\n", "b\n"))
    with pytest.raises(AssertionError, match="ended with 1"):
        typist.typed(Block("page.md", 1, "bash", "false | cat\n"))
