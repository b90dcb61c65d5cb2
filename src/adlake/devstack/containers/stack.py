"""The stack in containers: the same verbs as the native one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from adlake.devstack.containers.engine import REST_PROFILE, Compose, find_compose
from adlake.devstack.containers.secret_lines import add_missing, read_lines
from adlake.devstack.containers.states import container_states, wait_until_fine
from adlake.devstack.errors import DevstackError
from adlake.settings import SETTINGS_FILE, Settings

READY_SECONDS: Final = 900.0
"""A first start of Metabase alone takes minutes on a small machine."""
Report = Callable[[str], None]


class ContainerStack:
    """The services of docker-compose.yml.

    Raises:
        DevstackError: no engine answers, or there is no compose.
    """

    def __init__(self, settings: Settings, report: Report, compose: Compose | None = None) -> None:
        self.settings = settings
        self.compose = compose or Compose(find_compose())
        self._report = report

    def up(self, only: Collection[str] = (), without: Collection[str] = ()) -> None:
        """Make the passwords once, build what is ours, start, and wait until all of it serves."""
        if without:
            raise DevstackError("RUNTIME=docker takes ONLY=..., not WITHOUT=...")
        if add_missing(SETTINGS_FILE):
            self._report(f"passwords: made in {SETTINGS_FILE} (`make passwords` shows the logins)")
        profile = ("--profile", REST_PROFILE) if self.settings.has_rest_catalog else ()
        self.compose.must(*profile, "up", "--detach", "--build", *only)
        wait_until_fine(self.compose, READY_SECONDS, self._report)

    def down(self, only: Collection[str] = ()) -> None:
        """Stop; the volumes stay."""
        if only:
            self.compose.must("stop", *only)
        else:
            self.compose.must("down", "--remove-orphans")

    def nuke(self) -> None:
        """Stop, and remove the volumes with all state. The passwords in `.env` stay."""
        self.compose.must("down", "--volumes", "--remove-orphans")

    def logs(self, name: str, lines: int, *, follow: bool) -> None:
        """What services say, on the terminal."""
        options = ["--tail", str(lines), *(["--follow"] if follow else [])]
        self.compose.must("logs", *options, *([name] if name else []))

    def is_there(self) -> bool:
        """Whether the project has containers."""
        return bool(container_states(self.compose))


def logins(settings: Settings) -> str:
    """Where people log in, as whom, with what; raises DevstackError before they are made."""
    made = read_lines(SETTINGS_FILE)
    ports = settings.containers
    rows = (
        ("Metabase", ports.metabase_port, settings.metabase.metabase_user, "METABASE_PASSWORD"),
        ("Grafana", ports.grafana_port, "admin", "GRAFANA_PASSWORD"),
        ("object store", ports.s3_console_port, "admin", "STORE_ADMIN_SECRET"),
        ("JupyterLab", settings.ports.notebook_port, "(token)", "NOTEBOOK_TOKEN"),
    )
    if any(f"LAKEHOUSE_{name}" not in made for *_, name in rows):
        raise DevstackError(f"{SETTINGS_FILE} has no passwords yet: run `make secrets` first")
    lines = (
        f"{what:<13} http://127.0.0.1:{port:<6} {user:<22} {made[f'LAKEHOUSE_{name}']}"
        for what, port, user, name in rows
    )
    return "\n".join(lines)


def welcome(settings: Settings) -> str:
    """Where to look, and what to type next."""
    at, inner = "http://127.0.0.1:{}".format, settings.containers
    return "\n".join(
        (
            "", "Look at",
            f"  Dashboard       {at(settings.ports.dashboard_port)}",
            f"  API             {at(settings.ports.api_port)}/docs",
            f"  Metabase        {at(inner.metabase_port)}",
            f"  Grafana         {at(inner.grafana_port)}",
            f"  Object store    {at(inner.s3_console_port)}",
            f"  Trino           {at(settings.ports.trino_port)}",
            "", "Next",
            "  make passwords                                  the logins of these pages",
            "  make status RUNTIME=docker                      what runs",
            "  docker exec -it lakehouse-spark adlake verify   prove Gold against Bronze",
            "  docker exec -it lakehouse-spark python src/producers/ad_traffic_generator.py",
            "                                                  more traffic",
            "  make down RUNTIME=docker                        stop everything",
        )
    )  # fmt: skip
