"""A lake belongs to one place: who opens it compares, who writes it renews the token.

Catalog rows and Iceberg's metadata hold absolute paths, and the lease lies in the database that is
copied along. So a copy that is started elsewhere would write into the original's files. What is
compared here: home and warehouse of the settings with the catalog's row, the row's token with the
file in the warehouse, and for catalogs without a row the tables' own locations.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from pathlib import Path

from adlake.contracts.place import (
    WAY_ON,
    LakePlaceError,
    Place,
    WarehouseGoneError,
    lies_below,
    local_folder,
    same_uri,
)
from adlake.folders import ADLAKE
from adlake.io.iceberg.warehouse_file import WAREHOUSE_FILE, WarehouseMark, read_mark, write_mark
from adlake.io.postgres.lake_row import (
    LakeRow,
    announce_token,
    confirm_token,
    insert_lake,
    metadata_locations,
    read_lake,
)
from adlake.io.postgres.lease import Connect

log = logging.getLogger(__name__)


def check_place(connect: Connect, place: Place) -> None:
    """Compare the settings with what the catalog and the warehouse say of themselves.

    Raises:
        LakePlaceError: this is a copied, moved or half restored lake, or another's warehouse.
        WarehouseGoneError: the folder with the tables' files is not there.
    """
    while True:
        with connect() as connection:
            row, locations = read_lake(connection), metadata_locations(connection)
        problem = find_problem(place, row, locations)
        if problem is None:
            return
        with connect() as connection:
            # A writer that claimed in between renewed row and file: look again.
            if read_lake(connection) == row:
                raise problem


def claim_place(connect: Connect, place: Place) -> None:
    """Compare, then renew the token that ties catalog and warehouse; only for the lease's holder.

    Killed anywhere, the next claim goes on: the warehouse holds the token or the announced one.

    Raises:
        LakePlaceError: as `check_place`.
    """
    check_place(connect, place)
    token = str(uuid.uuid4())
    with connect() as connection:
        row = read_lake(connection)
        if row is None:
            insert_lake(connection, place, place.lake_id or str(uuid.uuid4()), token)
        else:
            announce_token(connection, token)
        row = read_lake(connection)
    assert row is not None  # noqa: S101 - inserted above
    if place.warehouse_folder is not None:
        mark = WarehouseMark(row.lake_id, str(place.home), token, row.claims + 1)
        write_mark(place.warehouse_folder, mark)
    with connect() as connection:
        confirm_token(connection)
    log.info("lake %s lives in %s", row.lake_id, place.home)


def find_problem(
    place: Place, row: LakeRow | None, locations: Mapping[str, str]
) -> LakePlaceError | None:
    """What is wrong with opening this catalog from this place; None when nothing is."""
    folder = place.warehouse_folder
    mark = read_mark(folder) if folder is not None else None
    if row is None:
        return _unclaimed_problem(place, locations, mark)
    if row.home != place.home or place.lake_id not in (None, row.lake_id):
        return LakePlaceError(
            f"the catalog database belongs to the lake in {row.home}, not to {place.home}: a copy, "
            f"a moved or a restored lake, or the port of another one. Check ADLAKE_HOME and "
            f"ADLAKE_POSTGRES_PORT, and {WAY_ON}"
        )
    if not same_uri(row.warehouse_uri, place.warehouse_uri):
        return LakePlaceError(
            f"the lake in {row.home} keeps its tables in {row.warehouse_uri}, but the settings "
            f"say {place.warehouse_uri}: check ADLAKE_WAREHOUSE, and {WAY_ON}"
        )
    if folder is None or row.token is None:
        return None
    return _warehouse_problem(folder, row, mark, locations)


def _unclaimed_problem(
    place: Place, locations: Mapping[str, str], mark: WarehouseMark | None
) -> LakePlaceError | None:
    """A catalog without a row: new, or made by a version that had none."""
    for name, location in locations.items():
        if not lies_below(location, place.warehouse_uri):
            return LakePlaceError(
                f"the catalog of {place.home} lists {name} at {location}, outside of the warehouse "
                f"{place.warehouse_uri}: the lake was copied or moved, {WAY_ON}"
            )
        file = local_folder(location)
        if file is not None and not file.exists():
            return _gone(place.warehouse_uri, name, file)
    if mark is not None and mark.lake_id != place.lake_id:
        return LakePlaceError(
            f"the warehouse {place.warehouse_uri} belongs to the lake in {mark.home}, not to "
            f"{place.home}: choose another ADLAKE_WAREHOUSE, or remove that folder if its lake is "
            "gone"
        )
    return None


def _warehouse_problem(
    folder: Path, row: LakeRow, mark: WarehouseMark | None, locations: Mapping[str, str]
) -> LakePlaceError | None:
    """Row and file name the same lake and token, or somebody restored one of them alone."""
    if not folder.is_dir():
        return _gone(row.warehouse_uri, f"{len(locations)} tables and views", folder)
    if mark is None:
        return LakePlaceError(
            f"the warehouse {folder} does not say whose it is ({WAREHOUSE_FILE} is missing): "
            f"bring the folder back as it was, or bind it again by `{ADLAKE} lake adopt`"
        )
    if mark.lake_id != row.lake_id:
        return LakePlaceError(
            f"the warehouse {folder} belongs to the lake in {mark.home}, not to {row.home}: "
            "two lakes cannot share one; choose another ADLAKE_WAREHOUSE"
        )
    if mark.token in (row.token, row.next_token):
        return None
    older = "the warehouse is older" if mark.claims < row.claims else "the catalog is older"
    if mark.claims == row.claims:
        older = "both went on since they were copied"
    return LakePlaceError(
        f"the warehouse {folder} and the catalog database of {row.home} are not of one moment "
        f"({older}; starts: {mark.claims}, {row.claims}): one of them was restored or copied "
        "alone, or a copy of this lake works in the same warehouse. Restore both together, or bind "
        f"them as they are by `{ADLAKE} lake adopt`"
    )


def _gone(warehouse: str, what: str, path: Path) -> WarehouseGoneError:
    return WarehouseGoneError(
        f"{path} is gone, but the catalog lists {what} in {warehouse}: bring the folder back "
        "from a backup, or start over with `make nuke`"
    )
