"""`adlake alerts`: the KPI alerts and who is told of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from adlake.cli.application import FAILURE, JOBS, Format, Output, app
from adlake.cli.asking import ask_stream
from adlake.contracts.output_format import OutputFormat
from adlake.settings import Settings

alerts = typer.Typer(no_args_is_help=True, help="KPI alerts: rules, load, build, test-message.")
app.add_typer(alerts, name="alerts", rich_help_panel=JOBS)


@alerts.command()
def rules(
    every: Annotated[bool, typer.Option("--all", help="also versions that have ended")] = False,
    output_format: Format = OutputFormat.TABLE,
    output: Output = None,
) -> None:
    """List the rules: those that hold now or will, `--all` also what held before."""
    from adlake.alerts.recorded_rules import rules as recorded
    from adlake.io.output import write_result
    from adlake.wiring.alert_rules import listed
    from adlake.wiring.control import lease_connect

    now_ms = None if every else time.time_ns() // 1_000_000
    write_result(listed(recorded(lease_connect(Settings())), now_ms), output_format, output)


@alerts.command()
def load(
    file: Annotated[
        Path,
        typer.Argument(
            help=".csv with rule_id and any of rule, metric, campaign_id, segment, threshold, z, "
            "resolve_factor, multiplicity, channels, enabled, valid_from"
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="judge the rows, write nothing")
    ] = False,
) -> None:
    """Record new rules, and new versions of those that are there (from now, or valid_from)."""
    from adlake.wiring.alert_rules import load_rules
    from adlake.wiring.control import lease_connect

    connect = lease_connect(Settings())
    added = load_rules(connect, file, time.time_ns() // 1_000_000, is_trial=dry_run)
    typer.echo(
        f"{added:,} rows of {file.name} are lawful rules; nothing was written"
        if dry_run
        else f"{added:,} versions of rules recorded: the stream judges by them at its next look"
    )


@alerts.command()
def build() -> None:
    """Judge every window again; the stream does so by itself as windows end."""
    from adlake.io.postgres.operations import BUILD_ALERTS

    ask_stream(Settings(), "alerts", BUILD_ALERTS)


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
