"""Settings -> how to reach what may lie outside of this machine."""

from __future__ import annotations

from pydantic import SecretStr

from adlake.io.iceberg.object_store import ObjectStore, is_object_store
from adlake.io.iceberg.rest_catalog import RestCatalog
from adlake.io.kafka.access import KafkaAccess
from adlake.settings import Settings
from adlake.settings.outside import secret_of


def kafka_access(settings: Settings) -> KafkaAccess:
    """The brokers and the login; KafkaAccessError, SettingsError where they do not fit."""
    kafka = settings.kafka
    has_sasl = kafka.kafka_security_protocol.startswith("SASL_")
    return KafkaAccess(
        bootstrap_servers=settings.bootstrap_servers,
        security_protocol=kafka.kafka_security_protocol,
        sasl_mechanism=kafka.kafka_sasl_mechanism if has_sasl else "",
        user=kafka.kafka_user,
        password=settings.kafka_password(),
        ca_file=kafka.kafka_ca_file,
    )


def rest_catalog(settings: Settings) -> RestCatalog | None:
    """The REST catalog; None where the tables are listed in Postgres."""
    if not settings.has_rest_catalog:
        return None
    catalog = settings.catalog
    return RestCatalog(
        uri=settings.rest_catalog_uri,
        warehouse=catalog.catalog_warehouse or settings.paths.warehouse_uri,
        token=secret_of(catalog, "catalog_token"),
        credential=secret_of(catalog, "catalog_credential"),
        oauth_uri=catalog.catalog_oauth_uri,
        scope=catalog.catalog_scope,
    )


def object_store(settings: Settings) -> ObjectStore | None:
    """The store of a warehouse on s3://, with the writer's key; None for every other warehouse."""
    key = settings.object_store.s3_access_key_id
    return _store(settings, key, settings.s3_secret_key())


def object_store_reader(settings: Settings) -> ObjectStore | None:
    """The same for who only reads: with a key of its own where one is set."""
    key, secret = settings.object_store.s3_reader_access_key_id, settings.s3_reader_secret_key()
    return _store(settings, key, secret) if key or secret else object_store(settings)


def _store(settings: Settings, key_id: str, secret: SecretStr | None) -> ObjectStore | None:
    if not is_object_store(settings.paths.warehouse_uri):
        return None
    store = settings.object_store
    return ObjectStore(
        endpoint=store.s3_endpoint,
        region=store.s3_region,
        path_style=store.s3_path_style,
        access_key_id=key_id,
        secret_key=secret,
    )
