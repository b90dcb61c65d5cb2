"""The session's chronicle, and one lake for the faults that leave its topic whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.drill.catalog_proxy import CatalogProxy
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import drilled_lake
from tests.fixtures.lake import Lake

CHRONICLE = Chronicle()
"""Of this session, whether or not a test asks for it: one that fails at once must show too."""


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A fault test that fails must not hide behind what it found at an older commit."""
    has_passed = report.when == "call" and report.passed
    if "chaos" in report.keywords and (report.failed or has_passed):
        CHRONICLE.ended(report.nodeid, failed=report.failed)


def pytest_sessionfinish() -> None:
    CHRONICLE.write()


@pytest.fixture(scope="session")
def chronicle() -> Chronicle:
    return CHRONICLE


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with drilled_lake(tmp_path_factory.mktemp("drill") / "home") as one:
        yield one


@pytest.fixture
def proxy(lake: Lake) -> Iterator[CatalogProxy]:
    """Stands between a driver and the catalog database; see `proxied`."""
    with CatalogProxy(lake.settings().ports.postgres_port) as one:
        yield one
