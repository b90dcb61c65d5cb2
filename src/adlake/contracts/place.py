"""The one place a lake belongs to: its home folder and its warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adlake.contracts.errors import AdlakeError
from adlake.folders import ADLAKE

WAY_ON = f"start it where it was made, or let it live here by `{ADLAKE} lake adopt`"
"""What to do with a lake in another place."""


class LakePlaceError(AdlakeError):
    """A lake that was copied, moved or restored is used where it was not made."""

    is_lasting = True


class NoLakeYetError(AdlakeError):
    """Nothing was ever started in this home."""


class WarehouseGoneError(LakePlaceError):
    """The catalog lists tables, but the folder with their files is not there."""


@dataclass(frozen=True)
class Place:
    """Where the settings say that the lake is; `lake_id` is None for a home that has none yet."""

    home: Path
    warehouse_uri: str
    lake_id: str | None = None

    @property
    def warehouse_folder(self) -> Path | None:
        """The warehouse's folder; None for a scheme that is no local folder."""
        return local_folder(self.warehouse_uri)


def local_folder(uri: str) -> Path | None:
    """The folder of a `file:` URI or an absolute path; None for every other scheme.

    As Iceberg and the settings write them, nothing in such a URI is escaped.
    """
    plain = plain_uri(uri)
    return Path(plain.removeprefix("file:")) if plain.startswith("file:/") else None


def same_uri(one: str, other: str) -> bool:
    """Whether two URIs name the same place (`file:/x`, `file:///x/` and `/x` do)."""
    return plain_uri(one) == plain_uri(other)


def plain_uri(uri: str) -> str:
    """One spelling for a URI: `file:/x` for local ones, no slash at the end."""
    for prefix in ("file:///", "file://localhost/", "file:/"):
        if uri.startswith(prefix):
            uri = f"file:/{uri.removeprefix(prefix)}"
            break
    else:
        uri = f"file:{uri}" if uri.startswith("/") else uri
    return uri.rstrip("/")


def lies_below(uri: str, root: str) -> bool:
    """Whether a file lies in a folder, both given as URIs."""
    return plain_uri(uri).startswith(f"{plain_uri(root)}/")
