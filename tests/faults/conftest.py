"""The session's chronicle, and one lake for the faults that leave its topic whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.catalog_proxy import CatalogProxy
from tests.faults.chronicle import Chronicle
from tests.faults.drill import drilled_lake
from tests.integration.lake import Lake


@pytest.fixture(scope="session")
def chronicle() -> Iterator[Chronicle]:
    one = Chronicle()
    yield one
    one.write()


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with drilled_lake(tmp_path_factory.mktemp("drill") / "home") as one:
        yield one


@pytest.fixture
def proxy(lake: Lake) -> Iterator[CatalogProxy]:
    """Stands between a driver and the catalog database; see `proxied`."""
    with CatalogProxy(lake.settings().ports.postgres_port) as one:
        yield one
