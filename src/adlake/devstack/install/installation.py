"""Where everything that was installed lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adlake.devstack.install.java import Jdk


@dataclass(frozen=True)
class Installation:
    """Paths of programs; made by `install.install`, used by the services."""

    python: Path
    jdk: Jdk
    """Full JDK for Spark and Kafka."""
    trino_java: Path
    spark_jars: Path
    kafka_lib: Path
    trino_home: Path
    postgres_bin: Path
