"""The trial of a real Grafana, against doubles: an HTTP server and a program named docker."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from adlake.settings import REPO_ROOT, Settings
from tools.grafana import trial

FOLDER = REPO_ROOT / "grafana"


class Double:
    """Answers as Grafana does when all is well; `wrong` says what is not."""

    def __init__(self) -> None:
        self.wrong = ""
        self.queries: list[dict[str, Any]] = []
        self.address = ""

    def answer(self, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
        if path == "/api/health":
            return 200, {"database": "ok"}
        if path == "/api/v1/provisioning/alert-rules":
            file = FOLDER / "provisioning" / "alerting" / "trust.json"
            rules = json.loads(file.read_text())["groups"][0]["rules"]
            return 200, rules[1:] if self.wrong == "a rule is missing" else rules
        if found := re.fullmatch(r"/api/dashboards/uid/adlake-(\w+)", path):
            if self.wrong == found[1]:
                return 404, {"message": "Dashboard not found"}
            return 200, {
                "dashboard": json.loads((FOLDER / f"dashboards/{found[1]}.json").read_text())
            }
        assert path == "/api/ds/query"
        assert body
        self.queries += body["queries"]
        return 200, {"results": {one["refId"]: self._result(one) for one in body["queries"]}}

    def _result(self, query: dict[str, Any]) -> dict[str, Any]:
        if self.wrong and self.wrong in query.get("rawSQL", ""):
            return {"error": "line 1: mismatched input", "status": 400}
        return {"status": 200, "frames": []}


@pytest.fixture
def double() -> Iterator[Double]:
    played = Double()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(*played.answer(self.path, None))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._say(*played.answer(self.path, json.loads(body)))

        def _say(self, status: int, content: object) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    played.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield played
    server.shutdown()
    server.server_close()


def test_every_query_of_every_panel_is_asked_with_nothing_left_to_fill_in(double: Double) -> None:
    grafana = trial.Grafana(double.address)
    assert grafana.wait(5)
    assert list(trial.problems(grafana)) == []
    targets = [
        target
        for file in (FOLDER / "dashboards").glob("*.json")
        for panel in json.loads(file.read_text())["panels"]
        for target in panel.get("targets", ())
    ]
    assert len(double.queries) == len(targets) > 50
    assert not any(
        "${" in json.dumps(one) or "rate_interval" in json.dumps(one) for one in double.queries
    )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("a rule is missing", ["no rule adlake-invalid-traffic"]),
        ("operations", ["no dashboard adlake-operations with "]),
        ("sigmas_away", ["CTR outliers A: line 1: mismatched input"] * 2),
    ],
)
def test_what_grafana_does_not_take_is_named(double: Double, wrong: str, told: list[str]) -> None:
    double.wrong = wrong
    found = list(trial.problems(trial.Grafana(double.address)))
    assert len(found) == len(told)
    assert all(one.startswith(text) for one, text in zip(found, told, strict=True))


def test_a_grafana_that_nobody_started_is_not_waited_for_for_ever() -> None:
    assert not trial.Grafana("http://127.0.0.1:9").wait(0.1)


def test_the_container_gets_the_files_and_the_servers_of_this_machine_and_is_stopped(
    tmp_path: Path,
) -> None:
    engine = tmp_path / "docker"
    engine.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {tmp_path / "asked"}\n')
    engine.chmod(0o755)
    settings = Settings({"ADLAKE_TRINO_PORT": "18080"})
    with trial.started(str(engine), settings) as grafana:
        assert grafana.address == f"http://127.0.0.1:{trial.PORT}"
    run, stop = (tmp_path / "asked").read_text().splitlines()
    assert stop == f"stop {trial.NAME}"
    assert run.startswith("run --detach --rm ")
    assert re.search(r" grafana/grafana:13\.\d+\.\d+$", run)
    for given in (
        "TRINO_URL=http://127.0.0.1:18080", "GF_SERVER_HTTP_ADDR=127.0.0.1",
        f"{FOLDER}/provisioning:/etc/grafana/provisioning:ro",
        f"{FOLDER}/dashboards:/etc/grafana/dashboards:ro",
    ):  # fmt: skip
        assert f" {given} " in run
