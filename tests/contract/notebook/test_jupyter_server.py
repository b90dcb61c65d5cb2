"""`adlake notebook`: JupyterLab answers who has the token, and the token is kept nowhere else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from adlake.devstack.services.ports import free_ports
from adlake.environment import command_line
from adlake.settings import Settings

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


class Jupyter:
    """A running `adlake notebook`, its output in a file."""

    def __init__(self, settings: Settings, output: Path) -> None:
        [self.port] = free_ports(1)
        self.output = output
        variables = {**settings.as_environment(), "ADLAKE_NOTEBOOK_PORT": str(self.port)}
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                command_line("notebook"), env={"PATH": os.environ["PATH"], **variables},
                stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
                self.body = answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def wait(self) -> None:
        deadline = time.monotonic() + 120
        while self.status("/api") != 200:
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.2)


@pytest.fixture
def jupyter(private_lake: Settings, tmp_path: Path) -> Iterator[Jupyter]:
    started = Jupyter(private_lake, tmp_path / "output.txt")
    try:
        started.wait()
        yield started
    finally:
        started.process.kill()
        started.process.wait()


def test_the_token_opens_it_and_is_shown_once(jupyter: Jupyter, private_lake: Settings) -> None:
    token = (private_lake.paths.secrets_dir / "notebook").read_text()
    assert jupyter.status("/api/contents") == 403
    assert jupyter.status("/api/contents?token=wrong") == 403
    assert jupyter.status(f"/api/contents?token={token}") == 200
    names = {one["name"] for one in json.loads(jupyter.body)["content"]}
    assert "01_quick_tour.ipynb" in names
    arguments = Path(f"/proc/{jupyter.process.pid}/cmdline").read_bytes()
    assert token.encode() not in arguments
    jupyter.process.send_signal(signal.SIGTERM)
    jupyter.process.wait(30)
    text = jupyter.output.read_text()
    assert text.count(token) == 1
    assert f"JupyterLab: http://127.0.0.1:{jupyter.port}/lab?token={token}" in text
    home = private_lake.paths.home
    holders = [
        path for path in (*home.glob("logs/**/*"), *home.glob("notebook/**/*"))
        if path.is_file() and token.encode() in path.read_bytes()
    ]  # fmt: skip
    assert holders == []
