"""What `nuke` does with a warehouse that lies outside of ADLAKE_HOME."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from adlake.contracts.tables import NAMESPACES
from adlake.devstack.home import place_of
from adlake.io.iceberg.warehouse_file import WAREHOUSE_FILE, WarehouseMark, read_mark
from adlake.settings import Settings


def remove_warehouse(settings: Settings, report: Callable[[str], None]) -> None:
    """Remove the lake's tables from a warehouse outside of its home, or say what is left there.

    Only where the warehouse names exactly this lake and home, and only what the lake made: a folder
    may hold other things. One that has no such file, as an object store, is left and named.
    """
    place = place_of(settings)
    folder = place.warehouse_folder
    if folder is None:
        report(f"left: the tables in {place.warehouse_uri}; remove them with the store's own tool")
        return
    folder = folder.resolve()
    if folder.is_relative_to(place.home) or not folder.is_dir():
        return
    mark = read_mark(folder)
    if mark is None or mark.lake_id != place.lake_id or mark.home != str(place.home):
        report(f"left: {folder}, which {_whose(mark, folder)}")
        return
    for namespace in NAMESPACES:
        _remove(folder / namespace)
    # The mark goes last: killed before, the next `nuke` finds it and goes on.
    (folder / WAREHOUSE_FILE).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
    rest = " (and left what else is there)" if folder.is_dir() else ""
    report(f"removed this lake's tables in {folder}{rest}")


def _whose(mark: WarehouseMark | None, folder: Path) -> str:
    if mark is None:
        return f"does not say whose it is: `rm -r {folder}` if only this lake's tables were there"
    return f"belongs to the lake {mark.lake_id} in {mark.home}"


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
