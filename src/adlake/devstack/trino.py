"""Trino: coordinator and worker in one process, reading the lake through the catalog."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from trino.dbapi import connect
from trino.exceptions import Error, TrinoConnectionError

from adlake.devstack.http import fetch_json
from adlake.devstack.service import Service
from adlake.devstack.templates import render

HEAP = "-Xmx1280m"
QUERY_SECONDS = 10.0


class Trino(Service):
    """The query engine."""

    name: ClassVar[str] = "trino"
    requires: ClassVar[tuple[str, ...]] = ("postgres",)
    ready_seconds: ClassVar[float] = 240.0

    def command(self) -> list[str]:
        """Argument vector; the flags are those that Trino's own launcher sets."""
        return [
            str(self.installation.trino_java), HEAP, "-Xms256m", "-XX:+UseG1GC",
            "-XX:G1HeapRegionSize=8M", "-XX:+ExplicitGCInvokesConcurrent",
            "-XX:+ExitOnOutOfMemoryError", "-XX:-OmitStackTraceInFastThrow",
            "-XX:ReservedCodeCacheSize=192M", "-XX:PerMethodRecompilationCutoff=10000",
            "-XX:PerBytecodeRecompilationCutoff=10000", "-XX:+EnableDynamicAgentLoading",
            "-Djdk.attach.allowAttachSelf=true", "-Djdk.nio.maxCachedBufferSize=2000000",
            "-Dfile.encoding=UTF-8", "--enable-native-access=ALL-UNNAMED",
            f"-Dconfig={self._etc / 'config.properties'}",
            "-Dlog.enable-console=true",
            f"-Dlog.levels-file={self._etc / 'log.properties'}",
            "-cp", f"{self.installation.trino_home}/lib/*",
            "io.trino.server.TrinoServer",
        ]  # fmt: skip

    def ports(self) -> dict[str, int]:
        """HTTP."""
        return {"ADLAKE_TRINO_PORT": self.settings.ports.trino_port}

    def environment(self) -> dict[str, str]:
        """The catalog's password, so that it is in no file of Trino's."""
        if self.settings.catalog.catalog_type == "rest":
            return {}
        return {"LAKEHOUSE_CATALOG_PASSWORD": self.settings.catalog_password()}

    def is_ready(self) -> bool:
        """Started, and a query on the lake's catalog returns."""
        info = fetch_json(f"http://127.0.0.1:{self.settings.ports.trino_port}/v1/info")
        if not isinstance(info, dict) or info.get("starting") is not False:
            return False
        try:
            with connect(
                host="127.0.0.1", port=self.settings.ports.trino_port, user="adlake",
                catalog="lakehouse", request_timeout=QUERY_SECONDS, max_attempts=1,
            ) as connection:  # fmt: skip
                cursor = connection.cursor()
                cursor.execute("SHOW SCHEMAS FROM lakehouse")
                return bool(cursor.fetchall())
        except (Error, TrinoConnectionError, OSError):
            return False

    def working_folder(self) -> Path:
        """Trino writes relative paths here."""
        return self.home / "trino"

    def prepare(self) -> None:
        """Write the configuration."""
        values = {
            "port": self.settings.ports.trino_port,
            "etc": self._etc,
            "plugins": self.installation.trino_home / "plugin",
            "uri": self._catalog_uri(),
            "user": self.settings.catalog.catalog_user,
            "warehouse": self.settings.paths.warehouse_uri,
        }
        for name in ("config.properties", "log.properties"):
            render(f"trino/{name}", self._etc / name, values)
        kind = self.settings.catalog.catalog_type
        catalogs = {f"lakehouse.{kind}.properties": "lakehouse", "memory.properties": "memory"}
        for template, catalog in catalogs.items():
            target = self._etc / "catalog" / f"{catalog}.properties"
            render(f"trino/catalog/{template}", target, values)

    def _catalog_uri(self) -> str:
        if self.settings.catalog.catalog_type == "rest":
            return self.settings.catalog.catalog_uri
        return self.settings.catalog_jdbc_uri

    @property
    def _etc(self) -> Path:
        return self.home / "trino" / "etc"
