"""Brings the catalog database to the newest migration of sql/migrations; safe to run twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import psycopg
from pydantic import SecretStr

from adlake.contracts.errors import AdlakeError
from adlake.folders import FILES_ROOT
from adlake.io.postgres.rights import grant_rights
from adlake.io.sql.control import control_sql

MIGRATIONS_FOLDER = FILES_ROOT / "sql" / "migrations"
CONNECT_SECONDS = 10
LOCK_KEY = 7_215_331_904_118
"""Advisory lock: two provisioners never migrate at once."""


class MigrationError(AdlakeError):
    """A migration fails, or a merged migration file was edited."""


@dataclass(frozen=True)
class CatalogDatabase:
    """A Postgres of ours (control, and the JDBC catalog); no text of it shows the password."""

    host: str
    port: int
    database: str
    user: str
    password: SecretStr

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection:
        """A connection whose unqualified names are those of schema `public`."""
        return psycopg.connect(
            host=self.host, port=self.port, dbname=self.database, user=self.user,
            password=self.password.get_secret_value(), autocommit=autocommit,
            connect_timeout=CONNECT_SECONDS,
            options="-c search_path=public -c client_min_messages=warning",
        )  # fmt: skip


def apply_migrations(
    database: CatalogDatabase, folder: Path = MIGRATIONS_FOLDER, writer: str = ""
) -> tuple[str, ...]:
    """Apply each new migration in order, all in one transaction; returns the applied names.

    Args:
        database: with the role that owns it.
        folder: of the migrations.
        writer: the role that commits; it gets its rights when it is another one than the owner.

    Raises MigrationError when a file fails (nothing is applied then) or was edited after it was
    applied.
    """
    applied_now: list[str] = []
    with database.connect() as connection:
        connection.execute(control_sql("schema_migrations/lock"), {"lock_key": LOCK_KEY})
        connection.execute(control_sql("schema_migrations/create"))
        rows = connection.execute(control_sql("schema_migrations/list"))
        applied = {str(name): str(sha256) for name, sha256 in rows.fetchall()}
        for path in sorted(folder.glob("[0-9]*.sql")):
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            if path.name not in applied:
                _apply(connection, path, sha256)
                applied_now.append(path.name)
            elif applied[path.name] != sha256:
                raise MigrationError(
                    f"{path.name} was edited after it was applied to this catalog. Restore it and "
                    "write a new migration, or start over with `make nuke`."
                )
        if writer not in ("", database.user):
            grant_rights(connection, writer)
    return tuple(applied_now)


def _apply(connection: psycopg.Connection, path: Path, sha256: str) -> None:
    try:
        connection.execute(path.read_bytes())
    except psycopg.Error as error:
        raise MigrationError(f"{path.name} fails: {str(error).strip()}") from error
    applied = {"file_name": path.name, "sha256": sha256}
    connection.execute(control_sql("schema_migrations/insert"), applied)
