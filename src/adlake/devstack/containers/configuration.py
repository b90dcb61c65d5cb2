"""Writes the configuration of every server of the compose file, from the native form's templates.

The one-shot service `configuration` runs it: each server mounts its own folder. Passwords
stay in variables of the server that needs them, but where a server reads them from files alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from adlake.contracts.address import LOOPBACK, Address
from adlake.devstack.services import alertmanager, prometheus, trino
from adlake.devstack.services.templates import INFRA_FOLDER, render
from adlake.settings import Settings

READABLE: Final = 0o644
"""Each server is another user, and each folder is mounted by that server alone."""
ETC: Final = Path("/etc/adlake")
"""Where a server finds its folder."""
ANY: Final = "0.0.0.0"  # noqa: S104 - inside a container; its ports are published on 127.0.0.1 alone
BROKER_PORT: Final = 29092
"""Of clients in the network of the containers; those of this machine use ADLAKE_KAFKA_PORT."""
SPARK_KEY, TRINO_KEY, READER_KEY = "adlake-spark", "adlake-trino", "adlake-reader"
REST_KEY: Final = "adlake-rest"
"""Of the REST catalog, in the profile `rest`."""


def write_configuration(settings: Settings, target: Path, secrets: dict[str, str]) -> Iterator[str]:
    """Write a folder for each server below `target`; yields its name."""
    yield write_kafka(target / "kafka", Address(LOOPBACK, settings.ports.kafka_port))
    yield write_trino(settings, target / "trino")
    yield _watchers(settings, target)
    yield _object_store(target / "object-store", secrets)


def write_kafka(folder: Path, published: Address) -> str:
    """Write the broker's folder; `published` is where this machine reaches it."""
    values = {
        "listeners": f"BROKER://{ANY}:{BROKER_PORT},HOST://{ANY}:9092",
        "advertised": f"BROKER://kafka:{BROKER_PORT},HOST://{published}",
        "controller_port": 9093,
        "log_dirs": "/var/lib/kafka/data/log",
    }
    render("kafka/server.properties", folder / "server.properties", values, READABLE)
    _copy("kafka/log4j2.properties", folder / "log4j2.properties")
    _copy("docker/kafka/start.sh", folder / "start.sh")
    return "kafka"


def write_trino(settings: Settings, folder: Path) -> str:
    """Write Trino's folder; addresses in `settings` are those inside the network."""
    # The folder is mounted where Trino's own launcher looks.
    trino.write_configuration(
        settings, folder, plugins=Path("/data/trino/plugins"), bind_address=ANY, mode=READABLE,
        etc=Path("/etc/trino"),
    )  # fmt: skip
    for name in ("jvm.config", "node.properties", "start.sh"):
        _copy(f"docker/trino/{name}", folder / name)
    return "trino"


def _watchers(settings: Settings, target: Path) -> str:
    prometheus.write_configuration(
        settings, target / "prometheus", rules=ETC / "alerts.yml",
        stream=f"lakehouse-spark:{settings.ports.metrics_port}",
        api=f"api:{settings.ports.api_port}", own="localhost:9090",
        alertmanager="alertmanager:9093", mode=READABLE,
    )  # fmt: skip
    (target / "prometheus" / "alerts.yml").chmod(READABLE)
    alertmanager.write_configuration(settings, target / "alertmanager", READABLE)
    return "prometheus, alertmanager"


def _object_store(folder: Path, secrets: dict[str, str]) -> str:
    keys = {
        SPARK_KEY: secrets["LAKEHOUSE_STORE_SPARK_SECRET"],
        TRINO_KEY: secrets["LAKEHOUSE_STORE_TRINO_SECRET"],
        READER_KEY: secrets["LAKEHOUSE_STORE_READER_SECRET"],
        REST_KEY: secrets["LAKEHOUSE_STORE_REST_SECRET"],
    }
    write_keys(folder, keys)
    return "object-store"


def write_keys(folder: Path, secrets: dict[str, str]) -> None:
    """The keys of the store: it reads its users from a file, and its policies from the bucket."""
    users = {
        name: {
            "access": name, "secret": secret, "role": "user",
            "userID": 0, "groupID": 0, "projectID": 0,
        }
        for name, secret in secrets.items()
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / "users.json.writing"
    scratch.write_text(json.dumps({"accessAccounts": users}, indent=1))
    scratch.chmod(0o600)
    scratch.replace(folder / "users.json")


def _copy(source: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes((INFRA_FOLDER / source).read_bytes())
    target.chmod(READABLE)
