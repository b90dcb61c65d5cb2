"""Commands about the topic's history: has the broker lost something, and going on all the same."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from adlake.cli.application import FAILURE, JOBS, app, not_blank
from adlake.settings import Settings

source = typer.Typer(no_args_is_help=True, help="See or begin source incarnations of the topic.")
app.add_typer(source, name="source", rich_help_panel=JOBS)
app.add_typer(source, name="epoch", hidden=True)


@source.command()
def show() -> None:
    """List the incarnations with their reasons; 1 when the stream could not go on now."""
    from adlake.io.postgres.source_incarnations import source_incarnations
    from adlake.streaming.incarnation import described, situation
    from adlake.wiring.lake import lake_reader, lease_connect
    from adlake.wiring.topics import present_topic

    settings = Settings()
    connect = lease_connect(settings)
    for one in source_incarnations(connect, settings.kafka.topic):
        typer.echo(described(one))
    now = situation(
        lake_reader(settings), connect, settings.kafka.topic, partial(present_topic, settings)
    )
    if now.finding:
        typer.echo(f"the stream would stop: {now.finding}", err=True)
        raise typer.Exit(FAILURE)
    typer.echo("the stream can go on")


@source.command("continue")
def continue_(
    reason: Annotated[
        str, typer.Option(callback=not_blank, help="why the loss is accepted; kept for ever")
    ],
) -> None:
    """Go on after the broker lost records: begin the next incarnation; keeps what is given up."""
    from adlake.streaming.incarnation import continue_anyway, situation
    from adlake.wiring.lake import lake_reader, lease_connect
    from adlake.wiring.topics import present_topic

    settings = Settings()
    connect = lease_connect(settings)
    now = situation(
        lake_reader(settings), connect, settings.kafka.topic, partial(present_topic, settings)
    )
    begun = continue_anyway(now, connect, reason)
    typer.echo(
        f"source incarnation {begun.number} of {begun.topic} begins at "
        f"{dict(begun.start_offsets)}; the lake keeps everything up to "
        f"{dict(begun.contained_offsets)} of the one before. "
        "Start the stream: `make up`"
    )
