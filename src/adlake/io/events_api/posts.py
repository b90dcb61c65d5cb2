"""What the API says of events that were posted to it and are not in the lake yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Final

from adlake.contracts.address import Address
from adlake.contracts.gauges import API_OVERDUE, API_PENDING

TIMEOUT_SECONDS: Final = 2.0
"""A page waits that shows much else."""


@dataclass(frozen=True)
class Posts:
    """Of the API's process, since it began."""

    pending: int
    """Not seen in the lake yet."""
    overdue: int
    """Not seen within ten minutes, and told no longer."""


def posts_of(address: Address) -> Posts | None:
    """None: nobody answers there, or not as the API does."""
    connection = HTTPConnection(address.host, address.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/metrics")
        told = connection.getresponse().read().decode()
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
    found = [re.search(rf"^{one.name} (\S+)$", told, re.M) for one in (API_PENDING, API_OVERDUE)]
    counts = [int(float(one[1])) for one in found if one is not None]
    return Posts(*counts) if len(counts) == len(found) else None
