"""The file at the root of a local warehouse that says to which lake it belongs.

Other schemes have no such file: an object store has no atomic exchange that every client shares,
and the driver holds no client of its own. There the row of the catalog alone decides.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

WAREHOUSE_FILE = ".adlake-lake.json"


@dataclass(frozen=True)
class WarehouseMark:
    """Which lake's files these are; `claims` counts how often the token was renewed."""

    lake_id: str
    home: str
    token: str
    claims: int


def read_mark(folder: Path) -> WarehouseMark | None:
    """The mark of a warehouse; None when it has none, or one that cannot be read."""
    try:
        return WarehouseMark(**json.loads((folder / WAREHOUSE_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_mark(folder: Path, mark: WarehouseMark) -> None:
    """Replace the mark at once, and make it last; creates the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / f"{WAREHOUSE_FILE}.writing"
    with scratch.open("w") as stream:
        json.dump(asdict(mark), stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    scratch.replace(folder / WAREHOUSE_FILE)
