"""pip and uv get the mirrors, certificates and proxies of the user; where to install is ours."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import tomllib
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from adlake.devstack.install.download_environment import for_packages
from adlake.environment import SOURCES
from tests.fixtures.hostile import hostile_environment

MIRROR = "https://mirror.example/simple"


def environment_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **more: str) -> dict[str, str]:
    given = hostile_environment(tmp_path, **more)
    monkeypatch.setenv("HOME", given["HOME"])
    return for_packages(Path(sys.executable), tmp_path, tmp_path / "scratch", given)


def test_where_and_how_to_install_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = environment_of(tmp_path, monkeypatch)
    for name in ("PIP_USER", "PIP_TARGET", "PIP_REQUIRE_VIRTUALENV", "PIP_NO_BINARY", "UV_TARGET",
                 "UV_SYSTEM_PYTHON", "PYTHONPATH", "VIRTUAL_ENV", "JAVA_TOOL_OPTIONS"):  # fmt: skip
        assert name not in made
    assert made["PIP_CONFIG_FILE"] == "/dev/null"
    assert Path(made["UV_CONFIG_FILE"]).read_text() == ""
    assert made["HTTPS_PROXY"] == "http://127.0.0.1:9"


def test_a_mirror_of_pip_conf_serves_uv_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = {"PIP_CERT": "/my/ca.pem", "PIP_EXTRA_INDEX_URL": "https://second.example/simple"}
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {MIRROR}\nuser = true\n")
    made = environment_of(tmp_path, monkeypatch, PIP_CONFIG_FILE=str(tmp_path / "pip.conf"), **more)
    assert made["PIP_INDEX_URL"] == made["UV_DEFAULT_INDEX"] == MIRROR
    assert made["UV_INDEX"] == "https://second.example/simple"
    assert made["SSL_CERT_FILE"] == "/my/ca.pem"


def test_what_uv_is_told_wins_for_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "mine.toml"
    config.write_text(
        'cache-keys = []\n[pip]\ntarget = "/nosuch"\nno-index = false\n'
        f'[[index]]\nname = "mine"\nurl = "{MIRROR}"\ndefault = true\n'
    )
    made = environment_of(
        tmp_path, monkeypatch, UV_CONFIG_FILE=str(config), PIP_INDEX_URL="https://other.example",
        UV_INDEX_MINE_USERNAME="eve",
    )  # fmt: skip
    assert tomllib.loads(Path(made["UV_CONFIG_FILE"]).read_text()) == {
        "no-index": False,
        "index": [{"name": "mine", "url": MIRROR, "default": True}],
    }
    assert "UV_DEFAULT_INDEX" not in made
    assert made["UV_INDEX_MINE_USERNAME"] == "eve"


def test_a_home_that_cannot_be_written_costs_no_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/dev/null")
    given = {"HOME": "/dev/null", "PATH": "/usr/bin"}
    made = for_packages(Path(sys.executable), tmp_path, tmp_path / "scratch", given)
    assert made["UV_CACHE_DIR"] == str(tmp_path / ".cache" / "uv")
    assert made["PIP_CACHE_DIR"] == str(tmp_path / ".cache" / "pip")


DOWNLOAD = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell ignores it
sys.path.insert(0, {sources!r})
from pathlib import Path
from adlake.cli import application, stack
from adlake.devstack.install import fetch as install
from adlake.devstack.install import ivy
from adlake.devstack.install.java import Jdk

ivy._ivy_jar = lambda: Path("none")
home = Path({home!r})
jdk = Jdk(home, 17, True)
one = install.FileSet("kafka", (), home / "folder")
two = install.FileSet("spark", (), home / "folder2")
progress = install.DownloadProgress({{"kafka": 1, "spark": 1}})
fetcher = install._Fetcher(home, jdk, {{}}, progress, print)
install._is_complete = lambda *_: False
application.app.command(name="probe")(lambda: install._fetch_all(fetcher, [one, two]))
sys.argv[1:] = ["probe"]
application.main()
"""


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_download_ends_with_the_command(tmp_path: Path, ending: signal.Signals) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\nexec sleep 300\n")
    java.chmod(0o755)
    script = tmp_path / "download.py"
    script.write_text(DOWNLOAD.format(sources=str(SOURCES), home=str(tmp_path)))
    command = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    children: list[psutil.Process] = []
    deadline = time.monotonic() + 60
    while len(children) < 2:
        assert time.monotonic() < deadline
        assert command.poll() is None, command.communicate()[0]
        children = psutil.Process(command.pid).children()
        time.sleep(0.05)
    try:
        command.send_signal(ending)
        said, _ = command.communicate(timeout=20)
        psutil.wait_procs(children, timeout=5)
        assert not [child for child in children if child.is_running()]
    finally:
        for process in (*children, command):
            with suppress(psutil.NoSuchProcess):
                process.kill()
    assert command.returncode == 128 + ending
    assert "Traceback" not in said
