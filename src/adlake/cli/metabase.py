"""`adlake metabase`: dashboards and questions from the files of `metabase/`."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from adlake.cli.application import DATA, app
from adlake.settings import Settings

metabase = typer.Typer(
    no_args_is_help=True, help="Dashboards of Metabase, from files: sync, check."
)
app.add_typer(metabase, name="metabase", rich_help_panel=DATA)


@metabase.command()
def sync(
    wait: Annotated[
        float | None,
        typer.Option(min=0, help="seconds until Metabase has to be healthy", show_default=False),
    ] = None,
) -> None:
    """Make Metabase what the files say; safe to run again, and touches nothing of anybody else."""
    from adlake.io.metabase.client import MetabaseClient, MetabaseError
    from adlake.metabase.definitions import read_definitions
    from adlake.metabase.entry import enter
    from adlake.metabase.sync import synchronise
    from adlake.wiring.metabase import login, trino_access

    settings = Settings()
    definitions = read_definitions()
    server = MetabaseClient(settings.metabase.metabase_url)
    patience = settings.metabase.metabase_wait_seconds if wait is None else wait
    enter(server, login(settings), patience, _say)
    try:
        report = synchronise(server, definitions, trino_access(settings), _say)
    finally:
        with suppress(MetabaseError):  # what the sync itself says counts
            server.log_out()
    changes = len(report.changes)
    typer.echo(
        f"{server.url}: {changes} changes" if changes else f"{server.url} is as the files say"
    )


@metabase.command()
def check() -> None:
    """Judge the files of `metabase/` without a server."""
    from adlake.metabase.definitions import read_definitions

    found = read_definitions()
    cards = sum(len(dashboard.cards) for dashboard in found.dashboards.values())
    typer.echo(
        f"{len(found.dashboards)} dashboards with {cards} questions in "
        f"{len(found.collections)} collections"
    )


def _say(line: str) -> None:
    typer.echo(line, err=True)
