"""`adlake models`: the tables of the attribution models."""

from __future__ import annotations

from typing import Annotated

import typer

from adlake.cli.application import JOBS, app
from adlake.cli.asking import ask_stream
from adlake.settings import Settings

models = typer.Typer(no_args_is_help=True, help="Seven attribution models, as tables: build.")
app.add_typer(models, name="models", rich_help_panel=JOBS)


@models.command()
def build(
    half_life: Annotated[
        str, typer.Option(help="of time decay, e.g. 3d; a touch that much older weighs half")
    ] = "7d",
) -> None:
    """Divide each conversion in Gold among the ads of its path, under seven models at once."""
    from adlake.generator.options import parse_duration_ms
    from adlake.io.postgres.operations import BUILD_MODELS
    from adlake.models.contract import MOST_HALF_LIFE_MS
    from adlake.models.handler import HALF_LIFE_ARGUMENT

    half_life_ms = parse_duration_ms(half_life)
    if not 1 <= half_life_ms <= MOST_HALF_LIFE_MS:
        raise typer.BadParameter("--half-life: from 1ms to 10000d")
    ask_stream(Settings(), "models", BUILD_MODELS, {HALF_LIFE_ARGUMENT: half_life_ms})
