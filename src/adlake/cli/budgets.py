"""`adlake budgets`: what advertisers spent, and their budgets over time."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from adlake.cli.application import JOBS, app
from adlake.cli.asking import ask_stream
from adlake.settings import Settings

budgets = typer.Typer(
    no_args_is_help=True, help="Billed clicks and budgets, as tables: build, credit."
)
app.add_typer(budgets, name="budgets", rich_help_panel=JOBS)


@budgets.command()
def build() -> None:
    """Make billed clicks, budgets in force and advertisers anew from the business events."""
    from adlake.io.postgres.operations import BUILD_BUDGETS

    ask_stream(Settings(), "budgets", BUILD_BUDGETS)


@budgets.command()
def credit(
    most: Annotated[int, typer.Option(min=1, help="credits of this run")] = 10_000,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show, send nothing")] = False,
) -> None:
    """Credit billed clicks that no person made: repeats within a second on one impression.

    A click that is credited in full already is left out; one that is credited twice counts once.
    """
    from adlake.budgets.invalid_clicks import credit_of, flagged_clicks
    from adlake.collector.judging import Accepted, judged
    from adlake.io.trino.client import connect
    from adlake.wiring.collector import publishing

    settings = Settings()
    with connect(settings.ports.trino_port, settings.ports.trino_host) as client:
        credits_ = [credit_of(click) for click in flagged_clicks(client, most)]
    if dry_run:
        for one in credits_:
            typer.echo(one)
        return
    published = publishing(settings)
    try:
        now_ms = int(time.time() * 1_000)
        verdicts = [judged(one, now_ms, published.topics) for one in credits_]
        good = [one for one in verdicts if isinstance(one, Accepted)]
        if good:
            published.send(good, now_ms)
    finally:
        published.close()
    typer.echo(f"{len(good):,} clicks credited, {len(verdicts) - len(good):,} refused")
