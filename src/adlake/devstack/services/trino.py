"""Trino: coordinator and worker in one process, reading the lake through the catalog."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from adlake.contracts.address import LOOPBACK
from adlake.devstack.install.java import collector, own_options
from adlake.devstack.secret_files import ensure_secret
from adlake.devstack.services.http import fetch_json
from adlake.devstack.services.service import Service
from adlake.devstack.services.templates import PRIVATE, render
from adlake.settings import Settings

HEAP = "-Xmx1280m"
LOCAL_FILES = {"fs.native-local.enabled": "true", "local.location": "/"}
CONFIGURATION = (
    "config.properties", "log.properties", "access-control.properties", "access-rules.json",
)  # fmt: skip


class Trino(Service):
    """The query engine."""

    name: ClassVar[str] = "trino"
    elsewhere_setting: ClassVar[str] = "ADLAKE_TRINO_HOST"
    requires: ClassVar[tuple[str, ...]] = ("postgres",)
    ready_seconds: ClassVar[float] = 240.0

    def command(self) -> list[str]:
        """Argument vector; the flags are those that Trino's own launcher sets."""
        return [
            str(self.installation.trino_java), HEAP, "-Xms256m",
            *collector(self.settings.jvm.java_options),
            "-XX:G1HeapRegionSize=8M", "-XX:+ExplicitGCInvokesConcurrent",
            "-XX:+ExitOnOutOfMemoryError", "-XX:-OmitStackTraceInFastThrow",
            "-XX:ReservedCodeCacheSize=192M", "-XX:PerMethodRecompilationCutoff=10000",
            "-XX:PerBytecodeRecompilationCutoff=10000", "-XX:+EnableDynamicAgentLoading",
            "-Djdk.attach.allowAttachSelf=true", "-Djdk.nio.maxCachedBufferSize=2000000",
            *own_options(self.home, self.settings.jvm.java_options),
            "--enable-native-access=ALL-UNNAMED",
            f"-Dconfig={self._etc / 'config.properties'}",
            "-Dlog.enable-console=true",
            f"-Dlog.levels-file={self._etc / 'log.properties'}",
            "-cp", f"{self.installation.trino_home}/lib/*",
            "io.trino.server.TrinoServer",
        ]  # fmt: skip

    def ports(self) -> dict[str, int]:
        """HTTP."""
        return {"ADLAKE_TRINO_PORT": self.settings.ports.trino_port}

    def elsewhere(self) -> str:
        """The Trino of others."""
        address = self.settings.trino_address
        return "" if address.is_own else str(address)

    def environment(self) -> dict[str, str]:
        """Secrets, so that they are in no file of Trino's.

        Without one of its own, Trino makes the secret of its internal requests from a name that
        stands in this repository: anybody could sign a piece of a query plan that writes.
        """
        from adlake.provision.outside import object_store_reader, rest_catalog

        own = ensure_secret(self.settings.paths.secrets_dir / "trino_internal_secret")
        secrets = {"TRINO_INTERNAL_SECRET": own}
        store = object_store_reader(self.settings)
        secrets |= store.trino_environment() if store is not None else {}
        rest = rest_catalog(self.settings)
        if rest is not None:
            return secrets | rest.trino_environment()
        password = self.settings.catalog_password().get_secret_value()
        return secrets | {"LAKEHOUSE_CATALOG_PASSWORD": password}

    def is_ready(self) -> bool:
        """Started, and a query on the lake's catalog returns."""
        info = fetch_json(f"http://{self.settings.trino_address}/v1/info")
        if not isinstance(info, dict) or info.get("starting") is not False:
            return False
        from adlake.io.trino.answers import answers_query

        ports = self.settings.ports
        return answers_query(ports.trino_host, ports.trino_port)

    def working_folder(self) -> Path:
        """Trino writes relative paths here."""
        return self.home / "trino"

    def prepare(self) -> None:
        """Write the configuration."""
        plugins = self.installation.trino_home / "plugin"
        write_configuration(self.settings, self._etc, plugins=plugins, bind_address=LOOPBACK)

    @property
    def _etc(self) -> Path:
        return self.home / "trino" / "etc"


def write_configuration(
    settings: Settings, folder: Path, *, plugins: Path, bind_address: str,
    etc: Path | None = None, mode: int = PRIVATE,
) -> None:  # fmt: skip
    """Write Trino's configuration into `folder`; secrets stay in variables that it names.

    Args:
        settings: where it finds catalog and files.
        folder: where it is written.
        plugins: folder of Trino's plugins.
        bind_address: what Trino listens on.
        etc: where Trino finds the folder, if elsewhere.
        mode: of the files.
    """
    from adlake.provision.outside import object_store_reader, rest_catalog

    rest, store = rest_catalog(settings), object_store_reader(settings)
    values = {
        "port": settings.ports.trino_port,
        "bind_address": bind_address,
        "etc": etc or folder,
        "plugins": plugins,
        "uri": settings.catalog_jdbc_uri,
        "catalog": _lines(rest.trino_properties() if rest is not None else {}),
        "user": settings.catalog.catalog_user,
        "warehouse": settings.paths.warehouse_uri,
        "storage": _lines(LOCAL_FILES if store is None else store.trino_properties()),
        "masked_payload": masked_payload(),
    }
    for name in CONFIGURATION:
        render(f"trino/{name}", folder / name, values, mode)
    # A catalog that an older version or a hand left here is nothing that this one knows.
    shutil.rmtree(folder / "catalog", ignore_errors=True)
    kind = settings.catalog.catalog_type
    target = folder / "catalog" / "lakehouse.properties"
    render(f"trino/catalog/lakehouse.{kind}.properties", target, values, mode)


def masked_payload() -> str:
    """What a user without payloads sees instead, as the inside of a JSON string."""
    from adlake.io.sql.files import sql_text
    from adlake.io.sql.template import HEADER

    expression = HEADER.sub("", sql_text("fragments/masked_payload"))
    return json.dumps(" ".join(re.sub(r"--[^\n]*", "", expression).split()))[1:-1]


def _lines(properties: Mapping[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in properties.items())
