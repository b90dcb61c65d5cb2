"""Folders below a place, by a table's own FileIO: on a disk and in an object store alike."""

from __future__ import annotations

from typing import Any

from py4j.protocol import Py4JJavaError

_ABSENT = "java.io.FileNotFoundException"


def folders_in(java_table: Any, root: str) -> set[str]:  # noqa: ANN401 - Java object
    """Names of the folders below `root` that hold a file; none where it is not there.

    An object store knows no folders: their names are parts of its objects' names.
    """
    names = set()
    # Without scheme and slashes: a file system writes fewer of them than the root has.
    place = root.partition(":")[2].lstrip("/")
    try:
        found = java_table.io().listPrefix(f"{root}/").iterator()
        while found.hasNext():
            _, _, rest = found.next().location().partition(f"{place}/")
            names.add(rest.partition("/")[0])
    except Py4JJavaError as error:
        if _ABSENT not in str(error.java_exception):
            raise
    return names


def remove_folder(java_table: Any, folder: str) -> None:  # noqa: ANN401 - Java object
    """Remove all files below `folder`."""
    java_table.io().deletePrefix(f"{folder}/")
