"""Commands about the lake as a whole: where it lives, and what is known of its tables."""

from __future__ import annotations

from typing import Annotated

import typer

from adlake.cli.application import STACK, app, not_blank
from adlake.settings import Settings

lake = typer.Typer(no_args_is_help=True, help="See where the lake lives; accept a lost table.")
app.add_typer(lake, name="lake", rich_help_panel=STACK)


@lake.command()
def show() -> None:
    """Say which lake this is, where it lives, and what is recorded of its tables."""
    from adlake.devstack.home import place_of
    from adlake.io.table_heads import recorded_heads
    from adlake.jobs import heads
    from adlake.wiring import lease_connect

    settings = Settings()
    connect = lease_connect(settings)
    place = place_of(settings)
    typer.echo(f"lake {place.lake_id} in {place.home}, tables in {place.warehouse_uri}")
    for name, recorded in recorded_heads(connect).items():
        typer.echo(heads.shown(name, recorded))


@lake.command()
def accept(
    table: Annotated[str, typer.Argument(help="the table that the stream names")],
    reason: Annotated[
        str, typer.Option(callback=not_blank, help="why the loss is accepted; kept for ever")
    ],
) -> None:
    """Go on without what is lost of a table, recording what that was and why it is accepted."""
    from adlake.jobs import heads
    from adlake.wiring import lake_reader, lease_connect

    settings = Settings()
    found = heads.accept(lease_connect(settings), lake_reader(settings).head, table, reason)
    typer.echo(f"accepted: {found}. Start the stream: `make up`")
