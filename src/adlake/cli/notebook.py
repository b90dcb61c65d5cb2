"""`adlake notebook`: JupyterLab over the lake."""

from __future__ import annotations

import sys

import typer

from adlake.cli.application import DATA, app
from adlake.settings import Settings


@app.command(rich_help_panel=DATA)
def notebook() -> None:
    """Open JupyterLab with the notebooks of the lake, until Ctrl-C."""
    from adlake.notebook.server import notebook_server

    server = notebook_server(Settings())
    typer.echo(f"JupyterLab: {server.url}\n(Ctrl-C ends it; the address holds the key to it)")
    sys.stdout.flush()
    server.become()
