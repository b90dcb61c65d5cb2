"""Spark sessions on the lakehouse catalog."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from py4j.protocol import Py4JJavaError
from pydantic import SecretStr
from pyspark.sql import SparkSession

from adlake.contracts.address import LOOPBACK
from adlake.contracts.errors import AdlakeError
from adlake.contracts.tables import CATALOG
from adlake.folders import ADLAKE, FILES_ROOT
from adlake.io.iceberg.object_store import ObjectStore, ObjectStoreError
from adlake.io.iceberg.rest_catalog import RestCatalog
from adlake.io.postgres.lease import Lease
from adlake.io.spark.names import remember_names

EXECUTOR_OPTIONS = (
    "-XX:-DontCompileHugeMethods", "-XX:+ExitOnOutOfMemoryError", "-Duser.timezone=UTC",
    "-Duser.language=en", "-Duser.country=US", "-Dfile.encoding=UTF-8",
)  # fmt: skip
"""Of a JVM on another machine: what the driver's has, less the folders of the driver's machine."""
REDACTED = "(?i)secret|password|passwd|token|access[.]?key|credential|jaas"
"""Options whose value Spark shows in no page, plan or log."""
FUNCTION_CATALOG = "strict"
"""Spark's name for the catalog of our functions."""
_FUNCTIONS = "adlake.payload.Functions"
"""Of src/jvm."""
_LOGGING = FILES_ROOT / "infra" / "spark" / "log4j2.properties"
_SETTINGS = {
    f"spark.sql.catalog.{FUNCTION_CATALOG}": _FUNCTIONS,
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.sql.session.timeZone": "UTC",
    # Beside what Spark hides itself: logins of catalogs and brokers.
    "spark.redaction.regex": REDACTED,
    # A micro-batch has one known shape; re-planning between its stages only adds latency.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    # Slot lists change with every batch: keep them out of the generated code, or each batch
    # compiles anew.
    "spark.sql.optimizer.inSetConversionThreshold": "0",
    "spark.sql.optimizer.inSetSwitchThreshold": "0",
    # One batch is made of more pieces of generated code than the default cache holds: each
    # would be compiled again, and again by the JIT, in every batch.
    "spark.sql.codegen.cache.maxEntries": "5000",
    # A batch is kept for seconds, and most of it is payloads: looking for a way to make its
    # columns smaller cost a sixth of admission, and saved little memory.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    "spark.sql.streaming.stopTimeout": "30s",
    # Else each expression that is made remembers the line of Python that made it.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # A link on a page that anybody on the machine can open is no way to stop a job.
    "spark.ui.killEnabled": "false",
    # Old UI data of a job that runs for weeks is memory for nothing.
    "spark.ui.retainedJobs": "100",
    "spark.ui.retainedStages": "100",
    "spark.sql.ui.retainedExecutions": "50",
    "spark.ui.retainedTasks": "1000",
}
"""Of every session."""


class FunctionsMissingError(AdlakeError):
    """Spark does not know the functions of src/jvm."""


@dataclass(frozen=True)
class CatalogAccess:
    """How a session reaches the catalog; a writer also states the lease that it holds."""

    kind: str
    uri: str
    user: str
    password: SecretStr
    warehouse_uri: str
    lease: Lease | None = None
    rest: RestCatalog | None = None
    """Of kind `rest` alone."""
    object_store: ObjectStore | None = None
    """None where the warehouse is no object store."""

    @property
    def has_fence(self) -> bool:
        """The catalog itself refuses the commit of a writer whose lease was taken over."""
        return self.kind == "jdbc"

    def fenced_uri(self) -> str:
        """Catalog URI that states the writer's lease and its generation to the database."""
        if self.lease is None or self.kind != "jdbc":
            return self.uri
        separator = "&" if "?" in self.uri else "?"
        lease = self.lease
        stated = f"-c adlake.lease_name={lease.name} -c adlake.lease_epoch={lease.generation}"
        return f"{self.uri}{separator}options={quote(stated)}"


@dataclass(frozen=True)
class SparkResources:
    """Size of a session; memory is a JVM size such as `2g`, `ui_port` None switches the UI off."""

    master: str = "local[2]"
    driver_memory: str = "2g"
    executor_memory: str = "1g"
    """Of each process of a cluster; a local master has none."""
    shuffle_partitions: int = 2
    ui_port: int | None = None
    local_dir: str | None = None
    java_options: tuple[str, ...] = ()
    output_file: Path | None = None
    """Takes what the JVM prints; None: where this process prints."""
    driver_host: str = LOOPBACK
    """The driver's name for its executors."""
    bind_address: str = LOOPBACK
    """What driver and UI listen on."""


