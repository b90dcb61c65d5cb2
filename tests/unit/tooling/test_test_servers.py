"""Where the servers of the tests run: what is asked for, what the machine has, what is said."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound
from requests import ReadTimeout

from adlake.devstack.stack import Stack
from tests.fixtures.lake import Lake
from tests.fixtures.servers import choice, containers
from tests.fixtures.servers.choice import COMPOSE, SERVERS, Servers, choose

IMAGES = [COMPOSE[name]["image"] for name in SERVERS]
TRYING: Mapping[str, Any] = {"stream": "Trying to pull ..."}
GETTING: Mapping[str, Any] = {"status": "Pulling fs layer"}
REFUSED: Mapping[str, Any] = {"error": "no such host"}


def never() -> str:
    raise AssertionError("the machine was asked")


def test_native_is_native_and_asks_nobody() -> None:
    assert choose("native", never).servers is Servers.NATIVE


def test_auto_takes_containers_where_nothing_keeps_it_from_them() -> None:
    assert choose("auto", lambda: "").servers is Servers.CONTAINERS
    refused = choose("auto", lambda: "there is no engine")
    assert refused.servers is Servers.NATIVE
    assert "there is no engine" in str(refused)


def test_containers_that_cannot_be_had_are_an_error() -> None:
    assert choose("containers", lambda: "").servers is Servers.CONTAINERS
    with pytest.raises(pytest.UsageError, match="TEST_SERVERS=containers, but there is no engine"):
        choose("containers", lambda: "there is no engine")


def test_a_choice_that_is_none_is_refused() -> None:
    with pytest.raises(pytest.UsageError, match="docker is none of auto, native, containers"):
        choose("docker", never)


def test_processes_of_a_run_make_its_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(choice.VARIABLE, "auto")
    monkeypatch.setattr(choice, "obstacle_to_containers", lambda: "there is no engine")
    assert choice.decide().servers is Servers.NATIVE
    assert os.environ[choice.VARIABLE] == "native"
    assert not choice.in_containers()
    monkeypatch.setenv(choice.VARIABLE, "")
    monkeypatch.setattr(choice, "obstacle_to_containers", lambda: "")
    assert choice.decide().servers is Servers.CONTAINERS
    assert choice.in_containers()


@pytest.fixture
def engine_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    def obstacle(address: str) -> str:
        monkeypatch.setenv("DOCKER_HOST", address)
        return choice.obstacle_to_containers()

    return obstacle


def test_without_an_engine_there_is_nothing_to_run_them(
    engine_at: Callable[[str], str], tmp_path: Path
) -> None:
    assert engine_at(f"unix://{tmp_path}/nobody.sock") == "no container engine answers"


def test_an_engine_that_is_silent_is_not_waited_for(
    engine_at: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "ANSWER_SECONDS", 1)
    address = tmp_path / "silent.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(address))
        silent.listen()
        began = time.monotonic()
        assert engine_at(f"unix://{address}") == "no container engine answers"
    assert time.monotonic() - began < 10


def test_an_engine_elsewhere_does_not_see_the_files_of_a_lake(
    engine_at: Callable[[str], str],
) -> None:
    assert "does not see the files" in engine_at("tcp://192.0.2.1:2375")
    assert "does not see the files" in engine_at("ssh://somebody@192.0.2.1")


class Engine(BaseHTTPRequestHandler):
    """An engine at a socket; `images` is the status that it answers for any image with."""

    images = 200

    def do_GET(self) -> None:
        status, told = 200, {"ApiVersion": "1.41", "MinAPIVersion": "1.24", "message": "a word"}
        if "/images/" in self.path:
            status = self.images
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_told: object) -> None:
        """Nothing on the terminal."""


@pytest.mark.parametrize(("images", "said"), [(200, ""), (500, "no container engine answers")])
def test_an_engine_of_this_machine_is_asked_for_the_images(
    engine_at: Callable[[str], str], tmp_path: Path, images: int, said: str
) -> None:
    address = str(tmp_path / "engine.sock")
    handler = type("Answers", (Engine,), {"images": images})
    with ThreadingUnixStreamServer(address, handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert engine_at(f"unix://{address}") == said
        server.shutdown()


def engine(has: list[str], pull: Callable[[str], Iterator[Mapping[str, Any]]]) -> Any:  # noqa: ANN401
    """An engine with images; `pull` is what it tells while it gets another one."""

    def get(image: str) -> None:
        if image not in has:
            raise ImageNotFound(image)

    def pulled(name: str, tag: str, **_more: object) -> Iterator[Mapping[str, Any]]:
        return pull(f"{name}:{tag}")

    return SimpleNamespace(images=SimpleNamespace(get=get), api=SimpleNamespace(pull=pulled))


def refuse(_image: str) -> Iterator[Mapping[str, Any]]:
    yield from (TRYING, REFUSED)


def test_images_that_are_there_are_not_asked_for() -> None:
    def pull(image: str) -> Iterator[Mapping[str, Any]]:
        raise AssertionError(image)

    assert choice.obstacle_of(engine(IMAGES, pull), has_address=True) == ""


@pytest.mark.parametrize("missing", IMAGES)
def test_an_image_that_nobody_sends_is_named(missing: str) -> None:
    has = [image for image in IMAGES if image != missing]
    said = choice.obstacle_of(engine(has, refuse), has_address=True)
    assert said == f"the engine has no image {missing} and no registry sends it"


def test_images_that_a_registry_sends_need_not_be_there() -> None:
    asked = []

    def pull(image: str) -> Iterator[Mapping[str, Any]]:
        asked.append(image)
        yield from (TRYING, GETTING)
        raise AssertionError("the whole image is waited for")

    assert choice.obstacle_of(engine([], pull), has_address=True) == ""
    assert asked == IMAGES


@pytest.mark.parametrize("problem", [APIError("500"), ReadTimeout()])
def test_a_registry_that_breaks_off_or_is_silent_sends_nothing(problem: Exception) -> None:
    def pull(_image: str) -> Iterator[Mapping[str, Any]]:
        yield TRYING
        raise problem

    assert "no registry sends it" in choice.obstacle_of(engine([], pull), has_address=True)


def test_an_engine_that_only_says_that_it_tries_has_nothing() -> None:
    assert not choice.has_begun([TRYING])
    assert not choice.has_begun([])


def test_a_system_without_the_address_keeps_its_servers_native() -> None:
    assert "no address 127.0.0.2" in choice.obstacle_of(engine(IMAGES, refuse), has_address=False)
    assert choice.can_listen("127.0.0.1")
    assert not choice.can_listen("192.0.2.1")


def test_servers_in_containers_are_joined_and_never_started(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    servers = containers.ContainerServers(lake, network=None)
    lake.environment |= servers.addresses(["kafka"])
    at = {one.name: one.elsewhere() for one in Stack(lake.settings()).services(SERVERS)}
    assert at == {"postgres": "", "trino": "", "kafka": f"127.0.0.2:{lake.port_of('kafka')}"}
    lake.environment |= servers.addresses(SERVERS)
    for service in Stack(lake.settings()).services(SERVERS):
        assert service.elsewhere() == f"127.0.0.2:{lake.port_of(service.name)}"
    assert lake.settings().catalog_password().get_secret_value() == servers.passwords["writer"]


@pytest.mark.parametrize(
    ("options", "user"),
    [(["name=seccomp"], f"{os.getuid()}:{os.getgid()}"), (["name=rootless"], "0:0"), (None, None)],
)
def test_trino_is_whoever_owns_the_files_of_the_lake(
    monkeypatch: pytest.MonkeyPatch, options: list[str] | None, user: str | None
) -> None:
    """Without root the engine's own user is root inside."""
    told = SimpleNamespace(info=lambda: {"SecurityOptions": options})
    monkeypatch.setattr(containers, "DockerClient", lambda: SimpleNamespace(client=told))
    assert containers.user_of_our_files() == (user or f"{os.getuid()}:{os.getgid()}")
