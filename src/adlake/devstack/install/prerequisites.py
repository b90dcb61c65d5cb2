"""Refuses a machine or a place where the stack cannot work, before anything is downloaded."""

from __future__ import annotations

import os
from pathlib import Path

from adlake.devstack.errors import DevstackError, InstallError
from adlake.devstack.install.fetch import file_sets
from adlake.devstack.install.places import folder_problem, path_problem, user_problem
from adlake.devstack.install.versions import read_versions
from adlake.devstack.services.postgres_place import unprivileged_user
from adlake.folders import ADLAKE
from adlake.settings import Settings


def place_problems(settings: Settings) -> list[str]:
    """Everything that is wrong with this user and the folders of the settings, as sentences."""
    home, cache = settings.paths.home.resolve(), settings.paths.cache.resolve()
    found = [
        user_problem(),
        path_problem(home, "ADLAKE_HOME") or folder_problem(home, "ADLAKE_HOME"),
        path_problem(cache, "ADLAKE_CACHE") or _cache_problem(cache),
        _no_user_for_postgres() if os.geteuid() == 0 else None,
    ]
    return [problem for problem in found if problem]


def refuse_unfit(settings: Settings) -> None:
    """Raise DevstackError with the first problem."""
    for problem in place_problems(settings):
        raise DevstackError(f"{problem}; `{ADLAKE} doctor` checks all of them")


def _cache_problem(cache: Path) -> str | None:
    """A complete cache is only read: it may belong to somebody else."""
    if all(one.folder.is_dir() for one in file_sets(cache, read_versions())):
        return None
    return folder_problem(cache, "ADLAKE_CACHE", runs_programs=False)


def _no_user_for_postgres() -> str | None:
    try:
        unprivileged_user()
    except InstallError as error:
        return str(error)
    return None
