"""Starts a real Grafana with these files and asks it what it makes of them (`make grafana-trial`).

For machines with a container engine, beside a running stack (`make up`):

1. a container with the files of `grafana/`, its data sources at the servers of this machine;
2. every dashboard and every rule must be there, by its id;
3. every query of every panel must be answered without an error, through Grafana;
4. a picture of each dashboard goes to docs/img, where chromium is installed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from adlake.devstack.install.versions import read_versions
from adlake.settings import REPO_ROOT, Settings
from tools.grafana.queries import VARIABLE

FOLDER: Final = REPO_ROOT / "grafana"
PICTURES: Final = REPO_ROOT / "docs" / "img"
PLUGIN: Final = "trino-datasource"
NAME: Final = "adlake-grafana-trial"
PORT: Final = 3000
READY_SECONDS: Final = 180.0
"""A first start fetches the plug-in."""
Json = dict[str, Any]


class Grafana:
    """A Grafana that answers without a login, or to the given `Authorization`."""

    def __init__(self, address: str, authorization: str = "") -> None:
        self.address = address
        self._headers = {"Content-Type": "application/json"}
        if authorization:
            self._headers["Authorization"] = authorization

    def ask(self, path: str, body: Json | None = None) -> Any:  # noqa: ANN401 - it is JSON
        """The answer, also when it tells of an error; None when nobody answers."""
        request = urllib.request.Request(  # noqa: S310 - an address of this machine
            f"{self.address}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers=self._headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return json.loads(error.read() or b"null")
        except OSError:
            return None

    def wait(self, seconds: float) -> bool:
        """Whether it became ready in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            health = self.ask("/api/health")
            if isinstance(health, dict) and health.get("database") == "ok":
                return True
            time.sleep(1)
        return False


def problems(grafana: Grafana) -> Iterator[str]:
    """What Grafana does not know, or cannot answer, of the files."""
    known = {rule["uid"] for rule in grafana.ask("/api/v1/provisioning/alert-rules") or ()}
    for file in sorted((FOLDER / "provisioning" / "alerting").glob("*.json")):
        for group in json.loads(file.read_text())["groups"]:
            yield from (
                f"no rule {rule['uid']}" for rule in group["rules"] if rule["uid"] not in known
            )
    for file in sorted((FOLDER / "dashboards").glob("*.json")):
        ours = json.loads(file.read_text())
        found = (grafana.ask(f"/api/dashboards/uid/{ours['uid']}") or {}).get("dashboard", {})
        if len(found.get("panels", ())) != len(ours["panels"]):
            yield f"no dashboard {ours['uid']} with {len(ours['panels'])} panels"
        for panel in ours["panels"]:
            yield from _unanswered(grafana, panel)


def _unanswered(grafana: Grafana, panel: Json) -> Iterator[str]:
    queries = [_filled_in(target) for target in panel.get("targets", ())]
    if not queries:
        return
    answer = grafana.ask("/api/ds/query", {"from": "now-1h", "to": "now", "queries": queries})
    results = (answer or {}).get("results", {})
    for query in queries:
        result = results.get(query["refId"], {"error": json.dumps(answer)})
        if "error" in result:
            yield f"{panel['title']} {query['refId']}: {result['error']}"


def _filled_in(target: Json) -> Json:
    """What the browser does before it asks: here every variable is empty."""
    text = json.dumps(target).replace("$__rate_interval", "1m")
    return {**json.loads(VARIABLE.sub("''", text)), "intervalMs": 15_000, "maxDataPoints": 500}


@contextmanager
def started(engine: str, settings: Settings) -> Iterator[Grafana]:
    """Inside, a container runs; it is gone afterwards."""
    at = "http://127.0.0.1:{}".format
    ports = settings.ports
    environment = {
        "TRINO_URL": at(ports.trino_port),
        "PROMETHEUS_URL": at(ports.prometheus_port),
        "ALERTMANAGER_URL": at(ports.alertmanager_port),
        "GF_SERVER_HTTP_ADDR": "127.0.0.1",
        "GF_SERVER_HTTP_PORT": str(PORT),
        "GF_AUTH_ANONYMOUS_ENABLED": "true",
        "GF_AUTH_ANONYMOUS_ORG_ROLE": "Admin",
        "GF_PLUGINS_PREINSTALL": PLUGIN,
    }
    mounts = {
        "provisioning": "/etc/grafana/provisioning",
        "dashboards": "/etc/grafana/dashboards",
    }
    command = [engine, "run", "--detach", "--rm", "--name", NAME, "--network", "host"]
    for name, value in environment.items():
        command += ["--env", f"{name}={value}"]
    for name, place in mounts.items():
        command += ["--volume", f"{FOLDER / name}:{place}:ro"]
    image = f"grafana/grafana:{read_versions()['GRAFANA_VERSION']}"
    subprocess.run([*command, image], check=True, stdout=subprocess.DEVNULL)
    try:
        yield Grafana(at(PORT))
    finally:
        subprocess.run([engine, "stop", NAME], check=False, stdout=subprocess.DEVNULL)


def picture(grafana: Grafana, file: Path) -> None:
    """A picture of one dashboard, as a person sees it without menus."""
    uid = json.loads(file.read_text())["uid"]
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1600,2400",
         "--virtual-time-budget=20000", f"--screenshot={PICTURES / f'grafana-{file.stem}.png'}",
         f"{grafana.address}/d/{uid}?kiosk"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def main() -> None:
    """Try it; exits with what Grafana did not like."""
    engine = next((one for one in ("docker", "podman") if shutil.which(one)), None)
    if engine is None:
        sys.exit("a trial of Grafana needs docker or podman, and this machine has neither")
    with started(engine, Settings()) as grafana:
        if not grafana.wait(READY_SECONDS):
            said = subprocess.run(
                [engine, "logs", "--tail", "20", NAME], capture_output=True, text=True, check=False
            )
            sys.exit(f"Grafana did not get ready:\n{said.stdout}{said.stderr}")
        found = list(problems(grafana))
        if not found and shutil.which("chromium"):
            for file in sorted((FOLDER / "dashboards").glob("*.json")):
                picture(grafana, file)
    if found:
        sys.exit("Grafana does not take the files as they are:\n" + "\n".join(found))
    sys.stdout.write("Grafana knows every dashboard and rule, and answers every panel\n")


if __name__ == "__main__":
    main()
