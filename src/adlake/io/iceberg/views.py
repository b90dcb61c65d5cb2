"""Iceberg views for Spark and Trino, made through the catalog's own view builder.

Files: `sql/views/<view>.sql` where both engines read one text, else one in each folder
`sql/views/<dialect>`. A view carries a text for each dialect either way.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from py4j.java_gateway import is_instance_of
from pyspark.sql import SparkSession

from adlake.contracts.tables import CATALOG
from adlake.io.sql.files import SqlValue, bind, has_sql_file, sql_text
from adlake.io.sql.literals import Dialect

log = logging.getLogger(__name__)

DIALECTS: Final[tuple[Dialect, ...]] = ("spark", "trino")
_VIEW_CATALOG: Final = "org.apache.iceberg.catalog.ViewCatalog"
NO_VALUES: Final[Mapping[str, SqlValue]] = MappingProxyType({})


def view_texts(name: str, values: Mapping[str, SqlValue] = NO_VALUES) -> dict[str, str]:
    """The SQL of one view by dialect, its parameters as literals."""
    return {
        dialect: bind(sql_text(_file_of(name, dialect)), values, dialect) for dialect in DIALECTS
    }


def provision_views(
    session: SparkSession, names: Iterable[str], values: Mapping[str, SqlValue] = NO_VALUES
) -> list[str]:
    """Create views, replace those whose text changed; returns the names written.

    A catalog that knows no views (a plain folder) is left alone.

    Args:
        session: one that may write the catalog.
        names: `namespace.view`; one that reads another one comes after it.
        values: of the parameters of their files; to be called again when those change.
    """
    jvm: Any = session._jvm
    catalog = jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergCatalog(
        session._jsparkSession, CATALOG
    )
    if not is_instance_of(session.sparkContext._gateway, catalog, _VIEW_CATALOG):
        log.warning("the catalog keeps no views: none is made")
        return []
    started = time.monotonic()
    written = [name for name in names if _provision(session, catalog, name, values)]
    log.info("views: %d written in %.2f s", len(written), time.monotonic() - started)
    return written


def _provision(
    session: SparkSession,
    catalog: Any,  # noqa: ANN401 - a Java catalog
    full_name: str,
    values: Mapping[str, SqlValue],
) -> bool:
    jvm: Any = session._jvm
    identifier = jvm.org.apache.iceberg.catalog.TableIdentifier.parse(full_name)
    texts = view_texts(full_name.split(".")[1], values)
    exists = catalog.viewExists(identifier)
    if exists and _held_texts(catalog.loadView(identifier)) == texts:
        return False
    # The columns are those of the Spark text; Trino converts its own to them or refuses the view.
    columns = session.sql(texts["spark"])._jdf.schema()
    builder = (
        catalog.buildView(identifier)
        .withSchema(jvm.org.apache.iceberg.spark.SparkSchemaUtil.convert(columns))
        .withDefaultCatalog(CATALOG)
        .withDefaultNamespace(identifier.namespace())
    )
    for dialect, text in texts.items():
        builder = builder.withQuery(dialect, text)
    if exists:
        builder.replace()
    else:
        builder.create()
    return True


def _file_of(name: str, dialect: str) -> str:
    shared = f"views/{name}"
    return shared if has_sql_file(shared) else f"views/{dialect}/{name}"


def _held_texts(view: Any) -> Mapping[str, str]:  # noqa: ANN401 - a Java view
    found = {dialect: view.sqlFor(dialect) for dialect in DIALECTS}
    # sqlFor falls back to another dialect when its own is missing.
    return {d: sql.sql() for d, sql in found.items() if sql is not None and sql.dialect() == d}
