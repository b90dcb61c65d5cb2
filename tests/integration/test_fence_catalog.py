"""The fence through Iceberg's own JDBC catalog, with the writer's role: no change gets around it.

Needs Postgres and a small JVM, no Spark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from py4j.java_gateway import JavaGateway
from py4j.protocol import Py4JJavaError
from pyspark import SparkContext

from adlake.devstack.install.ivy import pyspark_home
from adlake.io.postgres.lease import Lease, acquire
from adlake.io.postgres.sqlstate import STALE_WRITER, sqlstates
from adlake.io.spark.session import CatalogAccess
from adlake.provision.catalog import catalog_database
from adlake.wiring.spark import catalog_access, choose_jdk
from tests.fixtures.lake import Lake

pytestmark = pytest.mark.integration

SCHEMA = (
    '{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"id","required":false,"type":"long"}]}'
)
KNOWN, MADE, VIEW = "scratch.known", "scratch.made", "scratch.seen"


@dataclass
class Catalogs:
    """Iceberg's JDBC catalogs of one lake, in a JVM of their own."""

    jvm: Any
    access: CatalogAccess

    def of(self, lease: Lease | None) -> Any:  # noqa: ANN401 - a Java catalog
        """One whose connections state this lease, as Spark's does."""
        access = replace(self.access, lease=lease)
        properties = self.jvm.java.util.HashMap()
        properties.put("uri", access.fenced_uri())
        properties.put("warehouse", access.warehouse_uri)
        properties.put("jdbc.user", access.user)
        properties.put("jdbc.password", access.password.get_secret_value())
        properties.put("jdbc.schema-version", "V1")
        catalog = self.jvm.org.apache.iceberg.jdbc.JdbcCatalog()
        catalog.setConf(self.jvm.org.apache.hadoop.conf.Configuration())
        catalog.initialize("lakehouse", properties)
        return catalog

    def name(self, text: str) -> Any:  # noqa: ANN401 - a Java identifier
        return self.jvm.org.apache.iceberg.catalog.TableIdentifier.parse(text)

    def changes(self, catalog: Any) -> dict[str, Callable[[], object]]:  # noqa: ANN401
        """Every way to change what the catalog holds."""
        known, made, seen = self.name(KNOWN), self.name(MADE), self.name(VIEW)
        schema = self.jvm.org.apache.iceberg.SchemaParser.fromJson(SCHEMA)
        view = (
            catalog.buildView(seen)
            .withSchema(schema)
            .withDefaultNamespace(seen.namespace())
            .withQuery("spark", "SELECT 1 AS id")
        )
        properties = self.jvm.java.util.Collections.singletonMap("a", "b")
        other = self.name("made.any").namespace()
        return {
            "create": lambda: catalog.createTable(made, schema),
            "commit": lambda: catalog.loadTable(known).newAppend().commit(),
            "replace": lambda: (
                catalog.buildTable(known, schema).replaceTransaction().commitTransaction()
            ),
            "rename": lambda: catalog.renameTable(known, self.name("scratch.other")),
            "register": lambda: catalog.registerTable(
                self.name("scratch.again"),
                catalog.loadTable(known).operations().current().metadataFileLocation(),
            ),
            "create a view": view.create,
            "make a namespace": lambda: catalog.createNamespace(other),
            "change a namespace": lambda: catalog.setProperties(known.namespace(), properties),
            "purge": lambda: catalog.dropTable(known, True),
            "drop": lambda: catalog.dropTable(known, False),
        }


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake(tmp_path / "home").running(only=["postgres"]) as one:
        yield one


@pytest.fixture
def catalogs(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalogs]:
    choose_jdk(lake.settings())
    gateway = JavaGateway.launch_gateway(
        classpath=str(pyspark_home() / "jars" / "*"), die_on_exit=True, javaopts=["-Xmx400m"]
    )
    # PySpark's handler of Java errors, once a test of this process has started Spark, asks the JVM
    # it knows: without these two it would look for this JVM's exceptions in Spark's.
    monkeypatch.setattr(SparkContext, "_gateway", gateway)
    monkeypatch.setattr(SparkContext, "_jvm", gateway.jvm)
    yield Catalogs(gateway.jvm, catalog_access(lake.settings()))
    gateway.shutdown()


def test_a_stale_writer_neither_creates_nor_drops_nor_replaces_through_iceberg(
    lake: Lake, catalogs: Catalogs
) -> None:
    connect = catalog_database(lake.settings()).connect
    old = acquire(connect, "attribution", 0.0)
    stale = catalogs.of(old)
    stale.createNamespace(catalogs.name(KNOWN).namespace())
    schema = catalogs.jvm.org.apache.iceberg.SchemaParser.fromJson(SCHEMA)
    stale.createTable(catalogs.name(KNOWN), schema)
    new = acquire(connect, "attribution", 30.0)
    for writer in (stale, catalogs.of(None), catalogs.of(replace(new, name="replay"))):
        for what, change in catalogs.changes(writer).items():
            with pytest.raises(Py4JJavaError) as caught:
                change()
            assert sqlstates(caught.value) == [STALE_WRITER], what
    holder = catalogs.of(new)
    namespace = catalogs.name(KNOWN).namespace()
    assert [str(table) for table in holder.listTables(namespace)] == [KNOWN]
    assert holder.listViews(namespace).isEmpty()
    done = catalogs.changes(holder)
    for what in ("commit", "create", "create a view", "replace", "make a namespace", "purge"):
        done[what]()
    assert [str(table) for table in holder.listTables(namespace)] == [MADE]
