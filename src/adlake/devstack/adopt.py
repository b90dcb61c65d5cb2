"""`adlake lake adopt`: a stopped lake that was copied, moved or restored lives here from now on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from adlake.contracts.place import LakePlaceError, Place
from adlake.devstack.home import read_home, write_home
from adlake.devstack.locks import exclusive
from adlake.devstack.services.postgres import Postgres
from adlake.devstack.services.postgres_place import settle_database
from adlake.devstack.stack import LOCK_SECONDS, Stack
from adlake.devstack.supervisor import process
from adlake.provision.adopt import adopt_files
from adlake.provision.catalog import catalog_database
from adlake.settings import Settings

Report = Callable[[str], None]


class _ForeignPostgres(Postgres):
    """The server of a lake whose place is about to change."""

    compares_place: ClassVar[bool] = False


def adopt(settings: Settings, report: Report) -> str:
    """Let the lake in ADLAKE_HOME live there; returns its new id. The original is not touched.

    Raises:
        LakePlaceError: no lake, one that runs, was copied while it ran, or shares its warehouse.
        WarehouseGoneError: tables of the catalog have no files here.
    """
    home = settings.paths.home.resolve()
    mark = read_home(home)
    if mark is None:
        raise LakePlaceError(f"{home} is no lake: there is nothing to adopt")
    refuse_database_elsewhere(settings)
    with exclusive(home / "run" / "lock", "this stack", wait_seconds=LOCK_SECONDS, report=report):
        refuse_running(settings, home, mark.home)
        _refuse_shared_files(home, mark.home)
        settle_database(home, mark.home)
        _refuse_torn(home, mark.home)
        if mark.home != home:
            for pid_file in (home / "run").glob("*.json"):
                pid_file.unlink()  # it names a process of the other place
        place = Place(home, settings.paths.warehouse_uri)
        server = _ForeignPostgres(settings, Stack(settings, report).installation)
        server.start()
        try:
            connect = catalog_database(settings).connect
            lake_id = adopt_files(connect, place, mark.home, report)
        finally:
            server.stop()
        write_home(home, lake_id)
    return lake_id


def refuse_database_elsewhere(settings: Settings) -> None:
    """Only a database in this home is moved, backed up and restored together with it."""
    if settings.has_rest_catalog:
        raise LakePlaceError(
            f"the tables are listed by the REST catalog at {settings.rest_catalog_uri}: it is "
            "backed up and moved by its own means, together with the warehouse"
        )
    address = settings.postgres_address
    if not address.is_own:
        raise LakePlaceError(
            f"the catalog database is at {address}, not in {settings.paths.home.resolve()}: back "
            "it up and move it there by its own means, together with the warehouse"
        )


def refuse_running(settings: Settings, home: Path, made_at: Path) -> None:
    """Processes of this home; pid files count only where they were written."""
    stack = Stack(settings)
    for service in (stack.supervisor(), *stack.services()):
        is_running = service.main_process() is not None if made_at == home else False
        if is_running or process.marked(service.marker):
            raise LakePlaceError(f"{service.name} of this lake runs: stop it first (`make down`)")


def _refuse_shared_files(home: Path, made_at: Path) -> None:
    """What the copy has in common with an original that still exists would be written by both."""
    if made_at == home or not made_at.exists():
        return
    for path in (*home.glob("*"), *home.glob("*/*")):
        is_link = path.is_symlink() and not path.resolve().is_relative_to(home)
        if is_link and path != home / "postgres":
            raise LakePlaceError(
                f"{path} is a link to {path.resolve()}, which the lake in {made_at} uses: copy its "
                "files too (`cp -aL`)"
            )
    version = home / "postgres" / "data" / "PG_VERSION"
    if not (home / "postgres").is_symlink() and version.exists() and version.stat().st_nlink > 1:
        raise LakePlaceError(
            f"{home} has its files in common with {made_at} (hard links): make a copy with files "
            "of its own"
        )


def _refuse_torn(home: Path, made_at: Path) -> None:
    """A copy made while the original ran holds files of several moments."""
    lock = home / "postgres" / "data" / "postmaster.pid"
    if made_at != home and made_at.exists() and lock.exists():
        raise LakePlaceError(
            f"{home} was copied while the lake in {made_at} ran, so its files are not of one "
            "moment: stop that lake, then copy it again"
        )
