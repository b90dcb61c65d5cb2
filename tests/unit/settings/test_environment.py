"""No variable and no configuration file of the user's other tools steers us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adlake import environment
from adlake.devstack.install.java_downloads import network_options
from adlake.io.trino.client import direct_session
from tests.fixtures.hostile import VARIABLES, hostile_environment

ENTRY = """
import sys
sys.path.insert(0, {sources!r})
from adlake import environment
environment.enter(__file__, "verb", also={also!r})
import json, os, time
told = dict(env=dict(os.environ), argv=sys.argv[1:], optimize=sys.flags.optimize, zone=time.tzname,
    path=sys.path, stdout=sys.stdout.encoding, errors=sys.stdout.errors, pid=os.getpid(),
    home=str(environment.user_home()), downloads=environment.for_downloads())
print(json.dumps(told))
"""


def told_by_child(
    tmp_path: Path, given: dict[str, str], also: tuple[str, ...] = ()
) -> dict[str, object]:
    """What an entry file sees after it has left the environment `given`."""
    entry = tmp_path / "entry file.py"
    entry.write_text(ENTRY.format(sources=str(environment.SOURCES), also=also))
    # The foreign sitecustomize would end the first interpreter, whoever starts it: not our entry.
    (tmp_path / "foreign" / "sitecustomize.py").unlink(missing_ok=True)
    (tmp_path / "foreign" / "usercustomize.py").unlink(missing_ok=True)
    child = subprocess.Popen(
        [sys.executable, str(entry), "one", "two words"], env=given, stdout=subprocess.PIPE
    )
    output, _ = child.communicate(timeout=60)
    told: dict[str, object] = json.loads(output)
    assert told["pid"] == child.pid
    return told


def test_a_command_sees_nothing_of_the_users_other_tools(tmp_path: Path) -> None:
    given = hostile_environment(tmp_path, ADLAKE_TRINO_PORT="1234", JAVA_HOME="/jdk")
    told = told_by_child(tmp_path, given)
    seen = told["env"]
    expected = {name: given[name] for name in ("PATH", "JAVA_HOME", "ADLAKE_TRINO_PORT", "TERM")}
    assert seen == expected | {"HOME": environment.NOWHERE} | environment.FIXED
    assert told["argv"] == ["verb", "one", "two words"]
    assert told["optimize"] == 0, "assertions are ours to keep"
    assert told["zone"] == ["UTC", "UTC"]
    assert str(tmp_path / "foreign") not in str(told["path"])
    assert (told["stdout"], told["errors"]) == ("utf-8", "backslashreplace")
    assert told["home"] == given["HOME"]


def test_downloads_alone_still_see_proxies_and_java_options(tmp_path: Path) -> None:
    given = hostile_environment(tmp_path)
    told = told_by_child(tmp_path, given)
    assert told["downloads"] == {
        name: given[name] for name in environment.DOWNLOADS if name in given
    }


def test_only_the_entry_of_spark_submit_sees_its_gateway(tmp_path: Path) -> None:
    seen = told_by_child(tmp_path, hostile_environment(tmp_path), ("PYSPARK_GATEWAY_PORT",))["env"]
    assert isinstance(seen, dict)
    assert seen["PYSPARK_GATEWAY_PORT"] == "1"
    assert "PYSPARK_GATEWAY_SECRET" not in seen


def test_a_service_gets_the_settings_and_little_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ADLAKE_TRINO_PORT", "1")
    seen = environment.of_service({"ADLAKE_TRINO_PORT": "2"}, "mark", tmp_path)
    own = {
        "HOME": str(tmp_path / "tmp" / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        environment.MARKER: "mark",
    }
    passed = {name: os.environ[name] for name in environment.SERVICES if name in os.environ}
    assert seen == passed | environment.FIXED | own | {"ADLAKE_TRINO_PORT": "2"}


@pytest.mark.parametrize("command", ["settings", "query", "status"])
def test_a_command_works_in_a_hostile_environment(tmp_path: Path, command: str) -> None:
    given = hostile_environment(tmp_path, ADLAKE_HOME=str(tmp_path / "lake"))
    done = subprocess.run(
        [*environment.command_line(command)], env=given, cwd=tmp_path / "home",
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_http_on_this_machine_never_asks_a_proxy_or_netrc() -> None:
    assert direct_session().trust_env is False


def test_pyiceberg_reads_no_file_of_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / ".pyiceberg.yaml").write_text("catalog:\n  lakehouse:\n    uri: elsewhere\n")
    question = "from pyiceberg.utils.config import Config; print(dict(Config().config))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", question], env={"HOME": "/nosuch"} | environment.FIXED,
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "elsewhere" not in done.stdout
    assert "legacy-current-snapshot-id" in done.stdout


def test_java_downloads_use_the_proxy_and_certificates_of_the_user() -> None:
    given = {
        "https_proxy": "http://eve@proxy.example:3128", "HTTP_PROXY": "proxy.example",
        "NO_PROXY": "localhost, .example.org",
        "JAVA_TOOL_OPTIONS": "-Xmx1m '-Djavax.net.ssl.trustStore=/a b/store' -Duser.language=tr",
    }  # fmt: skip
    assert network_options(given) == [
        "-Dhttp.proxyHost=proxy.example", "-Dhttp.proxyPort=80",
        "-Dhttps.proxyHost=proxy.example", "-Dhttps.proxyPort=3128",
        "-Dhttp.nonProxyHosts=localhost|*.example.org",
        "-Djavax.net.ssl.trustStore=/a b/store",
    ]  # fmt: skip
    assert network_options({"JAVA_TOOL_OPTIONS": "'unclosed"}) == []
