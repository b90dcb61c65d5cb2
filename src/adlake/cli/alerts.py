"""`adlake alerts`: the KPI alerts and who is told of them."""

from __future__ import annotations

from typing import Annotated

import typer

from adlake.cli.application import FAILURE, JOBS, app
from adlake.settings import Settings

alerts = typer.Typer(no_args_is_help=True, help="KPI alerts: build, test-message.")
app.add_typer(alerts, name="alerts", rich_help_panel=JOBS)


@alerts.command()
def build() -> None:
    """Judge every window again; the stream does so by itself as windows end."""
    from adlake.io.postgres.operations import BUILD_ALERTS
    from adlake.streaming.requests import ask
    from adlake.wiring.operations import request_config
    from adlake.wiring.spark import choose_jdk

    settings = Settings()
    config = request_config(settings, "alerts")
    choose_jdk(settings)
    typer.echo(ask(config, BUILD_ALERTS, {}, lambda line: typer.echo(line, err=True)))


@alerts.command("test-message")
def send_test_message(
    channel: Annotated[
        str, typer.Option(help="kafka, slack, webhook or email; left out: all that are on")
    ] = "",
) -> None:
    """Send a message that says it is a test, once a channel; exit code 1 when one fails."""
    from adlake.contracts.errors import AdlakeError
    from adlake.wiring.notifications import send_trial

    outcomes = send_trial(Settings(), channel)
    if not outcomes:
        raise AdlakeError("no channel is on: see docs/alerts.md#notifications")
    for name, one in outcomes.items():
        said = f" ({one.reason})" if one.reason else ""
        typer.echo(f"{name}: {one.sending}{said}")
    if not all(one.is_sent for one in outcomes.values()):
        raise typer.Exit(FAILURE)
