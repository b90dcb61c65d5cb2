"""Places that cannot work, named before anything is downloaded: paths, folders, the user id.

Each function says what is wrong and what to do, or None. Only the standard library is used, since
tools/bootstrap.py asks before anything is installed.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from adlake.environment import can_be_made

ODD_BUT_FINE = frozenset(" ._-+@=~()'&/")
"""Beside letters and digits of any script. All others mean something to a server: `:` and `*` to a
class path, `%`, `#` and `?` to addresses of files, `,` to Kafka, `$` and quotes to launchers."""


def path_problem(path: Path, what: str) -> str | None:
    """A path that some server of the stack would misread."""
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return f"{what} {os.fsencode(path)!r} is not UTF-8: choose another path"
    odd = sorted({one for one in text if not one.isalnum() and one not in ODD_BUT_FINE})
    if not odd:
        return None
    shown = " ".join(one if one.isprintable() else repr(one) for one in odd)
    return f"{what} {text!r} has {shown} in it, which not every server can read: choose another"


def folder_problem(folder: Path, what: str, *, runs_programs: bool = True) -> str | None:
    """A folder that cannot be made or written into, or (where needed) runs no programs."""
    existing = next((path for path in (folder, *folder.parents) if _exists(path)), Path("/"))
    if not existing.is_dir():
        return f"{what} {folder}: {existing} is no folder"
    if not can_be_made(folder):
        return f"{what} {folder} cannot be used: {existing} is not writable for you"
    if runs_programs and os.statvfs(existing).f_flag & getattr(os, "ST_NOEXEC", 0):
        return f"{what} {folder} is on a disk that runs no programs (mounted noexec)"
    return None


def user_problem(user: int | None = None) -> str | None:
    """A numeric user without a name: Postgres and Java both refuse to run as one."""
    user = os.geteuid() if user is None else user
    try:
        pwd.getpwuid(user)
    except KeyError:
        return (
            f"user id {user} has no entry in the list of users (/etc/passwd), and neither Postgres "
            "nor Java runs without one: add it (`useradd --uid "
            f"{user} adlake`, or a line in /etc/passwd of the container), or run as another user"
        )
    return None


def checkout_problem(checkout: Path) -> str | None:
    """What keeps the environment of Python from being made in this checkout."""
    return path_problem(checkout, "the path of the checkout") or folder_problem(
        checkout / ".venv", "the environment of Python"
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder above may be closed to us, or the name too long
        return False
