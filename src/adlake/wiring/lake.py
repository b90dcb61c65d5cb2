"""How the lake is read, and its control database."""

from __future__ import annotations

from adlake.devstack.home import place_of, refuse_unmade_home
from adlake.io.iceberg.reader import LakeReader
from adlake.io.postgres.lease import Connect
from adlake.provision.catalog import catalog_database
from adlake.provision.outside import object_store_reader, rest_catalog
from adlake.settings import Settings
from adlake.streaming.place import check_place


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


def lease_connect(settings: Settings) -> Connect:
    """Opens the control database: lease, laws and requests.

    Raises:
        LakePlaceError: it is not the database of this home and warehouse.
        NoLakeYetError: nothing was ever started in this home.
    """
    refuse_unmade_home(settings)
    connect = catalog_database(settings).connect
    check_place(connect, place_of(settings))
    return connect
