"""What one run of the attribution stream needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adlake.contracts.place import Place
from adlake.io.lease import Connect
from adlake.io.spark import CatalogAccess, SparkResources
from adlake.jobs.housekeep import HousekeepingPlan


@dataclass(frozen=True)
class StreamConfig:
    """Everything one run needs; seconds and bytes as named."""

    bootstrap_servers: str
    topic: str
    catalog: CatalogAccess
    lease_connect: Connect
    place: Place
    lease_ttl_seconds: float
    checkpoint_dir: Path
    seed_dir: Path
    marker_dir: Path
    resources: SparkResources
    trigger_seconds: float
    max_offsets_per_trigger: int
    housekeeping: HousekeepingPlan
    ready_file: Path
    failpoints: str = ""
