"""How Spark is reached and run."""

from __future__ import annotations

import os
import sys

from adlake.devstack.install.fetch import jdk_majors
from adlake.devstack.install.ivy import pyspark_home
from adlake.devstack.install.java import find_jdk, own_options
from adlake.devstack.install.versions import read_versions
from adlake.environment import scratch_of
from adlake.io.spark.session import CatalogAccess
from adlake.provision.outside import object_store, rest_catalog
from adlake.settings import Settings


def choose_jdk(settings: Settings) -> None:
    """Let Spark in this process run on the JDK that `make up` chooses; DevstackError: none fits.

    Spark is the package of this environment, with no configuration but what the session is given.
    """
    scratch = scratch_of(settings.paths.home.resolve())
    scratch.mkdir(parents=True, exist_ok=True)
    spark_home = pyspark_home()
    os.environ.update(
        JAVA_HOME=str(find_jdk(jdk_majors(read_versions())).home),
        SPARK_HOME=str(spark_home),
        SPARK_CONF_DIR=str(spark_home / "conf"),
        PYSPARK_PYTHON=sys.executable,
        TMPDIR=str(scratch),
        # Spark's own page binds this one, whatever its session is told.
        SPARK_LOCAL_IP=settings.ports.spark_bind_address,
        SPARK_LOCAL_HOSTNAME=settings.ports.spark_driver_host,
    )


def java_options(settings: Settings) -> tuple[str, ...]:
    """Options of Spark's JVM beyond those of its session."""
    return tuple(own_options(settings.paths.home.resolve(), settings.jvm.java_options))


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