def build_session(app_name: str, resources: SparkResources) -> SparkSession:
    """Create (or reuse) the session of this process; time zone UTC.

    Raises:
        FunctionsMissingError: Spark has not been given our functions.
    """
    chosen = {
        "spark.driver.memory": resources.driver_memory,
        # The JVM leaves very long methods to its interpreter; admission is generated as such.
        # Out of memory it ends at once and is started again, rather than going on half alive.
        "spark.driver.extraJavaOptions": joined_options(
            "-XX:-DontCompileHugeMethods",
            "-XX:+ExitOnOutOfMemoryError",
            f"-Dlog4j2.configurationFile={_LOGGING}",
            *resources.java_options,
        ),
        "spark.driver.bindAddress": resources.bind_address,
        "spark.driver.host": resources.driver_host,
        "spark.executor.memory": resources.executor_memory,
        "spark.executor.extraJavaOptions": joined_options(*EXECUTOR_OPTIONS),
        "spark.ui.enabled": str(resources.ui_port is not None).lower(),
        "spark.ui.port": str(resources.ui_port or 4040),
        "spark.sql.shuffle.partitions": str(resources.shuffle_partitions),
    }
    if resources.local_dir is not None:
        chosen["spark.local.dir"] = resources.local_dir
    builder = SparkSession.builder.appName(app_name).master(resources.master)
    for name, value in (_SETTINGS | chosen).items():
        builder = builder.config(name, value)
    with _output_to(resources.output_file):
        session: SparkSession = builder.getOrCreate()
    session.sparkContext.setLogLevel("WARN")
    _refuse_without_functions(session)
    remember_names(session)
    return session


def _refuse_without_functions(session: SparkSession) -> None:
    if not _has_class(session, _FUNCTIONS):
        raise FunctionsMissingError(
            "adlake's own functions are not among Spark's jars: run `make install` (or "
            f"`{ADLAKE} install --jars-into FOLDER`, for a Spark elsewhere)"
        )


def _has_class(session: SparkSession, name: str) -> bool:
    jvm: Any = session._jvm
    try:
        jvm.java.lang.Class.forName(name)
    except Py4JJavaError:
        return False
    return True


def joined_options(*options: str) -> str:
    """Options as Spark's launcher reads them: quoted, since a folder may have a blank."""
    return " ".join(
        '"' + option.replace("\\", "\\\\").replace('"', '\\"') + '"' for option in options
    )


@contextmanager
def _output_to(file: Path | None) -> Iterator[None]:
    """A JVM started inside the block prints to `file`, for good; this process goes on as before."""
    if file is None:
        yield
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    kept = {number: os.dup(number) for number in (1, 2)}
    with file.open("wb") as output:
        for number in kept:
            os.dup2(output.fileno(), number)
        try:
            yield
        finally:
            for number, own in kept.items():
                os.dup2(own, number)
                os.close(own)


def connect_catalog(session: SparkSession, access: CatalogAccess) -> None:
    """Point the session at the catalog.

    Set at run time, not at launch: launch settings become arguments of the JVM, where anybody on
    the machine could read the password.
    """
    prefix = f"spark.sql.catalog.{CATALOG}"
    properties = {
        "type": access.kind,
        "uri": access.fenced_uri(),
        "warehouse": access.warehouse_uri,
        # A cached table is a stale guard.
        "cache-enabled": "false",
    }
    if access.kind == "jdbc":
        properties |= {
            "jdbc.user": access.user,
            "jdbc.password": access.password.get_secret_value(),
            "jdbc.schema-version": "V1",
        }
    if access.rest is not None:
        properties |= access.rest.properties()
    if access.object_store is not None:
        _refuse_without_s3(session)
        properties |= access.object_store.spark_properties()
    session.conf.set(prefix, "org.apache.iceberg.spark.SparkCatalog")
    for name, value in properties.items():
        session.conf.set(f"{prefix}.{name}", value)


_S3_CLASS = "software.amazon.awssdk.services.s3.S3Client"


def _refuse_without_s3(session: SparkSession) -> None:
    if not _has_class(session, _S3_CLASS):
        raise ObjectStoreError(
            "a warehouse on s3:// needs Iceberg's S3 library in Spark's folder of jars "
            "(iceberg-aws-bundle, of the version of iceberg-spark-runtime that lies there)"
        )
