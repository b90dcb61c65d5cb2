"""Ids that we choose: the same ones in every run and on every server."""

from __future__ import annotations

import uuid
from typing import Final

_SPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:adlake:metabase")
PREFIX: Final = "adlake-"
"""Begins the id of each filter that is ours."""


def stable_uuid(key: str) -> str:
    """The id of a template tag."""
    return str(uuid.uuid5(_SPACE, key))


def filter_id(key: str) -> str:
    """The id of a dashboard's filter."""
    return f"{PREFIX}{key}"


def is_own_filter(identity: str) -> bool:
    """Whether a filter of a dashboard is one of ours."""
    return identity.startswith(PREFIX)
