"""The look at a lake's place for commands that only read, and for `adlake doctor`."""

from __future__ import annotations

from adlake.contracts.place import Place, WarehouseGoneError
from adlake.devstack.home import place_of, refuse_unmade_home
from adlake.io.postgres.driver import DatabaseAwayError
from adlake.provision.catalog import catalog_database
from adlake.settings import Settings, SettingsError
from adlake.streaming.place import check_place


def refuse_wrong_place(settings: Settings) -> None:
    """Raise LakePlaceError for a copied or moved lake, or one without its warehouse.

    Without a running database the files alone are looked at: the caller says that it is away.
    NoLakeYetError: nothing was ever started here.
    """
    refuse_unmade_home(settings)
    place = place_of(settings)
    try:
        check_place(catalog_database(settings).connect, place)
    except (DatabaseAwayError, SettingsError):
        _refuse_without_warehouse(settings, place)


def _refuse_without_warehouse(settings: Settings, place: Place) -> None:
    folder = place.warehouse_folder
    has_streamed = settings.paths.checkpoint_dir.exists()
    if has_streamed and folder is not None and not folder.is_dir():
        raise WarehouseGoneError(
            f"{folder} is gone, but this lake was written there: bring the folder back "
            "from a backup, or start over with `make nuke`"
        )
