"""`adlake budgets`: what advertisers spent, and their budgets over time."""

from __future__ import annotations

import typer

from adlake.cli.application import JOBS, app
from adlake.cli.asking import ask_stream
from adlake.settings import Settings

budgets = typer.Typer(no_args_is_help=True, help="Billed clicks and budgets, as tables: build.")
app.add_typer(budgets, name="budgets", rich_help_panel=JOBS)


@budgets.callback()
def _budgets() -> None:
    """Keep `build` a command of its own."""


@budgets.command()
def build() -> None:
    """Make billed clicks, budgets in force and advertisers anew from the business events."""
    from adlake.io.postgres.operations import BUILD_BUDGETS

    ask_stream(Settings(), "budgets", BUILD_BUDGETS)
