"""The stack as a whole: order, refusals, status, logs."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from adlake.devstack import status
from adlake.devstack.errors import DevstackError
from adlake.devstack.locks import exclusive
from adlake.devstack.logs import appended, log_lines
from adlake.devstack.secret_files import OTHERS_WRITE, ensure_secret
from adlake.devstack.services.postgres_place import reachable
from adlake.devstack.services.templates import render
from adlake.devstack.stack import HOME_MARKER, SERVICES, Stack, chosen
from adlake.devstack.status import MEMORY_BUDGET_BYTES, ServiceStatus, as_json, as_table
from adlake.settings import Settings


def stack_in(home: Path) -> Stack:
    return Stack(Settings({"ADLAKE_HOME": str(home)}))


def test_every_service_comes_after_those_it_needs() -> None:
    seen: set[str] = set()
    for kind in SERVICES:
        assert set(kind.requires) <= seen, f"{kind.name} is started before what it needs"
        seen.add(kind.name)


def test_the_stream_gets_time_to_finish_its_batch() -> None:
    grace = {kind.name: kind.grace_seconds for kind in SERVICES}
    assert grace["stream"] == 35.0


def test_services_are_chosen_by_name() -> None:
    assert chosen(["kafka"], ()) == {"kafka"}
    left_out = ["generator", "dashboard", "api", "prometheus", "alertmanager"]
    assert chosen(None, left_out) == {"postgres", "kafka", "trino", "stream"}
    with pytest.raises(DevstackError, match="'kafak' is no service; there are: postgres, kafka"):
        chosen(["kafak"], ())


def test_nuke_refuses_a_folder_that_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(DevstackError, match="does not look like a state folder"):
        stack_in(tmp_path).nuke()
    assert (tmp_path / "thesis.txt").exists()


def test_nuke_removes_our_folder_and_is_harmless_twice(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "warehouse").mkdir(parents=True)
    (home / HOME_MARKER).write_text("")
    stack_in(home).nuke()
    assert not home.exists()
    stack_in(home).nuke()


def test_up_refuses_a_folder_with_other_things(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(DevstackError, match=r"holds other things \(thesis\.txt\)"):
        stack_in(tmp_path).up(only=["kafka"])


def test_a_second_holder_waits_then_gives_up(tmp_path: Path) -> None:
    lines: list[str] = []
    path = tmp_path / "lock"
    with exclusive(path, "this stack", wait_seconds=0, report=lines.append):
        with (
            pytest.raises(DevstackError, match=f"still busy in process {os.getpid()}"),
            exclusive(path, "this stack", wait_seconds=0, report=lines.append),
        ):
            pass
        threading.Timer(0.3, lambda: None).start()
    with exclusive(path, "this stack", wait_seconds=0, report=lines.append):
        pass


def test_a_secret_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "postgres_password"
    secret = ensure_secret(path)
    assert ensure_secret(path) == secret
    assert len(secret) >= 24
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ensure_secret(tmp_path / "other") != secret


def test_a_closed_folder_is_not_reachable(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "data").mkdir(parents=True)
    closed.chmod(0o700)
    stranger = os.getuid() + 12_345
    assert not reachable(closed / "data", stranger)
    assert reachable(Path("/usr"), stranger)


def test_status_adds_up_and_compares_with_the_budget() -> None:
    rows = [
        ServiceStatus("kafka", "ready", 11, 65.0, 9092, 300_000_000),
        ServiceStatus("trino", "stopped", None, None, 8080, 0),
    ]
    document = json.loads(as_json(rows))
    assert document["memory_bytes"] == 300_000_000
    assert document["memory_budget_bytes"] == MEMORY_BUDGET_BYTES
    table = as_table(rows)
    assert "1m 05s" in table
    assert "0.30 GB of the 8 GB budget (within)" in table
    over = [ServiceStatus("stream", "ready", 1, 1.0, 4040, 9_000_000_000)]
    assert "(OVER)" in as_table(over)


@pytest.mark.parametrize("state", ["ready", "stopped"])
def test_status_says_what_waits_behind_an_open_transaction(
    state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = {"stream": "waits for the clock", "kafka": "", "trino": "", "supervisor": ""}
    monkeypatch.setattr(status, "status_of", lambda service: ServiceStatus(
        service.name, state if service.name == "kafka" else "ready", 1, 1.0, 1, 1,
        note=notes.get(service.name, ""),
    ))  # fmt: skip
    asked: list[str] = []

    def pending() -> str:
        asked.append("broker")
        return "4 records are pending"

    table = as_table(status.status_of_stack(stack_in(tmp_path), pending))
    assert ("stream: waits for the clock; 4 records are pending" in table) is (state == "ready")
    assert asked == ["broker"] * (state == "ready")
    assert "kafka:" not in table


def test_status_of_a_fresh_home_starts_nothing(tmp_path: Path) -> None:
    from adlake.devstack.status import status_of

    rows = [status_of(service) for service in stack_in(tmp_path / "none").services()]
    assert {row.state for row in rows} == {"stopped"}
    assert not (tmp_path / "none").exists()


def test_logs_show_the_end_and_what_is_appended(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "kafka.log"
    log.parent.mkdir()
    log.write_text("one\ntwo\nthree\n")
    assert list(log_lines(stack_in(tmp_path), "kafka", 2, follow=False)) == [
        "kafka      two",
        "kafka      three",
    ]
    offset = log.stat().st_size
    with log.open("a") as stream:
        stream.write("four\nhalf a li")
    lines, offset = appended(log, offset)
    assert lines == ["four"]
    log.write_text("new\n")
    assert appended(log, offset)[0] == ["new"]


def test_templates_refuse_an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        render("kafka/server.properties", tmp_path / "x", {"port": 1})


@pytest.mark.parametrize(("mask", "kept"), [(0o000, 0o022), (0o022, 0o022), (0o077, 0o077)])
def test_what_a_stack_makes_is_writable_by_its_owner_alone(
    tmp_path: Path, mask: int, kept: int
) -> None:
    before = os.umask(mask)
    try:
        home = tmp_path / "home"
        home.mkdir(mode=0o755)
        stack_in(home).down()
        made = [path for path in home.rglob("*") if path.stat().st_mode & OTHERS_WRITE]
        assert made == []
        assert list(home.iterdir())
    finally:
        assert os.umask(before) == kept
