"""docker-compose.yml and the Dockerfiles, read as data and held to what they promise."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from adlake import __version__
from adlake.devstack.containers.configuration import REST_KEY
from adlake.devstack.containers.doctor import PUBLISHED
from adlake.devstack.containers.engine import PROFILES, REST_PROFILE
from adlake.devstack.containers.secret_lines import SECRETS, add_missing
from adlake.devstack.install.versions import read_versions
from adlake.settings import REPO_ROOT, Settings, known_names
from adlake.settings.notifications import NotificationSettings

FILE = REPO_ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
ONE_SHOT = {
    name
    for one in SERVICES.values()
    for name, needed in one.get("depends_on", {}).items()
    if needed["condition"] == "service_completed_successfully"
} | {"metabase-init"}
RUNNING = set(SERVICES) - ONE_SHOT
WANTED = {
    "kafka", "postgres", "object-store", "lakehouse-spark", "trino", "metabase", "grafana",
    "prometheus", "alertmanager", "dashboard", "api",
}  # fmt: skip
GIB = 1 << 30
REST = {"ADLAKE_CATALOG_TYPE": "rest"}
VARIABLE = re.compile(r"\$\{(\w+)(:?[-?])?([^}]*)\}")
TAGS = {
    "apache/kafka": "KAFKA_VERSION",
    "postgres": "IMAGE_POSTGRES",
    "versity/versitygw": "IMAGE_OBJECT_STORE",
    "trinodb/trino": "IMAGE_TRINO",
    "metabase/metabase": "IMAGE_METABASE",
    "grafana/grafana": "GRAFANA_VERSION",
    "prom/prometheus": "IMAGE_PROMETHEUS",
    "prom/alertmanager": "IMAGE_ALERTMANAGER",
    "apache/iceberg-rest-fixture": "REST_CATALOG_VERSION",
    "python": "IMAGE_PYTHON",
}
OWN_CHOICE = {"ADLAKE_DRIVER_MEMORY": "1280m"}
"""Defaults that are others than natively: 8 GB hold more servers here."""
DOCKERFILES = sorted((REPO_ROOT / "infra" / "docker").rglob("Dockerfile"))


def bytes_of(limit: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([mg])", limit).groups()  # type: ignore[union-attr]
    return int(number) * (GIB if unit == "g" else 1 << 20)


def test_every_service_that_was_asked_for_is_there() -> None:
    assert set(SERVICES) >= WANTED
    on_demand = {name for name, one in SERVICES.items() if "profiles" in one}
    assert not on_demand & WANTED
    assert on_demand == {"jupyter", "rest-catalog"}
    assert {profile for name in on_demand for profile in SERVICES[name]["profiles"]} == {*PROFILES}
    assert SERVICES["lakehouse-spark"]["container_name"] == "lakehouse-spark"


def test_memory_limits_sum_to_8_gb_with_the_rest_catalog_too() -> None:
    limits = {
        name: bytes_of(one["mem_limit"])
        for name, one in SERVICES.items()
        if one.get("profiles", [REST_PROFILE]) == [REST_PROFILE]
    }
    assert "rest-catalog" in limits
    assert sum(limits.values()) <= 8 * GIB


def test_nothing_waits_for_a_service_whose_profile_may_be_off() -> None:
    for name, one in SERVICES.items():
        for needed in one.get("depends_on", {}):
            its = SERVICES[needed].get("profiles")
            assert its is None or its == one.get("profiles"), (name, needed)


def test_the_rest_catalog_keeps_its_secret_and_its_tables() -> None:
    one = SERVICES["rest-catalog"]
    # Its server logs its properties at the level `info`; and arguments are seen by everybody.
    assert "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn" in one["command"]
    assert "LAKEHOUSE" not in " ".join(one["command"])
    given = one["environment"]
    assert given["CATALOG_S3_ACCESS__KEY__ID"] == REST_KEY
    assert given["CATALOG_WAREHOUSE"] == SERVICES["init"]["environment"]["ADLAKE_WAREHOUSE"]
    # Of two, one is locked out after each start (tests/faults/test_rest_catalog.py).
    assert given["CATALOG_CLIENTS"] == "1"
    database = given["CATALOG_URI"].removeprefix("jdbc:sqlite:").partition("?")[0]
    volume, folder = one["volumes"][0].split(":")
    assert Path(database).parent == Path(folder)
    # A volume belongs to whom the folder belonged where it was mounted first.
    first = next(v for v in SERVICES["configuration"]["volumes"] if v.startswith(f"{volume}:"))
    assert first.partition(":")[2] in (DOCKERFILES[0].parent / "Dockerfile").read_text()
    assert one["user"] == SERVICES["configuration"]["user"]
    heap = next(int(word[4:-1]) for word in one["command"] if word.startswith("-Xmx"))
    # Seen after hundreds of commits: 54 MiB more than the heap.
    assert heap + 96 <= int(one["mem_limit"].removesuffix("m"))


def test_every_client_of_the_catalog_is_told_which_one() -> None:
    named = {
        name: one["environment"]["ADLAKE_CATALOG_TYPE"]
        for name, one in SERVICES.items()
        if "ADLAKE_WAREHOUSE" in one.get("environment", {})
    }
    assert set(named) >= {"configuration", "init", "lakehouse-spark", "dashboard", "jupyter"}
    assert set(named.values()) == {"${ADLAKE_CATALOG_TYPE:-jdbc}"}
    environment = SERVICES["init"]["environment"]
    assert environment["ADLAKE_REST_HOST"] == "rest-catalog"
    published = SERVICES["rest-catalog"]["ports"][0]
    assert published.endswith(f":{environment['ADLAKE_REST_PORT']}")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    one = SERVICES[name]
    user, group = one["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert one["cap_drop"] == ["ALL"]
    assert "cap_add" not in one
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["read_only"] is True
    assert not one.get("privileged")
    assert not {"network_mode", "pid", "ipc", "devices"} & set(one)
    # Nothing of the machine is mounted: no folder, and above all no socket of the engine.
    sources = {volume.split(":")[0] for volume in one.get("volumes", ())}
    assert sources <= set(COMPOSE["volumes"])
    assert "pids_limit" in one or name in ONE_SHOT


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_a_service_that_stays_says_whether_it_is_healthy_and_starts_again(name: str) -> None:
    kind, *words = SERVICES[name]["healthcheck"]["test"]
    assert kind in {"CMD", "CMD-SHELL"}
    # podman takes words apart at blanks: a check would be another one, or none.
    assert kind == "CMD-SHELL" or not [word for word in words if " " in word]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_a_one_shot_service_ends() -> None:
    assert {"configuration", "init", "metabase-init"} == ONE_SHOT
    for name in ONE_SHOT:
        assert SERVICES[name]["restart"] == "no"
        assert "healthcheck" not in SERVICES[name]


def test_who_waits_says_for_what() -> None:
    for name, one in SERVICES.items():
        for needed, how in one.get("depends_on", {}).items():
            wanted = "completed_successfully" if needed in ONE_SHOT else "healthy"
            assert how == {"condition": f"service_{wanted}"}, (name, needed)


def test_ports_are_those_of_the_settings_on_this_machine_alone() -> None:
    settings = Settings({}).as_environment()
    published = {}
    for one in SERVICES.values():
        for port in one.get("ports", ()):
            found = re.fullmatch(r"127\.0\.0\.1:\$\{(ADLAKE_\w+):-(\d+)\}:\d+", port)
            assert found is not None, port
            published[found[1]] = found[2]
    assert {name: settings[name] for name in published} == published
    assert {"3030", "3000", "9000", "9001", "8501", "8888"} <= set(published.values())


def test_what_a_user_sets_passes_through_with_the_default_of_the_settings() -> None:
    settings = Settings({}).as_environment()
    text = FILE.read_text()
    assert set(re.findall(r"\bADLAKE_[A-Z0-9_]+", text)) <= set(known_names())
    defaults = {
        name: rest for name, kind, rest in VARIABLE.findall(text) if name.startswith("ADLAKE_")
    }
    assert {n: OWN_CHOICE.get(n, settings[n]) for n in defaults} == defaults


def test_no_password_stands_in_the_file_and_without_env_it_says_what_to_do() -> None:
    named = {n: (kind, said) for n, kind, said in VARIABLE.findall(FILE.read_text())}
    secrets = {name: one for name, one in named.items() if name.startswith("LAKEHOUSE_")}
    assert set(secrets) == set(SECRETS)
    for kind, said in secrets.values():
        assert kind == ":?"
        assert "`make secrets`" in said
    for name, one in SERVICES.items():
        for variable, value in one.get("environment", {}).items():
            if re.search(r"PASS|SECRET|TOKEN|ENCRYPTION", variable):
                is_named = VARIABLE.fullmatch(str(value)) is not None
                assert is_named or value == "in-the-container-of-trino", (name, variable)


def test_the_api_is_told_whom_kpi_alerts_tell_and_may_write_it_down() -> None:
    given = SERVICES["api"]["environment"]
    wanted = {
        f"ADLAKE_{name.upper()}"
        for name in NotificationSettings.model_fields
        if not name.startswith("notify_") and not name.endswith("_file")
    }
    assert wanted <= set(given)
    assert "ADLAKE_POSTGRES_PASSWORD" in given


def test_tags_are_those_of_the_versions_file() -> None:
    versions = read_versions()
    named = [one["image"] for one in SERVICES.values()]
    for file in DOCKERFILES:
        named += re.findall(r"^FROM (\S+:\S+)", file.read_text(), re.MULTILINE)
    own = {"adlake", "adlake-grafana", "adlake-notebook"}
    seen = set()
    for image in named:
        name, _, tag = image.partition(":")
        seen.add(name)
        assert tag == (__version__ if name in own else versions[TAGS[name]]), image
    assert seen == own | set(TAGS)
    plugin = (REPO_ROOT / "infra" / "docker" / "grafana" / "Dockerfile").read_text()
    assert f"install trino-datasource {versions['GRAFANA_TRINO_PLUGIN']}\n" in plugin


def test_every_image_of_ours_is_built_by_exactly_one_service() -> None:
    built = [one["image"] for one in SERVICES.values() if "build" in one]
    assert sorted(built) == sorted(set(built))
    own = {one["image"] for one in SERVICES.values() if one["image"].startswith("adlake")}
    assert set(built) == own


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.parent.name)
def test_a_dockerfile_keeps_our_rules(file: Path) -> None:
    text = file.read_text()
    # A line that ends in a backslash goes on in the next one.
    steps = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", text)).splitlines()
    for line in filter(None, steps):
        word, _, rest = line.partition(" ")
        assert word in {"FROM", "RUN", "COPY", "WORKDIR", "ENV", "USER", "CMD"}, line
        assert ":latest" not in rest
        if "apt-get install" in rest:
            assert "--no-install-recommends" in rest
            assert "rm -rf /var/lib/apt/lists/*" in rest
        if re.search(r"\bpip install\b", rest):
            assert len(re.findall(r"pip install --require-hashes", rest)) == len(
                re.findall(r"pip install", rest)
            )
        assert not re.search(r"curl|wget|https?://", rest), "fetched by a package manager alone"
    last_user = [line for line in steps if line.startswith("USER ")][-1]
    assert last_user not in {"USER root", "USER 0"}


def test_images_get_only_what_they_copy() -> None:
    lines = (REPO_ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert not {".env", ".runtime", ".git", "tests", "."} & let_in
    copied = set()
    for file in DOCKERFILES:
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", file.read_text(), re.MULTILINE):
            copied |= {name.split("/")[0] for name in line.split()}
    assert copied == let_in


def composes() -> list[list[str]]:
    """Every compose that this machine has; none is fine, the rules above are read without one."""
    found = [["docker-compose"]] if shutil.which("docker-compose") else []
    if shutil.which("docker"):
        plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        found += [["docker", "compose"]] if plugin.returncode == 0 else []
    return found


def test_every_compose_of_this_machine_reads_the_file(tmp_path: Path) -> None:
    file, secrets, empty = tmp_path / FILE.name, tmp_path / ".env", tmp_path / "empty"
    file.write_text(FILE.read_text())
    add_missing(secrets)
    empty.write_text("COMPOSE_PROJECT_NAME=adlake\n")
    for compose in composes():
        command = [*compose, "-f", str(file), "--env-file"]
        done = subprocess.run(
            [*command, str(secrets), "config"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        rendered = yaml.safe_load(done.stdout)["services"]
        assert set(rendered) >= WANTED | ONE_SHOT
        assert set(rendered) <= set(SERVICES)
        done = subprocess.run(
            [*command, str(secrets), "--profile", REST_PROFILE, "config"],
            capture_output=True, text=True, check=False, env={**os.environ, **REST},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        rendered = yaml.safe_load(done.stdout)["services"]
        assert set(rendered) >= WANTED | ONE_SHOT | {"rest-catalog"}
        stream = rendered["lakehouse-spark"]["environment"]
        assert {name: stream[name] for name in REST} == REST
        done = subprocess.run(
            [*command, str(empty), "config"], capture_output=True, text=True, check=False
        )
        assert done.returncode != 0
        assert "run `make secrets` first" in done.stderr


def test_doctor_looks_at_every_port_that_is_published() -> None:
    named = re.findall(r"127\.0\.0\.1:\$\{(ADLAKE_\w+)", FILE.read_text())
    assert sorted(set(named)) == sorted(PUBLISHED)
