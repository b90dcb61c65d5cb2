"""Reads table facts without Spark or Trino: PyIceberg on the same catalog."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

from pydantic import SecretStr
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.rest import RestCatalog as PyIcebergRest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table

from adlake.contracts import stamps
from adlake.contracts.address import LOOPBACK, Address
from adlake.contracts.tables import CATALOG
from adlake.io.iceberg.file_changes import FileChanges, file_changes
from adlake.io.iceberg.object_store import ObjectStore
from adlake.io.iceberg.overwritten import overwritten_file
from adlake.io.iceberg.rest_catalog import RestCatalog, named_rest_errors
from adlake.io.iceberg.stamp import Stamp
from adlake.io.postgres.table_heads import TableHead


@dataclass(frozen=True)
class LakeReader:
    """A second, independent reader of the lake's tables."""

    jdbc_uri: str
    user: str
    password: SecretStr
    warehouse_uri: str
    rest: RestCatalog | None = None
    """Lists the tables in place of the database."""
    object_store: ObjectStore | None = None

    def table(self, name: str) -> Table | None:
        """`namespace.table`, None while it does not exist."""
        with self._named_errors():
            catalog = self._kind()(CATALOG, **self.properties())
            try:
                return catalog.load_table(name)
            except NoSuchTableError:
                return None
            finally:
                catalog.close()

    def _kind(self) -> type[Catalog]:
        return SqlCatalog if self.rest is None else PyIcebergRest

    def _named_errors(self) -> AbstractContextManager[None]:
        return nullcontext() if self.rest is None else named_rest_errors(self.rest.uri)

    def properties(self) -> dict[str, str]:
        """What PyIceberg is told, secrets included: nothing to show."""
        target = urlsplit(self.jdbc_uri.removeprefix("jdbc:"))
        server = Address(target.hostname or LOOPBACK, target.port or 5432)
        login = f"{quote(self.user, safe='')}:{quote(self.password.get_secret_value(), safe='')}"
        database = {
            "uri": f"postgresql+psycopg://{login}@{server}{target.path}",
            "warehouse": self.warehouse_uri,
            "init_catalog_tables": "false",
        }
        catalog = database if self.rest is None else self.rest.properties()
        store = self.object_store
        return catalog | (store.pyiceberg_properties() if store is not None else {})

    def newest_stamp(self, name: str) -> Stamp | None:
        """The newest stamp among the ancestors of a table's main branch."""
        table = self.table(name)
        snapshot = table.current_snapshot() if table is not None else None
        while table is not None and snapshot is not None:
            properties = _properties(snapshot.summary)
            if stamps.NEXT_OFFSETS in properties:
                return Stamp(snapshot.snapshot_id, properties)
            parent = snapshot.parent_snapshot_id
            snapshot = table.snapshot_by_id(parent) if parent is not None else None
        return None

    def has_snapshot(self, name: str, snapshot_id: int) -> bool:
        """Whether a table still has this snapshot."""
        table = self.table(name)
        return table is not None and table.snapshot_by_id(snapshot_id) is not None

    def file_changes(self, name: str, earlier_id: int, later_id: int) -> FileChanges:
        """The data files in which two snapshots of a table differ."""
        table = self.table(name)
        if table is None:
            return FileChanges(doubt="there is no such table")
        try:
            return file_changes(table, earlier_id, later_id)
        except OSError as error:
            return FileChanges(doubt=f"its lists of files cannot be read ({error})")

    def overwritten_file(self, name: str, snapshot_id: int, since: datetime) -> str:
        """A file of a snapshot that was written again in its place; empty: none is seen."""
        table = self.table(name)
        try:
            return "" if table is None else overwritten_file(table, snapshot_id, since)
        except OSError as error:
            return f"one that no list names: {error}"

    def head(self, name: str) -> TableHead | None:
        """The head of a table's main branch; None when there is no such table."""
        table = self.table(name)
        if table is None:
            return None
        snapshot = table.current_snapshot()
        counted = getattr(snapshot.summary, "additional_properties", {}) if snapshot else {}
        return TableHead(
            table_uuid=str(table.metadata.table_uuid),
            last_sequence=int(getattr(table.metadata, "last_sequence_number", 0)),
            head_sequence=int(snapshot.sequence_number or 0) if snapshot else 0,
            rows=int(counted.get("total-records", 0)),
        )


def _properties(summary: object) -> Mapping[str, str]:
    properties: Mapping[str, str] = getattr(summary, "additional_properties", {})
    return {key: value for key, value in properties.items() if key.startswith("adlake.")}
