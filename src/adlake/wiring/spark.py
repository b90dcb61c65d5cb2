"""How Spark is reached and run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from adlake.devstack.errors import DevstackError
from adlake.devstack.install.class_archive import options_of_user, own_place
from adlake.devstack.install.ivy import pyspark_home
from adlake.devstack.install.java import collector, own_options, spark_jdk
from adlake.environment import scratch_of
from adlake.io.spark.session import CatalogAccess, SparkResources
from adlake.provision.outside import object_store, rest_catalog
from adlake.settings import Settings


def choose_jdk(settings: Settings, scratch: Path | None = None) -> None:
    """Let Spark in this process run on the JDK that `make up` chooses; DevstackError: none fits.

    Spark is the package of this environment, with no configuration but what the session is given.
    Temporary files are left in `scratch`, else in the lake's folder for them.
    """
    scratch = scratch or scratch_of(settings.paths.home.resolve())
    scratch.mkdir(parents=True, exist_ok=True)
    spark_home = pyspark_home()
    os.environ.update(
        JAVA_HOME=str(spark_jdk().home),
        SPARK_HOME=str(spark_home),
        SPARK_CONF_DIR=str(spark_home / "conf"),
        PYSPARK_PYTHON=sys.executable,
        TMPDIR=str(scratch),
        # Spark's own page binds this one, whatever its session is told.
        SPARK_LOCAL_IP=settings.ports.spark_bind_address,
        SPARK_LOCAL_HOSTNAME=settings.ports.spark_driver_host,
    )


def spark_resources(
    settings: Settings, name: str, *, ui_port: int | None = None, output_file: Path | None = None
) -> SparkResources:
    """What a session gets, as much as the stream's; `name` is that of its folder for files."""
    stream, ports = settings.stream, settings.ports
    return SparkResources(
        master=stream.spark_master,
        driver_memory=stream.driver_memory,
        executor_memory=stream.executor_memory,
        shuffle_partitions=stream.shuffle_partitions,
        ui_port=ui_port,
        local_dir=str(settings.paths.home.resolve() / "tmp" / name),
        java_options=java_options(settings),
        output_file=output_file,
        driver_host=ports.spark_driver_host,
        bind_address=ports.spark_bind_address,
    )


def java_options(settings: Settings) -> tuple[str, ...]:
    """Options of Spark's JVM beyond those of its session; the user's own come last, and win."""
    added = settings.jvm.java_options
    archive = class_archive_options(added) if settings.jvm.class_archive else ()
    own = own_options(settings.paths.home.resolve(), added)
    return (*archive, *collector_options(added), *own)


def collector_options(added: str) -> tuple[str, ...]:
    """The garbage collector of Spark's JVM beside the options `added`."""
    # Batches want throughput; Java's own choice keeps pauses short, for a sixth of the processor.
    return tuple(collector(added, "Parallel"))


def class_archive_options(added: str) -> tuple[str, ...]:
    """What lets a JVM that is given the options `added` start from the class archive, if any."""
    try:
        return options_of_user(own_place(added).find())
    except DevstackError:  # no Java: said by whoever starts it
        return ()


def catalog_access(settings: Settings) -> CatalogAccess:
    """How Spark reaches the catalog."""
    return CatalogAccess(
        kind=settings.catalog.catalog_type,
        uri="" if settings.has_rest_catalog else settings.catalog_jdbc_uri,
        user=settings.catalog.catalog_user,
        password=settings.catalog_password(),
        warehouse_uri=settings.paths.warehouse_uri,
        rest=rest_catalog(settings),
        object_store=object_store(settings),
    )
