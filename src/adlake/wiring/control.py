"""How the control database is reached. No reader of tables is imported: the API is small."""

from __future__ import annotations

from adlake.devstack.home import place_of, refuse_unmade_home
from adlake.io.postgres.lease import Connect
from adlake.provision.catalog import catalog_database
from adlake.settings import Settings
from adlake.streaming.place import check_place


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
