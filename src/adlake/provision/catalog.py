"""The control database of the settings, for who commits and for who migrates."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from adlake.contracts.address import LOOPBACK
from adlake.io.postgres.migrations import CatalogDatabase
from adlake.io.postgres.rights import owner_of
from adlake.settings import Settings
from adlake.settings.outside import read_secret

DEFAULT_PORT = 5432
OWNER_FILE = "postgres_owner_password"
"""Name of the file; there is none for a Postgres of others that knows one role alone."""


def catalog_database(settings: Settings) -> CatalogDatabase:
    """The control database of the settings; raises SettingsError without its password."""
    target = urlsplit(settings.control_uri)
    return CatalogDatabase(
        host=target.hostname or LOOPBACK,
        port=target.port or DEFAULT_PORT,
        database=target.path.lstrip("/"),
        user=settings.catalog.catalog_user,
        password=settings.catalog_password(),
    )


def owner_database(settings: Settings) -> CatalogDatabase:
    """The control database for its owner, who migrates it."""
    return as_owner(catalog_database(settings), settings)


def as_owner(database: CatalogDatabase, settings: Settings) -> CatalogDatabase:
    """The same database with the role that owns it.

    Where no owner is known (a Postgres of others, or a lake that a version before the owner
    started) that is the writer itself.
    """
    given = settings.owner_password()
    file = settings.paths.secrets_dir / OWNER_FILE
    if given is None and not file.exists():
        return database
    password = given if given is not None else read_secret(file, "the owner")
    return replace(database, user=owner_of(database.user), password=password)
