"""Following the driver that holds the lease of these settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from adlake.contracts.registry import STREAM_LEASE
from adlake.io.postgres.lease import holder_of
from adlake.settings import Settings
from adlake.streaming.following import Followed, follow
from adlake.streaming.stopping import StopSignals
from adlake.wiring.lake import lake_reader, lease_connect
from adlake.wiring.topics import tables_of_topics


def has_followed(settings: Settings, report: Callable[[str], None], *, until_free: bool) -> bool:
    """Follow whoever holds the lease; False: nobody does, so the stream may be run from here.

    Args:
        settings: of the lake.
        report: takes a line for each batch.
        until_free: when the holder goes, go on with False; else that ends the view.
    """
    signals = StopSignals()
    signals.listen()
    reader, tables = lake_reader(settings), tables_of_topics(settings)
    followed = Followed(
        look=partial(holder_of, lease_connect(settings), STREAM_LEASE),
        newest=lambda: {topic: reader.newest_stamp(names[0]) for topic, names in tables.items()},
    )
    if followed.look() is None:
        return False
    return follow(followed, lambda: signals.came, report) or not until_free


def is_followed(settings: Settings) -> bool:
    """Whether somebody holds the lease, so that there is something to follow."""
    return holder_of(lease_connect(settings), STREAM_LEASE) is not None
