"""For all tests: servers and sessions live for minutes here, production ones for weeks."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.jvm import JVM_OPTIONS
from tests.fixtures.servers.choice import decide

if TYPE_CHECKING:
    from adlake.settings import Settings

os.environ.setdefault("ADLAKE_JAVA_OPTIONS", JVM_OPTIONS)  # servers, drivers, commands
os.environ.setdefault("JAVA_TOOL_OPTIONS", JVM_OPTIONS)  # sessions in the process of the tests


SERVERS, SESSIONS = {"integration", "browser"}, {"spark"}
FOLDERS = {"browser", "contract", "integration"}
"""Of tests with servers; those that need a Spark session alone have `spark`."""


def has_its_folder(path: Path, markers: set[str]) -> bool:
    """Whether the tier of a test looks into its folder; `make chaos` looks into all."""
    folder = path.relative_to(Path(__file__).parent).parts[0]
    if "chaos" in markers:
        return True
    if markers & SERVERS:
        return folder in FOLDERS
    return folder in SESSIONS if markers & SESSIONS else True


@pytest.fixture(scope="session")
def private_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A catalog and a Trino of the tests' own, which each process starts once."""
    # The quick tests need none of what it is made of.
    from tests.fixtures.trino.private_lake import started_private_lake

    with started_private_lake(tmp_path_factory.mktemp("lake")) as settings:
        yield settings


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--shuffle", type=int, metavar="SEED",
        help="run files, and the tests in each, in another order: no test may need one before it",
    )  # fmt: skip


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say where servers run: `make` runs quietly, where pytest has no header."""
    choice = decide()
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and not hasattr(session.config, "workerinput"):
        terminal.write_line(str(choice))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest file comes first, so that one worker does not end minutes after the other."""
    for item in items:
        if not has_its_folder(item.path, {one.name for one in item.iter_markers()}):
            raise pytest.UsageError(f"{item.nodeid}: no tier of the Makefile collects it there")
    seed = config.getoption("--shuffle")
    if seed is not None:
        # Tests of a file stay together: they share what its fixtures started.
        dice = random.Random(seed)
        files = {item.path: dice.random() for item in items}
        items.sort(key=lambda item: (files[item.path], dice.random()))
        return
    items.sort(key=lambda item: not item.nodeid.startswith("tests/integration/test_exactly_once"))
