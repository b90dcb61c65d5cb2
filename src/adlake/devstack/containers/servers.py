"""Makes what servers of the compose file hold before the first event: roles, databases, a bucket.

The one-shot service `init` runs it before everything that needs them; safe to run again. A REST
catalog is waited for here: compose's conditions may not name a service of a profile that is off.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from adlake.devstack.containers.configuration import (
    READER_KEY,
    REST_KEY,
    SPARK_KEY,
    TRINO_KEY,
)
from adlake.devstack.errors import DevstackError
from adlake.devstack.home import bind_home, place_of
from adlake.devstack.services.http import fetch_json
from adlake.io.postgres.migrations import CatalogDatabase, apply_migrations
from adlake.io.postgres.rights import owner_of
from adlake.io.postgres.roles import ensure_database, ensure_role
from adlake.io.s3.client import StoreClient, lake_policy
from adlake.provision.catalog import catalog_database, owner_database
from adlake.provision.topics import ensure_topics
from adlake.settings import Settings
from adlake.streaming.place import check_place

ADMIN: Final = "postgres"
STORE_ADMIN: Final = "admin"
METABASE: Final = "metabase"
"""Role and database of Metabase's own data."""
REST_SECONDS: Final = 120.0
"""A REST catalog starts within seconds; a small machine starts everything else at the same time."""
POLL_SECONDS: Final = 1.0


def prepare_servers(settings: Settings, secrets: Mapping[str, str]) -> Iterator[str]:
    """Make what is missing; yields a sentence for each step."""
    bind_home(settings.paths.home.resolve())
    yield _databases(settings, secrets)
    catalog = catalog_database(settings)
    check_place(catalog.connect, place_of(settings))
    applied = apply_migrations(owner_database(settings), writer=catalog.user)
    yield f"catalog: {', '.join(applied) or 'up to date'}"
    if settings.paths.warehouse_uri.startswith("s3://"):
        yield _bucket(settings, secrets)
    if settings.has_rest_catalog:
        yield wait_for_rest_catalog(settings.rest_catalog_uri)
    for topic, created in ensure_topics(settings):
        yield f"topic {topic}: {'created' if created else 'up to date'}"


def _databases(settings: Settings, secrets: Mapping[str, str]) -> str:
    catalog = catalog_database(settings)
    owner = owner_of(catalog.user)
    admin = _as_admin(catalog, secrets)
    with admin.connect(autocommit=True) as connection:
        ensure_role(connection, catalog.user, catalog.password.get_secret_value())
        ensure_role(connection, owner, owner_database(settings).password.get_secret_value())
        ensure_database(connection, catalog.database, owner)
        ensure_role(connection, METABASE, secrets["LAKEHOUSE_METABASE_DATABASE_PASSWORD"])
        ensure_database(connection, METABASE, METABASE)
    return f"databases: {catalog.database}, {METABASE}"


def _as_admin(catalog: CatalogDatabase, secrets: Mapping[str, str]) -> CatalogDatabase:
    password = SecretStr(secrets["LAKEHOUSE_POSTGRES_ADMIN_PASSWORD"])
    return replace(catalog, database=ADMIN, user=ADMIN, password=password)


def _bucket(settings: Settings, secrets: Mapping[str, str]) -> str:
    store = settings.object_store
    client = StoreClient(
        store.s3_endpoint, store.s3_region, STORE_ADMIN,
        SecretStr(secrets["LAKEHOUSE_STORE_ADMIN_SECRET"]),
    )  # fmt: skip
    bucket = urlsplit(settings.paths.warehouse_uri).netloc
    made = client.ensure_bucket(bucket)
    client.put_policy(bucket, policy_of(bucket))
    return f"bucket {bucket}: {'created' if made else 'up to date'}"


def wait_for_rest_catalog(uri: str, patience_seconds: float = REST_SECONDS) -> str:
    """Return when it answers; what needs it waits for us.

    Raises:
        DevstackError: it does not in time.
    """
    deadline = time.monotonic() + patience_seconds
    while fetch_json(f"{uri}/v1/config") is None:
        if time.monotonic() > deadline:
            raise DevstackError(
                f"the REST catalog at {uri} does not answer: start it, too (`docker-compose "
                "--profile rest up -d`), or leave ADLAKE_CATALOG_TYPE=rest away"
            )
        time.sleep(POLL_SECONDS)
    return f"REST catalog: answers at {uri}"


def policy_of(bucket: str) -> dict[str, Any]:
    """Who may do what in the lake's bucket: Spark writes, a REST catalog commits, others read."""
    return lake_policy(bucket, [SPARK_KEY], [TRINO_KEY, READER_KEY], [REST_KEY])
