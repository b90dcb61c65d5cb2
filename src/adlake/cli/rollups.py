"""`adlake rollups`: the sums over Gold by hour."""

from __future__ import annotations

import typer

from adlake.cli.application import JOBS, app
from adlake.settings import Settings

rollups = typer.Typer(no_args_is_help=True, help="Sums over Gold by hour: build.")
app.add_typer(rollups, name="rollups", rich_help_panel=JOBS)


@rollups.command()
def build() -> None:
    """Sum Gold again; the stream does so by itself where its sums are not those of Gold."""
    from adlake.io.postgres.operations import BUILD_ROLLUPS
    from adlake.streaming.requests import ask
    from adlake.wiring.operations import request_config
    from adlake.wiring.spark import choose_jdk

    settings = Settings()
    config = request_config(settings, "rollups")
    choose_jdk(settings)
    typer.echo(ask(config, BUILD_ROLLUPS, {}, lambda line: typer.echo(line, err=True)))
