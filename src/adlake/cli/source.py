"""Commands about the topic's history: has the broker lost something, and going on all the same."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from adlake.cli.application import FAILURE, JOBS, app, not_blank
from adlake.settings import Settings

epoch = typer.Typer(no_args_is_help=True, help="See or begin source epochs of the topic.")
app.add_typer(epoch, name="epoch", rich_help_panel=JOBS)


@epoch.command()
def show() -> None:
    """List the epochs with their reasons, and whether the stream could go on now (else exit 1)."""
    from adlake.io.postgres.source_epochs import source_epochs
    from adlake.streaming.incarnation import described, situation
    from adlake.wiring.lake import lake_reader, lease_connect
    from adlake.wiring.topics import present_topic

    settings = Settings()
    connect = lease_connect(settings)
    for one in source_epochs(connect, settings.kafka.topic):
        typer.echo(described(one))
    now = situation(
        lake_reader(settings), connect, settings.kafka.topic, partial(present_topic, settings)
    )
    if now.finding:
        typer.echo(f"the stream would stop: {now.finding}", err=True)
        raise typer.Exit(FAILURE)
    typer.echo("the stream can go on")


@epoch.command("continue")
def continue_(
    reason: Annotated[
        str, typer.Option(callback=not_blank, help="why the loss is accepted; kept for ever")
    ],
) -> None:
    """Go on after the broker lost records: begin the next epoch, recording what is given up."""
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
        f"source epoch {begun.number} of {begun.topic} begins at {dict(begun.start_offsets)}; the "
        f"lake keeps everything up to {dict(begun.contained_offsets)} of the one before. "
        "Start the stream: `make up`"
    )
