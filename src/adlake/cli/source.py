"""Commands about the topics' histories: has the broker lost something, and going on anyway."""

from __future__ import annotations

from typing import Annotated

import typer

from adlake.cli.application import FAILURE, JOBS, app, not_blank
from adlake.settings import Settings

source = typer.Typer(no_args_is_help=True, help="See or begin source incarnations of the topics.")
app.add_typer(source, name="source", rich_help_panel=JOBS)
app.add_typer(source, name="epoch", hidden=True)


@source.command()
def show() -> None:
    """List the incarnations with their reasons.

    Exit code 1 when the stream could not go on now.
    """
    from adlake.io.postgres.source_incarnations import source_incarnations
    from adlake.streaming.incarnation import described
    from adlake.wiring.lake import lease_connect
    from adlake.wiring.source import situations
    from adlake.wiring.topics import tables_of_topics

    settings = Settings()
    connect = lease_connect(settings)
    for topic in tables_of_topics(settings):
        for one in source_incarnations(connect, topic):
            typer.echo(described(one))
    findings = [now.finding for now in situations(settings, connect) if now.finding]
    for finding in findings:
        typer.echo(f"the stream would stop: {finding}", err=True)
    if findings:
        raise typer.Exit(FAILURE)
    typer.echo("the stream can go on")


@source.command("continue")
def continue_(
    reason: Annotated[
        str, typer.Option(callback=not_blank, help="why the loss is accepted; kept for ever")
    ],
    topic: Annotated[str, typer.Option(help="of which topic, if several lost records")] = "",
) -> None:
    """Go on after the broker lost records: begin the next incarnation; keeps what is given up."""
    from adlake.streaming.incarnation import continue_anyway, in_need
    from adlake.wiring.lake import lease_connect
    from adlake.wiring.source import situations

    settings = Settings()
    connect = lease_connect(settings)
    now = in_need(list(situations(settings, connect)), topic)
    begun = continue_anyway(now, connect, reason)
    typer.echo(
        f"source incarnation {begun.number} of {begun.topic} begins at "
        f"{dict(begun.start_offsets)}; the lake keeps everything up to "
        f"{dict(begun.contained_offsets)} of the one before. "
        "Start the stream: `make up`"
    )
