"""What the one-shot service writes for each server: from the native templates, secrets left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from adlake.devstack.containers.configuration import write_configuration
from adlake.devstack.containers.secret_lines import SECRETS
from adlake.settings import REPO_ROOT, Settings

COMPOSE = yaml.safe_load((REPO_ROOT / "docker-compose.yml").read_text())["services"]
GIVEN = {name: f"secret-of-{name}" for name in SECRETS}


def write(target: Path, **others: str) -> Path:
    """All folders, as the settings of the compose file have them, but for `others`."""
    settings = COMPOSE["configuration"]["environment"]
    plain = {
        name: value.split(":-")[-1].rstrip("}") if str(value).startswith("${") else str(value)
        for name, value in settings.items()
        if name.startswith("ADLAKE_")
    } | {"ADLAKE_GENERATOR_HISTORY": "24h", "ADLAKE_HOME": str(target / "home")}
    assert [*write_configuration(Settings(plain | others), target, GIVEN)]
    return target


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("configuration"))


def lines_of(file: Path) -> dict[str, str]:
    return dict(
        line.split("=", 1)
        for line in file.read_text().splitlines()
        if "=" in line and not line.startswith("#")
    )


def test_the_broker_has_an_address_for_containers_and_one_for_this_machine(written: Path) -> None:
    lines = lines_of(written / "kafka" / "server.properties")
    assert lines["advertised.listeners"] == (
        "BROKER://kafka:29092,HOST://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093"
    )
    settings = COMPOSE["init"]["environment"]
    assert settings["ADLAKE_KAFKA_BOOTSTRAP"] == "kafka:29092"
    assert lines["log.dirs"].startswith("/var/lib/kafka/data")
    # All that is not an address is as natively.
    assert lines["auto.create.topics.enable"] == "false"


def test_trino_reads_the_store_with_its_own_key(written: Path) -> None:
    lines = lines_of(written / "trino" / "catalog" / "lakehouse.properties")
    assert lines["iceberg.jdbc-catalog.connection-url"] == (
        "jdbc:postgresql://postgres:5432/lakehouse"
    )
    assert lines["iceberg.jdbc-catalog.default-warehouse-dir"] == "s3://lakehouse/warehouse"
    assert lines["s3.endpoint"] == "http://object-store:9000"
    assert lines["s3.aws-access-key"] == "adlake-trino"
    for name in ("s3.aws-secret-key", "iceberg.jdbc-catalog.connection-password"):
        variable = lines[name].removeprefix("${ENV:").removesuffix("}")
        assert variable in COMPOSE["trino"]["environment"]
    assert lines["iceberg.security"] == "READ_ONLY"
    config = lines_of(written / "trino" / "config.properties")
    assert config["node.bind-ip"] == "0.0.0.0"  # noqa: S104
    assert config["catalog.config-dir"] == "/etc/trino/catalog"
    rules = lines_of(written / "trino" / "access-control.properties")
    assert rules["security.config-file"] == "/etc/trino/access-rules.json"


def test_trino_asks_the_rest_catalog_where_that_lists_the_tables(tmp_path: Path) -> None:
    written = write(tmp_path, ADLAKE_CATALOG_TYPE="rest")
    lines = lines_of(written / "trino" / "catalog" / "lakehouse.properties")
    assert lines["iceberg.catalog.type"] == "rest"
    assert lines["iceberg.rest-catalog.uri"] == "http://rest-catalog:8181"
    assert lines["iceberg.rest-catalog.warehouse"] == "s3://lakehouse/warehouse"
    assert not [name for name in lines if name.startswith("iceberg.jdbc-catalog")]
    # Files it reads itself, with its own key.
    assert lines["s3.aws-access-key"] == "adlake-trino"
    assert lines["iceberg.security"] == "READ_ONLY"


def test_the_heap_of_trino_fits_into_its_limit(written: Path) -> None:
    options = (written / "trino" / "jvm.config").read_text().split()
    heap = next(int(one[4:-1]) for one in options if one.startswith("-Xmx"))
    limit = int(COMPOSE["trino"]["mem_limit"].removesuffix("m"))
    # Seen under queries: 1,493 MiB of a heap of 1,024.
    assert heap + 576 <= limit
    memory = lines_of(written / "trino" / "config.properties")["query.max-memory-per-node"]
    assert int(memory.removesuffix("MB")) <= heap * 0.7


def test_prometheus_finds_its_rules_the_stream_and_the_alertmanager(written: Path) -> None:
    config = yaml.safe_load((written / "prometheus" / "prometheus.yml").read_text())
    assert config["rule_files"] == ["/etc/adlake/alerts.yml"]
    targets = [
        target
        for job in config["scrape_configs"]
        for one in job["static_configs"]
        for target in one["targets"]
    ]
    assert "lakehouse-spark:9464" in targets
    assert "alertmanager:9093" in json.dumps(config["alerting"])
    assert (written / "alertmanager" / "alertmanager.yml").exists()


def test_each_client_of_the_store_is_a_user_of_its_own(written: Path) -> None:
    file = written / "object-store" / "users.json"
    users = json.loads(file.read_text())["accessAccounts"]
    assert set(users) == {"adlake-spark", "adlake-trino", "adlake-reader", "adlake-rest"}
    assert len({one["secret"] for one in users.values()}) == 4
    assert {one["role"] for one in users.values()} == {"user"}
    assert file.stat().st_mode & 0o777 == 0o600


def test_no_secret_is_written_but_where_a_server_reads_nothing_else(written: Path) -> None:
    found = {
        (file.parent.name, name)
        for file in written.rglob("*")
        if file.is_file()
        for name in SECRETS
        if GIVEN[name] in file.read_text()
    }
    assert {folder for folder, _ in found} == {"object-store"}
