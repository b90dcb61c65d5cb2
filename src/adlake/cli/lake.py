"""Commands about the lake as a whole: where it lives, and what is known of its tables."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from adlake.cli.application import STACK, app, not_blank
from adlake.cli.asking import ask_stream
from adlake.contracts.errors import AdlakeError
from adlake.folders import ADLAKE
from adlake.settings import Settings

lake = typer.Typer(
    no_args_is_help=True, help="See, move and adopt a lake; keep a snapshot, accept a lost table."
)
app.add_typer(lake, name="lake", rich_help_panel=STACK)


@lake.command()
def show() -> None:
    """Say which lake this is, where it lives, and what is recorded of its tables."""
    from adlake.devstack.home import place_of
    from adlake.io.postgres.table_heads import recorded_heads
    from adlake.streaming import heads
    from adlake.wiring.lake import lease_connect

    settings = Settings()
    connect = lease_connect(settings)
    place = place_of(settings)
    typer.echo(f"lake {place.lake_id} in {place.home}, tables in {place.warehouse_uri}")
    for name, recorded in recorded_heads(connect).items():
        typer.echo(heads.shown(name, recorded))


@lake.command()
def adopt() -> None:
    """Let a stopped lake that was copied, moved or restored live where it lies now."""
    from adlake.devstack.adopt import adopt as adopt_here

    settings = Settings()
    lake_id = adopt_here(settings, typer.echo)
    typer.echo(f"lake {lake_id} lives in {settings.paths.home.resolve()}: start it by `make up`")


@lake.command()
def release() -> None:
    """Free the lease of a driver that vanished, where no fence in the catalog would refuse it."""
    from adlake.contracts.registry import REPLAY_LEASE, STREAM_LEASE
    from adlake.io.postgres.lease import release_by_hand
    from adlake.wiring.lake import lease_connect

    connect = lease_connect(Settings())
    for name in (STREAM_LEASE, REPLAY_LEASE):
        holder = release_by_hand(connect, name)
        freed = f"freed, {holder} held it" if holder else "nobody holds it"
        typer.echo(f"lease {name}: {freed}")


@lake.command()
def keep(
    snapshot: Annotated[
        int | None, typer.Argument(help="of any table; left out: the newest one of Gold")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="how long it is kept")] = 30,
) -> None:
    """Keep one snapshot beyond ADLAKE_SNAPSHOT_MINUTES, under a tag, for as many days."""
    from adlake.contracts.errors import NO_GOLD
    from adlake.contracts.tables import GOLD_STATE
    from adlake.io.postgres.operations import KEEP_SNAPSHOT
    from adlake.maintenance.kept_snapshots import DAYS, SNAPSHOT
    from adlake.wiring.lake import lake_reader

    settings = Settings()
    if snapshot is None:
        stamp = lake_reader(settings).newest_stamp(GOLD_STATE)
        if stamp is None:
            raise AdlakeError(NO_GOLD)
        snapshot = stamp.snapshot_id
    ask_stream(settings, "keep", KEEP_SNAPSHOT, {SNAPSHOT: snapshot, DAYS: days})


@lake.command()
def accept(
    table: Annotated[str, typer.Argument(help="the table that the stream names")],
    reason: Annotated[
        str, typer.Option(callback=not_blank, help="why the loss is accepted; kept for ever")
    ],
) -> None:
    """Go on without what is lost of a table, recording what that was and why it is accepted."""
    from adlake.streaming import heads
    from adlake.wiring.lake import lake_reader, lease_connect

    settings = Settings()
    found = heads.accept(lease_connect(settings), lake_reader(settings).head, table, reason)
    typer.echo(f"accepted: {found}. Start the stream: `make up`")


@app.command(rich_help_panel=STACK)
def maintain(
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="DATE", help="first: the day that customers lapse on"
        ),
    ] = None,
) -> None:
    """Merge all small files and remove leftover ones now; the stream does it in turns by itself."""
    from adlake.customers.day_roll import argument_of
    from adlake.io.postgres.operations import MAINTAIN, ROLL_DAY

    settings = Settings()
    if as_of is not None:
        ask_stream(settings, "maintain", ROLL_DAY, argument_of(as_of.date()))
    ask_stream(settings, "maintain", MAINTAIN)


@app.command(rich_help_panel=STACK)
def backup(
    file: Annotated[Path, typer.Argument(help="new file: .tar, .tar.gz or .tar.zst")],
) -> None:
    """Write all of a stopped lake to one file: tables, catalog, topic, secrets."""
    from adlake.devstack.backup import backup as write_backup

    size = write_backup(Settings(), file.resolve(), typer.echo)
    typer.echo(f"{file} holds the lake: {size / 1e9:.2f} GB of files. It holds its passwords too")


@app.command(rich_help_panel=STACK)
def restore(
    file: Annotated[Path, typer.Argument(exists=True, help=f"a file of `{ADLAKE} backup`")],
    home: Annotated[Path | None, typer.Option(help="new home; default: ADLAKE_HOME")] = None,
) -> None:
    """Bring a backup back in an empty home, as a lake of its own."""
    from adlake.devstack.backup import restore as bring_back

    if home is not None:
        os.environ["ADLAKE_HOME"] = str(home.resolve())
    settings = Settings()
    lake_id = bring_back(settings, file.resolve(), typer.echo)
    typer.echo(f"lake {lake_id} lives in {settings.paths.home.resolve()}: start it by `make up`")
