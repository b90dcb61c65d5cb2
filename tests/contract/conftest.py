"""A lake for the contracts: a catalog and a Trino of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyspark.sql import SparkSession

from adlake.contracts.tables import CATALOG
from adlake.devstack.services.ports import free_ports
from adlake.devstack.stack import Stack
from adlake.io.spark.session import build_session, connect_catalog
from adlake.io.trino.client import TrinoClient, connect
from adlake.provision.catalog import owner_database
from adlake.settings import Settings
from adlake.wiring.spark import catalog_access
from tests.fixtures.jvm import JVM_OPTIONS
from tests.fixtures.sessions import resources_of
from tests.fixtures.trino import scratch_trino
from tests.fixtures.trino.metrics_lake import MetricsLake
from tests.fixtures.trino.samples import not_held
from tests.fixtures.trino.scratch_trino import ScratchTrino


@pytest.fixture(autouse=True)
def _asks_for_its_samples(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that a sample of docs/metrics.md came from still asks that question."""
    yield
    assert not_held(request.node.nodeid) == [], "run `make metric-samples`"


@pytest.fixture(scope="session")
def private_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A catalog and a Trino of the tests' own."""
    postgres_port, port = free_ports(2)
    settings = Settings({
        "ADLAKE_HOME": str(tmp_path_factory.mktemp("lake")),
        "ADLAKE_POSTGRES_PORT": str(postgres_port),
        "ADLAKE_TRINO_PORT": str(port),
        # As all other servers of the tests: else its second compiler takes half of a processor.
        "ADLAKE_JAVA_OPTIONS": JVM_OPTIONS,
    })  # fmt: skip
    stack = Stack(settings, report=print)
    try:
        stack.up(only=["postgres"])
        ScratchTrino(settings, stack.installation).start()
        yield settings
    finally:
        stack.nuke()


@pytest.fixture(scope="module")
def empty_lake(private_lake: Settings) -> Settings:
    """The private lake without a table or view: which module ran before must not matter."""
    with owner_database(private_lake).connect() as owner:
        owner.execute("TRUNCATE public.iceberg_tables, public.iceberg_namespace_properties")
    return private_lake


@pytest.fixture(scope="module")
def catalog(empty_lake: Settings) -> Iterator[SqlCatalog]:
    password = quote(empty_lake.catalog_password().get_secret_value())
    address = f"127.0.0.1:{empty_lake.ports.postgres_port}"
    user, database = empty_lake.catalog.catalog_user, empty_lake.catalog.catalog_database
    catalog = SqlCatalog(
        CATALOG,
        uri=f"postgresql+psycopg://{user}:{password}@{address}/{database}",
        warehouse=empty_lake.paths.warehouse_uri,
        init_catalog_tables="false",
    )
    yield catalog
    catalog.close()


@pytest.fixture(scope="module")
def spark(empty_lake: Settings) -> Iterator[SparkSession]:
    """A Spark session on the private lake, which is empty."""
    session = build_session("contracts", resources_of("1500m"))
    connect_catalog(session, catalog_access(empty_lake))
    yield session
    session.stop()


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
