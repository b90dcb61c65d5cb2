"""The Spark of a process that holds a lease."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from pyspark.sql import SparkSession

from adlake.io import failpoints
from adlake.io.postgres.lease import Lease
from adlake.io.spark.session import (
    CatalogAccess,
    SparkResources,
    build_session,
    connect_catalog,
)


class SessionConfig(Protocol):
    """What of a configuration says how Spark is run."""

    @property
    def catalog(self) -> CatalogAccess:
        """How the catalog is reached."""

    @property
    def resources(self) -> SparkResources:
        """Memory, cores, folders."""

    @property
    def marker_dir(self) -> Path:
        """Markers of the planted faults that fired."""

    @property
    def failpoints(self) -> str:
        """The planted faults (contracts.failpoints)."""


def leased_session(name: str, config: SessionConfig, lease: Lease) -> SparkSession:
    """A session whose commits prove this lease, with the faults planted that tests ask for."""
    if config.resources.local_dir is not None:
        # What killed drivers left; the lease says that nobody uses it.
        shutil.rmtree(config.resources.local_dir, ignore_errors=True)
    session = build_session(name, config.resources)
    connect_catalog(session, replace(config.catalog, lease=lease))
    jvm: Any = session._jvm
    jvm_pid = jvm.java.lang.ProcessHandle.current().pid()
    failpoints.arm(config.failpoints, config.marker_dir, jvm_pid)
    return session
