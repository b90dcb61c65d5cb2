"""`adlake backup`, `adlake restore`: all of a stopped lake in one file, and back, elsewhere too."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from adlake.contracts.place import LakePlaceError, local_folder
from adlake.devstack.adopt import adopt, refuse_database_elsewhere, refuse_running
from adlake.devstack.archive import extract_archive, read_head, write_archive
from adlake.devstack.errors import DevstackError
from adlake.devstack.home import place_of, read_home
from adlake.devstack.locks import exclusive
from adlake.devstack.services.postgres_place import house_database
from adlake.devstack.stack import LOCK_SECONDS
from adlake.settings import Settings

HOME, WAREHOUSE = "home", "warehouse"
LEFT_OUT = frozenset({"run", "tmp", "checkpoints", "prometheus", "alertmanager"})
"""Made again by each start, or about this place alone."""
SERVER_COPY = "server"
"""Postgres' programs beside its data, copied from the installation."""
Report = Callable[[str], None]


def backup(settings: Settings, target: Path, report: Report) -> int:
    """Write the stopped lake of ADLAKE_HOME to one file; returns the bytes of its files.

    Raises:
        LakePlaceError: a copied lake, or one that runs.
        DevstackError: too little room, or a bad name.
    """
    place = place_of(settings)
    refuse_database_elsewhere(settings)
    if read_home(place.home) is None:
        raise LakePlaceError(f"{place.home} is no lake: there is nothing to back up")
    warehouse = place.warehouse_folder
    if warehouse is None:
        raise DevstackError(
            f"{place.warehouse_uri} is no local folder: back it up by its own means"
        )
    lock = place.home / "run" / "lock"
    with exclusive(lock, "this stack", wait_seconds=LOCK_SECONDS, report=report):
        refuse_running(settings, place.home, place.home)
        if (place.home / "postgres" / "data" / "postmaster.pid").exists():
            raise LakePlaceError(
                "the database was not stopped cleanly: `make up`, then `make down`"
            )
        members = dict(_members(place.home, warehouse))
        size = sum(path.stat().st_size for path in members.values() if path.is_file())
        target.parent.mkdir(parents=True, exist_ok=True)
        _refuse_without_room(target.parent, size)
        head = {
            "lake_id": place.lake_id, "home": str(place.home), "warehouse": place.warehouse_uri,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "bytes": size, "files": len(members),
        }  # fmt: skip
        write_archive(target, head, members, _Progress(size, report).add)
    return size


def restore(settings: Settings, archive: Path, report: Report) -> str:
    """Bring a backup back in ADLAKE_HOME, which must be empty; returns the new lake id.

    Raises:
        LakePlaceError: the home, or the warehouse, is not empty.
        DevstackError: the archive is damaged, or there is too little room.
    """
    refuse_database_elsewhere(settings)
    home = settings.paths.home.resolve()
    warehouse = local_folder(settings.paths.warehouse_uri)
    if warehouse is None:
        raise DevstackError(f"{settings.paths.warehouse_uri} is no local folder: restore it there")
    for folder in (home, warehouse):
        if folder.exists() and any(folder.iterdir()):
            raise LakePlaceError(f"{folder} is not empty: restore into a new folder (--home)")
    head = read_head(archive)
    home.parent.mkdir(parents=True, exist_ok=True)
    _refuse_without_room(home.parent, int(head["bytes"]))
    report(f"restoring lake {head['lake_id']} of {head['home']}, as of {head['made_at']}")
    scratch = Path(tempfile.mkdtemp(prefix=f".{home.name}.restoring-", dir=home.parent))
    try:
        count = _Progress(int(head["bytes"]), report).add
        extract_archive(archive, lambda name: scratch / name, count)
        _move_in(scratch / WAREHOUSE, scratch / HOME, warehouse, home)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    house_database(home)
    return adopt(settings, report)


def _members(home: Path, warehouse: Path) -> Iterator[tuple[str, Path]]:
    """Name in the archive -> what to read; the folder of a linked database is read itself."""
    for name, root in ((HOME, home), (WAREHOUSE, warehouse)):
        for folder, folders, files in os.walk(root, followlinks=True):
            at = Path(folder)
            if name == HOME:
                folders[:] = [one for one in folders if _is_wanted(at / one, home, warehouse)]
            yield f"{name}/{at.relative_to(root)}".removesuffix("/."), at
            for file in files:
                if (at / file).is_file():
                    yield f"{name}/{(at / file).relative_to(root)}", at / file


def _is_wanted(folder: Path, home: Path, warehouse: Path) -> bool:
    is_left_out = folder.parent == home and folder.name in LEFT_OUT
    return not (is_left_out or folder in (warehouse, home / "postgres" / SERVER_COPY))


def _move_in(from_warehouse: Path, from_home: Path, warehouse: Path, home: Path) -> None:
    """The home comes last: with it the lake is there."""
    from_warehouse.mkdir(exist_ok=True)  # a lake without a table has none
    if warehouse.is_relative_to(home):
        inner = from_home / warehouse.relative_to(home)
        inner.parent.mkdir(parents=True, exist_ok=True)
        from_warehouse.rename(inner)
    else:
        warehouse.parent.mkdir(parents=True, exist_ok=True)
        if warehouse.exists():
            warehouse.rmdir()
        shutil.move(from_warehouse, warehouse)
    from_home.rename(home)


def _refuse_without_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size:
        raise DevstackError(
            f"{folder} has {free / 1e9:.1f} GB free, but {size / 1e9:.1f} GB are needed"
        )


class _Progress:
    """Reports each tenth."""

    def __init__(self, total: int, report: Report) -> None:
        self._total, self._done, self._shown, self._report = max(total, 1), 0, 0, report

    def add(self, size: int) -> None:
        """So many bytes more are done."""
        self._done += size
        tenth = 10 * self._done // self._total
        if tenth > self._shown:
            self._shown = tenth
            gigabytes = f"{self._done / 1e9:.2f} of {self._total / 1e9:.2f} GB"
            self._report(f"  {tenth * 10:>3} %  {gigabytes}")
