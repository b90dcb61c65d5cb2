"""Prometheus and Alertmanager in the stack: optional, rendered, hurried for drills."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from adlake.devstack.doctor import Verdict, is_blocked, watcher_findings
from adlake.devstack.errors import DevstackError
from adlake.devstack.install.installation import Installation
from adlake.devstack.services import watching
from adlake.devstack.services.alertmanager import Alertmanager
from adlake.devstack.services.prometheus import Prometheus
from adlake.devstack.services.service import Started
from adlake.devstack.services.templates import INFRA_FOLDER
from adlake.devstack.services.watching import Watcher, hurried
from adlake.devstack.stack import SERVICES, Stack
from adlake.devstack.status import all_wanted_ready, status_of
from adlake.settings import Settings, SettingsError

RULES = (INFRA_FOLDER / "prometheus" / "alerts.yml").read_text()
WATCHERS = ("prometheus", "alertmanager")


@pytest.fixture
def no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching.shutil, "which", lambda _name: None)


def settings_in(home: Path, **given: str) -> Settings:
    chosen = {f"ADLAKE_{name}": value for name, value in given.items()}
    return Settings({"ADLAKE_HOME": str(home), **chosen})


def checked(program: str, *arguments: str) -> None:
    """The server's own tool finds nothing wrong."""
    found = shutil.which(program)
    assert found, f"{program} is missing: apt-get install prometheus prometheus-alertmanager"
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_they_are_the_optional_services_and_no_other() -> None:
    assert {kind.name for kind in SERVICES if kind.is_optional} == set(WATCHERS)


@pytest.mark.usefixtures("no_programs")
@pytest.mark.parametrize("is_named", [False, True])
def test_up_goes_without_them_and_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_named: bool
) -> None:
    started: list[str] = []

    def start(service: Watcher) -> Started:
        started.append(service.name)
        service.command()
        return Started(0.0, already_running=False)

    for kind in SERVICES:
        monkeypatch.setattr(
            kind, "start", start if kind.is_optional else lambda _: Started(0, True)
        )
    said: list[str] = []
    here = Path("/")
    nothing = Installation(here, None, here, here, here, here, here)  # type: ignore[arg-type]
    given = settings_in(tmp_path / "home", SUPERVISE="false")
    stack = Stack(given, said.append, nothing)
    if is_named:
        with pytest.raises(DevstackError, match="apt-get install prometheus"):
            stack.up(only=["prometheus"])
        return
    stack.up()
    assert started == []
    [line] = [line for line in said if line.strip().startswith("alertmanager")]
    assert line.split(maxsplit=1)[1] == (
        "left out: there is no program prometheus-alertmanager: "
        "`apt-get install prometheus-alertmanager`"
    )


@pytest.mark.usefixtures("no_programs")
def test_doctor_warns_and_status_is_no_failure(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    found = list(watcher_findings(settings))
    assert [(one.verdict, one.subject) for one in found] == [
        (Verdict.WARNING, "alertmanager"), (Verdict.WARNING, "prometheus"),
    ]  # fmt: skip
    assert "apt-get install prometheus-alertmanager" in found[0].remedy
    assert not is_blocked(found)
    row = status_of(Prometheus(settings))
    assert (row.state, row.note) == (
        "stopped", "there is no program prometheus: `apt-get install prometheus`",
    )  # fmt: skip
    assert all_wanted_ready([row])


def test_prometheus_is_told_what_to_scrape_and_where_alerts_go(tmp_path: Path) -> None:
    home = tmp_path / "a home's (odd) name"
    ports = {"METRICS_PORT": "21001", "PROMETHEUS_PORT": "21002", "ALERTMANAGER_PORT": "21003"}
    service = Prometheus(settings_in(home, SCRAPE_SECONDS="0.5", **ports))
    service.prepare()
    text = (home / "prometheus" / "prometheus.yml").read_text()
    for line in (
        "scrape_interval: 500ms", 'targets: ["127.0.0.1:21001"]', 'targets: ["127.0.0.1:21003"]',
        f"rule_files: [{json.dumps(str(home / 'prometheus' / 'alerts.yml'))}]",
    ):  # fmt: skip
        assert line in text
    assert (home / "prometheus" / "alerts.yml").read_text() == RULES, "used as it is"
    checked("promtool", "check", "config", str(home / "prometheus" / "prometheus.yml"))


def test_alertmanager_posts_to_the_webhook_alone_and_hides_it(tmp_path: Path) -> None:
    silent = Alertmanager(settings_in(tmp_path / "silent"))
    silent.prepare()
    assert "webhook_configs: []" in (silent.folder / "alertmanager.yml").read_text()
    secret = "https://hooks.invalid/T0/very-secret"  # noqa: S105 - of a test
    given = settings_in(tmp_path / "told", ALERT_WEBHOOK_URL=secret)
    told = Alertmanager(given)
    told.prepare()
    file = told.folder / "alertmanager.yml"
    assert f'webhook_configs: [{{"url": "{secret}"}}]' in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for one in (silent, told):
        checked("amtool", "check-config", str(one.folder / "alertmanager.yml"))
    assert secret not in repr(given.monitoring)
    assert secret not in str(given.as_environment(with_secrets=False))


def test_the_webhook_may_be_in_a_file_and_not_in_both_places(tmp_path: Path) -> None:
    file = tmp_path / "webhook"
    file.write_text("http://127.0.0.1:9/x\n")
    given = settings_in(tmp_path, ALERT_WEBHOOK_URL_FILE=str(file))
    found = given.alert_webhook()
    assert found is not None
    assert found.get_secret_value() == "http://127.0.0.1:9/x"
    both = settings_in(tmp_path, ALERT_WEBHOOK_URL="http://a", ALERT_WEBHOOK_URL_FILE=str(file))
    with pytest.raises(SettingsError, match="both given"):
        both.alert_webhook()


def test_hurried_rules_wait_and_look_shorter_and_say_the_same() -> None:
    rule = "for: 5m\nexpr: rate(a[10m]) > 60 and increase(b[30m]) == 0 or x[1h]\nsummary: for 5m"
    assert hurried(rule, 1, 5) == rule
    assert hurried(rule, 0.01, 0.5) == (
        "for: 3000ms\nexpr: rate(a[6000ms]) > 60 and increase(b[18000ms]) == 0 or x[36000ms]\n"
        "summary: for 5m"
    )
    assert "rate(a[4000ms])" in hurried(rule, 0.001, 1.0), "four scrapes at least"
