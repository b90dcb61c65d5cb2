"""Lets a lake live where it lies now: after `mv`, `cp -a`, or a restore. Only for a stopped lake.

Order: files, then the catalog's rows with the new place in one transaction, then the warehouse's
mark; the home's own mark comes last, by the caller. Killed anywhere, a second run completes it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from adlake.contracts.place import LakePlaceError, Place, WarehouseGoneError, local_folder, same_uri
from adlake.folders import ADLAKE
from adlake.io.iceberg.path_rewrite import PathMap, leftovers, rewrite_files
from adlake.io.iceberg.warehouse_file import WarehouseMark, write_mark
from adlake.io.postgres.catalog_rows import move_catalog
from adlake.io.postgres.lake_row import (
    LakeRow,
    announce_token,
    confirm_token,
    metadata_locations,
    put_lake,
    read_lake,
    record_move,
)
from adlake.io.postgres.lease import Connect

Report = Callable[[str], None]


@dataclass(frozen=True)
class Origin:
    """Where a lake lay before, by its catalog or, without a row there, by its files."""

    lake_id: str | None
    home: Path
    warehouse_uri: str


def adopt_files(connect: Connect, place: Place, old_home: Path, report: Report) -> str:
    """Rewrite the lake's paths to `place`, and give it a new id, which is returned.

    `old_home` is where the home says that it was made; used when the catalog has no row.

    Raises:
        LakePlaceError: the warehouse is shared with a lake that still exists, or is no local one.
        WarehouseGoneError: files that the catalog lists are not here.
    """
    with connect() as connection:
        row, locations = read_lake(connection), metadata_locations(connection)
    origin = _origin(row, locations, place, old_home)
    folder = place.warehouse_folder
    if folder is None:
        raise LakePlaceError(
            f"{place.warehouse_uri} is no local folder: its files are not rewritten here"
        )
    _refuse_shared(origin, place)
    paths = PathMap(origin.warehouse_uri, place.warehouse_uri)
    _refuse_missing(locations, paths, place)
    if not same_uri(origin.warehouse_uri, place.warehouse_uri):
        for half in leftovers(folder):
            half.unlink()
        report(f"paths of {origin.warehouse_uri} become those of {place.warehouse_uri}")
        rewrite_files(folder, paths, report)
    lake_id, token = str(uuid.uuid4()), str(uuid.uuid4())
    with connect() as connection:
        move_catalog(connection, paths.moved)
        put_lake(connection, place, lake_id)
        announce_token(connection, token)
        record_move(connection, (origin.lake_id, origin.home, origin.warehouse_uri))
        row = read_lake(connection)
    assert row is not None  # noqa: S101 - put above
    write_mark(folder, WarehouseMark(lake_id, str(place.home), token, row.claims + 1))
    with connect() as connection:
        confirm_token(connection)
    return lake_id


def _origin(
    row: LakeRow | None, locations: Mapping[str, str], place: Place, old_home: Path
) -> Origin:
    if row is not None:
        return Origin(row.lake_id, row.home, row.warehouse_uri)
    for name, location in locations.items():
        root, found, _ = location.partition(f"/{name.replace('.', '/')}/metadata/")
        if found:
            return Origin(None, old_home, root)
    return Origin(None, old_home, place.warehouse_uri)


def _refuse_shared(origin: Origin, place: Place) -> None:
    is_same = same_uri(origin.warehouse_uri, place.warehouse_uri)
    if is_same and origin.home != place.home and origin.home.exists():
        raise LakePlaceError(
            f"the warehouse {place.warehouse_uri} is that of the lake in {origin.home}, which "
            "still exists: copy it too, and name the copy with ADLAKE_WAREHOUSE; or remove that "
            "home first if this one shall take its place"
        )


def _refuse_missing(locations: Mapping[str, str], paths: PathMap, place: Place) -> None:
    for name, location in locations.items():
        file = local_folder(paths.moved(location))
        if file is not None and not file.exists():
            raise WarehouseGoneError(
                f"{file} is not here, but the catalog lists it for {name}: the warehouse in "
                f"{place.warehouse_uri} and this catalog are not of one moment. Stop the original, "
                f"then copy all of it again (`{ADLAKE} backup`)"
            )
