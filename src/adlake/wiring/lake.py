"""How the lake is read, and its control database."""

from __future__ import annotations

from adlake.io.iceberg.reader import LakeReader
from adlake.provision.outside import object_store_reader, rest_catalog
from adlake.settings import Settings
from adlake.wiring.control import lease_connect

__all__ = ["lake_reader", "lease_connect"]


def lake_reader(settings: Settings) -> LakeReader:
    """How PyIceberg reaches the catalog."""
    return LakeReader(
        jdbc_uri="" if settings.has_rest_catalog else settings.catalog_jdbc_uri,
        user=settings.catalog.catalog_user,
        password=settings.catalog_password(),
        warehouse_uri=settings.paths.warehouse_uri,
        rest=rest_catalog(settings),
        object_store=object_store_reader(settings),
    )
