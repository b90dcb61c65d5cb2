"""The row of the catalog database that says which lake it is, and where that lives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.rows import class_row

from adlake.contracts.place import Place
from adlake.contracts.tables import CATALOG, NAMESPACES
from adlake.io.postgres.lease import this_holder
from adlake.io.sql.control import control_sql


@dataclass(frozen=True)
class LakeRow:
    """What adlake.lake holds; `token` is None until the warehouse has its file."""

    lake_id: str
    home: Path
    warehouse_uri: str
    token: str | None
    next_token: str | None
    claims: int


def read_lake(connection: psycopg.Connection) -> LakeRow | None:
    """The row; None for a catalog that was never claimed, or is older than the row."""
    if not _has_table(connection, "adlake.lake"):
        return None
    with connection.cursor(row_factory=class_row(_Texts)) as cursor:
        found = cursor.execute(control_sql("lake/read")).fetchone()
    return found.row() if found else None


def insert_lake(connection: psycopg.Connection, place: Place, lake_id: str, token: str) -> None:
    """Record a lake that was never claimed; its warehouse has no file yet."""
    connection.execute(control_sql("lake/insert"), {**_named(place, lake_id), "next_token": token})


def put_lake(connection: psycopg.Connection, place: Place, lake_id: str) -> None:
    """Bind the catalog to another place, under another id."""
    connection.execute(control_sql("lake/put"), _named(place, lake_id))


def record_move(connection: psycopg.Connection, origin: tuple[str | None, Path, str]) -> None:
    """Keep where the lake lay before: its id, home and warehouse."""
    lake_id, home, warehouse_uri = origin
    old = {
        "old_lake_id": lake_id, "old_home": str(home), "old_warehouse_uri": warehouse_uri,
        "moved_by": this_holder(),
    }  # fmt: skip
    connection.execute(control_sql("lake/record_move"), old)


def announce_token(connection: psycopg.Connection, token: str) -> None:
    """Say which token the warehouse gets next."""
    connection.execute(control_sql("lake/announce_token"), {"next_token": token})


def confirm_token(connection: psycopg.Connection) -> None:
    """The warehouse has the announced token."""
    connection.execute(control_sql("lake/confirm_token"), {"claimed_by": this_holder()})


def metadata_locations(connection: psycopg.Connection) -> dict[str, str]:
    """`namespace.name` -> metadata file of each table and view in the lake's own namespaces."""
    if not _has_table(connection, "public.iceberg_tables"):
        return {}
    rows = connection.execute(
        control_sql("lake/metadata_locations"),
        {"catalog_name": CATALOG, "namespaces": list(NAMESPACES)},
    )
    return {str(name): str(location) for name, location in rows.fetchall()}


def _named(place: Place, lake_id: str) -> dict[str, str]:
    return {
        "lake_id": lake_id, "home": str(place.home), "warehouse_uri": place.warehouse_uri,
        "claimed_by": this_holder(),
    }  # fmt: skip


def _has_table(connection: psycopg.Connection, name: str) -> bool:
    row = connection.execute(control_sql("lake/has_table"), {"table_name": name}).fetchone()
    return row is not None and bool(row[0])


@dataclass
class _Texts:
    lake_id: str
    home: str
    warehouse_uri: str
    token: str | None
    next_token: str | None
    claims: int

    def row(self) -> LakeRow:
        return LakeRow(**(vars(self) | {"home": Path(self.home)}))
