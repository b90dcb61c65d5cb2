"""`adlake contracts`: what events must look like."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from adlake.cli.application import DATA, FAILURE, app
from adlake.folders import ADLAKE

contracts = typer.Typer(no_args_is_help=True, help="The contracts of events, as JSON Schema.")
app.add_typer(contracts, name="contracts", rich_help_panel=DATA)


@contracts.command("list")
def list_types() -> None:
    """Name the event types."""
    from adlake.collector.schemas import EVENT_TYPES

    for name in EVENT_TYPES:
        typer.echo(name)


@contracts.command()
def show(event_type: Annotated[str, typer.Argument(help="in any case")]) -> None:
    """Print the JSON Schema of one type."""
    from adlake.collector.schemas import schema_of

    schema = schema_of(event_type.upper())
    if schema is None:
        raise typer.BadParameter(f"no such event type: `{ADLAKE} contracts list` names them")
    typer.echo(json.dumps(schema, indent=2))


@contracts.command()
def check() -> None:
    """Hold the files of contracts/ against the code; exit code 1 when one differs."""
    from adlake.collector.schemas import schema_files, stale_files
    from adlake.folders import FILES_ROOT

    stale = stale_files(FILES_ROOT / "contracts")
    for path in stale:
        typer.echo(f"contracts/{path} is not what the code says: run `make docs`", err=True)
    if stale:
        raise typer.Exit(FAILURE)
    typer.echo(f"{len(schema_files())} contracts are as the code has them")
