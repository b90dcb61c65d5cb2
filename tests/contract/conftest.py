"""A lake for the contracts; Trino may be one that runs already (TEST_TRINO_PORT)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from adlake.contracts.tables import CATALOG
from adlake.devstack.ports import free_ports
from adlake.devstack.stack import Stack
from adlake.io.trino import TrinoClient, connect
from adlake.settings import Settings
from tests.contract.metrics_lake import MetricsLake


@pytest.fixture(scope="session")
def private_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A catalog and a Trino of the tests' own."""
    postgres_port, port = free_ports(2)
    settings = Settings({
        "ADLAKE_HOME": str(tmp_path_factory.mktemp("lake")),
        "ADLAKE_POSTGRES_PORT": str(postgres_port),
        "ADLAKE_TRINO_PORT": str(port),
    })  # fmt: skip
    stack = Stack(settings, report=print)
    try:
        stack.up(only=["postgres", "trino"])
        yield settings
    finally:
        stack.nuke()


@pytest.fixture(scope="module")
def catalog(private_lake: Settings) -> Iterator[SqlCatalog]:
    password = quote(private_lake.catalog_password())
    address = f"127.0.0.1:{private_lake.ports.postgres_port}"
    user, database = private_lake.catalog.catalog_user, private_lake.catalog.catalog_database
    catalog = SqlCatalog(
        CATALOG,
        uri=f"postgresql+psycopg://{user}:{password}@{address}/{database}",
        warehouse=private_lake.paths.warehouse_uri,
        init_catalog_tables="false",
    )
    yield catalog
    catalog.close()


@pytest.fixture(scope="session")
def trino_port(request: pytest.FixtureRequest) -> int:
    if running := os.environ.get("TEST_TRINO_PORT"):
        return int(running)
    settings: Settings = request.getfixturevalue("private_lake")
    return settings.ports.trino_port


@pytest.fixture(scope="session")
def memory_client(trino_port: int) -> Iterator[TrinoClient]:
    client = connect(trino_port, catalog="memory")
    yield client
    client.close()


@pytest.fixture(scope="module")
def lake(memory_client: TrinoClient) -> Iterator[MetricsLake]:
    """Empty tables, shared by the tests of one file."""
    empty = MetricsLake(memory_client)
    empty.create()
    yield empty
    empty.drop()
