"""`adlake rollups`: the sums over Gold by hour."""

from __future__ import annotations

import typer

from adlake.cli.application import JOBS, app
from adlake.cli.asking import ask_stream
from adlake.settings import Settings

rollups = typer.Typer(no_args_is_help=True, help="Sums over Gold by hour: build.")
app.add_typer(rollups, name="rollups", rich_help_panel=JOBS)


@rollups.command()
def build() -> None:
    """Sum Gold again; the stream does so by itself where its sums are not those of Gold."""
    from adlake.io.postgres.operations import BUILD_ROLLUPS

    ask_stream(Settings(), "rollups", BUILD_ROLLUPS)
