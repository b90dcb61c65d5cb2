"""The time machine."""

from __future__ import annotations

from adlake.attribution.replay.command import ReplayConfig
from adlake.devstack.home import refuse_unmade_home
from adlake.settings import Settings
from adlake.wiring.lake import lake_reader, lease_connect
from adlake.wiring.operations import operation_handlers, topics_read
from adlake.wiring.spark import catalog_access, spark_resources


def replay_config(settings: Settings) -> ReplayConfig:
    """Everything a replay needs; its Spark is as big as the stream's."""
    refuse_unmade_home(settings)
    stream, home = settings.stream, settings.paths.home.resolve()
    return ReplayConfig(
        catalog=catalog_access(settings),
        reader=lake_reader(settings),
        lease_connect=lease_connect(settings),
        lease_ttl_seconds=stream.lease_ttl_seconds,
        resources=spark_resources(settings, "replay", output_file=home / "logs" / "replay.log"),
        marker_dir=settings.paths.failpoint_dir,
        handlers=operation_handlers(
            lease_connect(settings), topics_read(settings), stream.leftover_days
        ),
        failpoints=stream.failpoints,
    )
