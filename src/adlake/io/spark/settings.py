"""Settings of a Spark session that hold for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyspark.sql import SparkSession


@contextmanager
def changed_settings(session: SparkSession, chosen: Mapping[str, str]) -> Iterator[None]:
    """Set these inside the block; each was set before, and is so again afterwards."""
    before = {name: str(session.conf.get(name)) for name in chosen}
    for name, value in chosen.items():
        session.conf.set(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            session.conf.set(name, value)
