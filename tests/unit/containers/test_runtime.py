"""RUNTIME: which form a verb means, and what an engine that is not there is told."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from adlake import environment
from adlake.devstack.containers import choice, doctor, engine, stack, states
from adlake.devstack.containers.engine import Compose, EngineFacts
from adlake.devstack.containers.secret_lines import add_missing
from adlake.devstack.containers.stack import ContainerStack
from adlake.devstack.doctor import Verdict
from adlake.devstack.errors import DevstackError
from adlake.devstack.runtime import Runtime
from adlake.devstack.stack import Stack
from adlake.settings import Settings

GIB = 1 << 30
Programs = Callable[[str, str], None]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Puts a program of that name, with that body, alone on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}")
    monkeypatch.setattr(environment, "_user", {})

    def put(name: str, body: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)

    return put


def test_without_a_client_or_an_engine_nobody_answers(programs: Programs) -> None:
    assert engine.engine_facts() is None
    # As Docker's client without an engine: it prints its own facts, and an error.
    programs("docker", """echo '{"ServerVersion":"","ServerErrors":["cannot connect"]}'; exit 1""")
    assert engine.engine_facts() is None
    programs("docker", """echo '{"ServerErrors":["cannot connect"]}'""")
    assert engine.engine_facts() is None
    with pytest.raises(DevstackError, match="RUNTIME=native"):
        engine.find_compose()


def test_the_plugin_is_taken_before_the_older_program(programs: Programs) -> None:
    facts = f'{{"ServerVersion":"28.2","MemTotal":{8 * GIB},"NCPU":2}}'
    answers = f"""case "$1" in info) echo '{facts}';; compose) PLUGIN;; esac"""
    programs("docker", answers.replace("PLUGIN", "exit 1"))
    assert engine.engine_facts() == EngineFacts("28.2", 8 * GIB, 2)
    with pytest.raises(DevstackError, match="there is no compose"):
        engine.find_compose()
    programs("docker-compose", "echo 1.29.2")
    assert engine.find_compose() == ("docker-compose",)
    programs("docker", answers.replace("PLUGIN", "echo v2.39.1"))
    assert engine.find_compose() == ("docker", "compose")


def test_the_client_gets_what_it_finds_its_engine_by_and_no_secret_of_ours(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///there")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    programs("docker", f"{Path('/usr/bin/env')}")
    shown = engine.ask("docker") or ""
    assert "DOCKER_HOST=unix:///there" in shown
    assert "PYTHONPATH" not in shown


@pytest.mark.parametrize("answers", [True, False])
def test_auto_is_docker_where_an_engine_answers_and_nothing_native_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answers: bool
) -> None:
    facts = EngineFacts("28", 8 * GIB, 2) if answers else None
    monkeypatch.setattr(choice, "engine_facts", lambda: facts)
    monkeypatch.setattr(choice, "REPO_ROOT", tmp_path)
    here = Settings({"ADLAKE_HOME": str(tmp_path / ".runtime")})
    assert choice.choose(Runtime.AUTO, here) is (Runtime.DOCKER if answers else Runtime.NATIVE)
    # A state folder of one's own is one of the native form.
    own = Settings({"ADLAKE_HOME": str(tmp_path / "lake")})
    assert choice.choose(Runtime.AUTO, own) is Runtime.NATIVE
    assert choice.choose(Runtime.DOCKER, own) is Runtime.DOCKER
    monkeypatch.setattr(Stack, "running", lambda _self: ["kafka"])
    assert choice.choose(Runtime.AUTO, here) is Runtime.NATIVE
    assert choice.choose(Runtime.NATIVE, here) is Runtime.NATIVE


def container(service: str, **state: object) -> dict[str, object]:
    """What an engine says of one container, as far as it is read."""
    return {
        "Name": f"/adlake_{service}_1",
        "Config": {"Labels": {"com.docker.compose.service": service}},
        "State": {"Running": True, "ExitCode": 0, **state},
        "HostConfig": {"Memory": 256 << 20},
        "NetworkSettings": {
            "Ports": {"3000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "3000"}], "9/tcp": None}
        },
    }


def test_a_container_is_ready_not_ready_done_or_died(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [
        container("a", Health={"Status": "healthy"}),
        container("b", Health={"Status": "starting"}),
        container("c", Running=False),
        container("d", Running=False, ExitCode=1),
        container("e"),
    ]
    monkeypatch.setattr(states, "ask", lambda *_words, **_how: json.dumps(told))
    monkeypatch.setattr(Compose, "containers", lambda _self: ["1"])
    compose = Compose(("compose",))
    found = states.container_states(compose)
    assert [one.state for one in found] == ["ready", "not ready", "done", "died", "ready"]
    assert [one.is_fine for one in found] == [True, False, True, False, True]
    assert found[0].ports == "127.0.0.1:3000"
    assert "256 MiB" in states.as_table(found)
    with pytest.raises(DevstackError, match="d ended with an error: `make logs RUNTIME=docker"):
        states.wait_until_fine(compose, 0, lambda _line: None)
    del told[3]
    with pytest.raises(DevstackError, match="b not ready in time"):
        states.wait_until_fine(compose, 0, lambda _line: None)


def test_up_makes_the_passwords_and_a_refusal_of_compose_is_told(
    tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "SETTINGS_FILE", tmp_path / ".env")
    programs("compose", f'echo "$@" >> {tmp_path}/asked; exit ${{CODE:-0}}')
    said: list[str] = []
    one = ContainerStack(Settings({}), said.append, Compose(("compose",)))
    monkeypatch.setattr(stack, "wait_until_fine", lambda *_: None)
    one.up(["dashboard"])
    assert "make passwords" in said[0]
    one.down()
    one.nuke()
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == [
        "up --detach --build dashboard",
        "--profile notebooks --profile rest down --remove-orphans",
        "--profile notebooks --profile rest down --volumes --remove-orphans",
    ]
    with_rest = Settings({"ADLAKE_CATALOG_TYPE": "rest"})
    ContainerStack(with_rest, said.append, Compose(("compose",))).up()
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[-1] == "--profile rest up --detach --build"
    programs("compose", "exit 3")
    with pytest.raises(DevstackError, match=r"compose failed .*exit code 3"):
        one.down()
    with pytest.raises(DevstackError, match="takes ONLY"):
        one.up(without=["kafka"])


def test_logins_are_shown_once_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    monkeypatch.setattr(stack, "SETTINGS_FILE", file)
    with pytest.raises(DevstackError, match="`make secrets`"):
        stack.logins(Settings({}))
    add_missing(file)
    shown = stack.logins(Settings({"ADLAKE_GRAFANA_PORT": "3001"}))
    made = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    assert made["LAKEHOUSE_GRAFANA_PASSWORD"] in shown
    assert "http://127.0.0.1:3001" in shown
    assert made["LAKEHOUSE_POSTGRES_ADMIN_PASSWORD"] not in shown


def test_doctor_judges_memory_compose_and_ports() -> None:
    small, large = EngineFacts("28", 4 * GIB, 2), EngineFacts("28", 8 * GIB - (200 << 20), 2)
    assert doctor.memory_finding(small).verdict is Verdict.WARNING
    assert doctor.memory_finding(large).verdict is Verdict.OK
    verdicts = {v: doctor.compose_finding(v).verdict for v in ("1.28.6", "1.29.2", "2.39.1")}
    assert [*verdicts.values()] == [Verdict.BLOCKS, Verdict.OK, Verdict.OK]
    assert doctor.compose_finding(None).verdict is Verdict.BLOCKS
    ours = doctor.port_findings(Settings({}), {3000})
    assert "our containers" in next(str(one) for one in ours if one.subject == "port 3000")


def test_doctor_looks_at_the_port_of_a_rest_catalog_only_where_there_will_be_one() -> None:
    def subjects(**given: str) -> set[str]:
        return {one.subject for one in doctor.port_findings(Settings(given), set())}

    assert "port 8181" not in subjects()
    assert "port 8181" in subjects(ADLAKE_CATALOG_TYPE="rest")


def test_no_engine_is_one_finding_that_blocks(programs: Programs) -> None:
    found = doctor.examine(Settings({}))
    assert [one.verdict for one in found] == [Verdict.BLOCKS]
    assert os.environ["PATH"].endswith("bin")
