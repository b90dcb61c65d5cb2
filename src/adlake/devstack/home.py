"""`.adlake-home`: a state folder says of itself where it was made, and which lake it is.

Read before anything runs: in a copy, pid files name the original's processes and a linked folder of
Postgres is the original's, so nothing may be started, stopped or removed there.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path

from adlake.contracts.place import WAY_ON, LakePlaceError, NoLakeYetError, Place
from adlake.devstack.services.postgres_place import links_to_another_home
from adlake.settings import Settings

HOME_MARKER = ".adlake-home"
ABOUT = "State of adlake; `make nuke` removes this folder. The lake belongs to `home`."


@dataclass(frozen=True)
class HomeMark:
    """Where a state folder was made; `lake_id` is None in those of versions without one."""

    home: Path
    lake_id: str | None


def read_home(home: Path) -> HomeMark | None:
    """What `home` says of itself; None when it is no state folder (yet)."""
    try:
        text = (home / HOME_MARKER).read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        told = json.loads(text)
        return HomeMark(Path(told["home"]), str(told["lake_id"]))
    except (ValueError, TypeError, KeyError):
        return HomeMark(_made_at(home), None)


def write_home(home: Path, lake_id: str) -> None:
    """Bind a state folder to its path."""
    scratch = home / f"{HOME_MARKER}.writing"
    told = {"about": ABOUT, "home": str(home), "lake_id": lake_id}
    scratch.write_text(json.dumps(told, indent=1) + "\n")
    scratch.replace(home / HOME_MARKER)


def bind_home(home: Path) -> None:
    """Bind a folder that has no lake id yet; those that have one stay as they are."""
    home.mkdir(parents=True, exist_ok=True)
    mark = read_home(home)
    if mark is None or mark.lake_id is None:
        write_home(home, str(uuid.uuid4()))


def refuse_other_home(home: Path) -> None:
    """Raise LakePlaceError when this folder is a copy, or was moved or restored by hand."""
    mark = read_home(home)
    if mark is None:
        return
    origin = _origin(home, mark)
    if origin is not None:
        raise LakePlaceError(
            f"{home} is not where this lake was made, but {origin}: it was copied or moved, and "
            "its tables (perhaps its database and processes too) are those of the other place. "
            f"Nothing was touched: {WAY_ON}; a copy you do not want is removed by `rm -r {home}`"
        )


def refuse_unmade_home(settings: Settings) -> None:
    """Raise NoLakeYetError where nothing was ever started; a catalog elsewhere needs no home."""
    home = settings.paths.home.resolve()
    if read_home(home) is None and settings.has_own_database:
        raise NoLakeYetError(f"nothing runs here yet ({home} was never started): run `make up`")


def place_of(settings: Settings) -> Place:
    """Where the settings say that the lake is; refuses a copied home (LakePlaceError)."""
    home = settings.paths.home.resolve()
    refuse_other_home(home)
    mark = read_home(home)
    return Place(home, settings.paths.warehouse_uri, mark.lake_id if mark else None)


def _origin(home: Path, mark: HomeMark) -> str | None:
    if mark.home != home:
        return str(mark.home)
    if links_to_another_home(home):
        return f"that of the database in {(home / 'postgres').resolve()}"
    return None


def _made_at(home: Path) -> Path:
    """Where a folder without a path in its mark was started last, by the broker's configuration."""
    try:
        lines = (home / "kafka" / "server.properties").read_text().splitlines()
    except OSError:
        return home
    for line in lines:
        name, _, value = line.partition("=")
        if name.strip() == "log.dirs" and value.strip():
            return Path(value.strip()).parent.parent
    return home
