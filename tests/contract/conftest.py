"""A lake for the contracts: the private one, empty for each file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyspark.sql import SparkSession

from adlake.io.spark.session import build_session, connect_catalog
from adlake.io.trino.client import TrinoClient, connect
from adlake.provision.catalog import owner_database
from adlake.settings import Settings
from adlake.wiring.spark import catalog_access
from tests.fixtures.made_tables import MadeTables
from tests.fixtures.sessions import resources_of
from tests.fixtures.trino import scratch_trino
from tests.fixtures.trino.metrics_lake import MetricsLake
from tests.fixtures.trino.private_lake import catalog_of, forget_tables
from tests.fixtures.trino.samples import not_held


@pytest.fixture(autouse=True)
def _asks_for_its_samples(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that a sample of docs/metrics.md came from still asks that question."""
    yield
    assert not_held(request.node.nodeid) == [], "run `make metric-samples`"


@pytest.fixture(scope="module")
def empty_lake(private_lake: Settings) -> Settings:
    """The private lake without a table or view."""
    forget_tables(private_lake)
    return private_lake


@pytest.fixture(scope="module")
def catalog(empty_lake: Settings) -> Iterator[SqlCatalog]:
    with catalog_of(empty_lake) as one:
        yield one


@pytest.fixture(scope="module")
def spark(empty_lake: Settings) -> Iterator[SparkSession]:
    """A Spark session on the private lake, which is empty."""
    session = build_session("contracts", resources_of("1500m"))
    connect_catalog(session, catalog_access(empty_lake))
    yield session
    session.stop()


@pytest.fixture(scope="session")
def made_tables(private_lake: Settings) -> MadeTables:
    """Makes all tables of the private lake: seconds the first time, hardly any afterwards."""
    return MadeTables(owner_database(private_lake))


@pytest.fixture(scope="session")
def memory_client(private_lake: Settings) -> Iterator[TrinoClient]:
    port = private_lake.ports.trino_port
    client = connect(port, user=scratch_trino.WRITER, catalog=scratch_trino.CATALOG)
    yield client
    client.close()


@pytest.fixture(scope="session")
def metrics_lake(memory_client: TrinoClient) -> MetricsLake:
    made = MetricsLake(memory_client)
    made.create()
    return made


@pytest.fixture(scope="module")
def lake(metrics_lake: MetricsLake) -> MetricsLake:
    """Empty tables, shared by the tests of one file."""
    metrics_lake.empty()
    return metrics_lake
