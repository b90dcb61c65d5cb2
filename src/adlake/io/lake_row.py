"""The row of the catalog database that says which lake it is, and where that lives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.rows import class_row

from adlake.contracts.place import Place
from adlake.contracts.tables import CATALOG, NAMESPACES
from adlake.io.lease import this_holder


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
        found = cursor.execute(
            "SELECT lake_id::text, home, warehouse_uri, token::text, next_token::text, claims "
            "FROM adlake.lake"
        ).fetchone()
    return found.row() if found else None


def insert_lake(connection: psycopg.Connection, place: Place, lake_id: str, token: str) -> None:
    """Record a lake that was never claimed; its warehouse has no file yet."""
    connection.execute(
        "INSERT INTO adlake.lake (lake_id, home, warehouse_uri, next_token, claimed_by) "
        "VALUES (%s, %s, %s, %s, %s)",
        (lake_id, str(place.home), place.warehouse_uri, token, this_holder()),
    )


def put_lake(connection: psycopg.Connection, place: Place, lake_id: str) -> None:
    """Bind the catalog to another place, under another id."""
    connection.execute(
        "INSERT INTO adlake.lake (lake_id, home, warehouse_uri, claimed_by) "
        "VALUES (%s, %s, %s, %s) ON CONFLICT (is_the_one) DO UPDATE SET "
        "lake_id = excluded.lake_id, home = excluded.home, warehouse_uri = excluded.warehouse_uri",
        (lake_id, str(place.home), place.warehouse_uri, this_holder()),
    )


def record_move(connection: psycopg.Connection, origin: tuple[str | None, Path, str]) -> None:
    """Keep where the lake lay before: its id, home and warehouse."""
    lake_id, home, warehouse_uri = origin
    connection.execute(
        "INSERT INTO adlake.lake_moves (old_lake_id, old_home, old_warehouse_uri, lake_id, home, "
        "warehouse_uri, moved_by) SELECT %s, %s, %s, lake_id, home, warehouse_uri, %s "
        "FROM adlake.lake",
        (lake_id, str(home), warehouse_uri, this_holder()),
    )


def announce_token(connection: psycopg.Connection, token: str) -> None:
    """Say which token the warehouse gets next."""
    connection.execute("UPDATE adlake.lake SET next_token = %s", (token,))


def confirm_token(connection: psycopg.Connection) -> None:
    """The warehouse has the announced token."""
    connection.execute(
        "UPDATE adlake.lake SET token = next_token, next_token = NULL, claims = claims + 1, "
        "claimed_at = clock_timestamp(), claimed_by = %s WHERE next_token IS NOT NULL",
        (this_holder(),),
    )


def metadata_locations(connection: psycopg.Connection) -> dict[str, str]:
    """`namespace.name` -> metadata file of each table and view in the lake's own namespaces."""
    if not _has_table(connection, "public.iceberg_tables"):
        return {}
    rows = connection.execute(
        "SELECT table_namespace || '.' || table_name, metadata_location "
        "FROM public.iceberg_tables WHERE metadata_location IS NOT NULL AND catalog_name = %s "
        "AND table_namespace = ANY(%s) ORDER BY 1",
        (CATALOG, list(NAMESPACES)),
    )
    return {str(name): str(location) for name, location in rows.fetchall()}


def _has_table(connection: psycopg.Connection, name: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (name,)).fetchone()
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
