"""JupyterLab on 127.0.0.1, behind a token, with nothing of the user's own configuration."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adlake import environment
from adlake.contracts.address import LOOPBACK
from adlake.contracts.errors import AdlakeError
from adlake.devstack.home import refuse_unmade_home
from adlake.devstack.secret_files import ensure_secret
from adlake.devstack.services.ports import refuse_taken
from adlake.folders import FILES_ROOT
from adlake.settings import Settings

NOTEBOOKS: Final = FILES_ROOT / "notebooks"
TOKEN_VARIABLE: Final = "JUPYTER_TOKEN"  # noqa: S105 - a name
_FOLDERS: Final = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")


class NoJupyterError(AdlakeError):
    """JupyterLab is no part of this environment."""


@dataclass(frozen=True)
class NotebookServer:
    """How JupyterLab is started; the token is in no argument, so no list of processes shows it."""

    command: list[str]
    environment: dict[str, str] = field(repr=False)
    url: str = field(repr=False)
    """With the token: shown once, written nowhere."""

    def become(self) -> None:
        """Go on as JupyterLab."""
        os.execve(self.command[0], self.command, self.environment)  # noqa: S606 - our own line


def notebook_server(settings: Settings, folder: Path = NOTEBOOKS) -> NotebookServer:
    """What `adlake notebook` starts, on a folder of notebooks.

    Raises:
        NoJupyterError: it is not installed.
        NoLakeYetError: nothing was ever started in this home.
        DevstackError: the port is taken.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise NoJupyterError("JupyterLab is not installed: `make notebook` installs and starts it")
    refuse_unmade_home(settings)
    port = settings.ports.notebook_port
    refuse_taken("JupyterLab", {"ADLAKE_NOTEBOOK_PORT": port})
    given = settings.notebook_token()
    file = settings.paths.secrets_dir / "notebook"
    token = ensure_secret(file) if given is None else given.get_secret_value()
    return NotebookServer(
        command=_command(port, settings.containers.bind_address, folder),
        environment=kernel_environment(settings) | {TOKEN_VARIABLE: token},
        url=f"http://{LOOPBACK}:{port}/lab?token={token}",
    )


def _command(port: int, address: str, folder: Path) -> list[str]:
    options = {
        "ServerApp.ip": address,
        "ServerApp.port": str(port),
        # Another port than the one that was told would be a surprise.
        "ServerApp.port_retries": "0",
        "ServerApp.root_dir": str(folder),
        "ServerApp.open_browser": "False",
        "ServerApp.allow_root": str(os.geteuid() == 0),
        # Ctrl-C ends it, without a question.
        "ServerApp.answer_yes": "True",
        # Its greeting would repeat the address.
        "Application.log_level": "WARN",
        # It asks nobody for news and installs nothing.
        "LabApp.extension_manager": "readonly",
        "LabApp.news_url": "None",
    }
    return environment.module_line("jupyterlab", *(f"--{k}={v}" for k, v in options.items()))


def kernel_environment(settings: Settings) -> dict[str, str]:
    """The settings whole, since kernels read the lake; folders of Jupyter inside the home."""
    home = settings.paths.home.resolve()
    state = home / "notebook"
    for folder in (state, environment.home_of_tools(home)):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    of_service = environment.of_service(settings.as_environment(), "", home)
    of_service.pop(environment.MARKER)  # it is nobody's service: it ends with its terminal
    folders = {f"JUPYTER_{name}": str(state / name.lower()) for name in _FOLDERS}
    return of_service | folders | {"IPYTHONDIR": str(state / "ipython")}
