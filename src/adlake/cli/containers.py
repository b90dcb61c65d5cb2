"""Commands that only the one-shot services of docker-compose.yml run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from adlake.cli.application import app
from adlake.contracts.errors import AdlakeError
from adlake.settings import Settings

if TYPE_CHECKING:
    from adlake.devstack.services.service import Service

containers = typer.Typer(no_args_is_help=True, help="For the services of docker-compose.yml.")
app.add_typer(containers, name="containers", hidden=True)


@containers.command()
def configuration(target: Path) -> None:
    """Write the configuration of every server below a folder."""
    from adlake.devstack.containers.configuration import write_configuration

    for name in write_configuration(Settings(), target, _secrets()):
        typer.echo(f"configuration of {name}: written")


@containers.command()
def init() -> None:
    """Make roles, databases, bucket, policy, catalog and topics."""
    from adlake.devstack.containers.servers import prepare_servers

    for line in prepare_servers(Settings(), _secrets()):
        typer.echo(line)


@containers.command()
def traffic() -> None:
    """Become the generator that `make up` starts natively."""
    from adlake.devstack.services.generator import Generator

    _become(Generator(Settings()))


@containers.command()
def dashboard() -> None:
    """Become the dashboard."""
    from adlake.devstack.services.dashboard import Dashboard

    _become(Dashboard(Settings()))


def _become(service: Service) -> NoReturn:
    """Go on as a service, with the environment that it has natively."""
    from adlake import environment

    home = service.home
    for folder in (service.working_folder(), environment.home_of_tools(home)):
        folder.mkdir(parents=True, exist_ok=True)
    variables = environment.of_service(service.settings.as_environment(), "", home)
    variables.pop(environment.MARKER)  # no supervisor looks for it
    os.chdir(service.working_folder())
    command = service.command()
    sys.stdout.flush()
    os.execve(command[0], command, variables)  # noqa: S606 - our own line


def _secrets() -> dict[str, str]:
    from adlake.environment import secrets_of_containers

    found = secrets_of_containers()
    if not found:
        raise AdlakeError("no LAKEHOUSE_... variable is set: this is for docker-compose.yml alone")
    return found
