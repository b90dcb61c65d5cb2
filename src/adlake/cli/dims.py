"""`adlake dims`: campaigns of one's own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from adlake.cli.application import DATA, app
from adlake.contracts.errors import AdlakeError
from adlake.folders import ADLAKE
from adlake.settings import Settings

dims = typer.Typer(no_args_is_help=True, help="Campaigns of your own: load.")
app.add_typer(dims, name="dims", rich_help_panel=DATA)


@dims.command()
def load(
    file: Annotated[
        Path,
        typer.Argument(
            help=".csv or .parquet with campaign_id and any of name, advertiser_id, channel, "
            "objective, status, budget_type, budget_amount, start_ts"
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="judge the rows, send nothing")
    ] = False,
) -> None:
    """Publish a file of campaigns: each row holds from its start_ts on (left out: from now)."""
    from adlake.dims.load import records_of
    from adlake.io.kafka.producer import publish_all
    from adlake.provision.outside import kafka_access

    settings = Settings()
    topic = settings.kafka.campaign_topic
    if not topic:
        raise AdlakeError("campaign updates are switched off: set ADLAKE_CAMPAIGN_TOPIC")
    records = records_of(file, time.time_ns() // 1_000_000)
    if dry_run:
        typer.echo(f"{len(records):,} rows of {file.name} are lawful updates; nothing was sent")
        return
    publish_all(kafka_access(settings), topic, records)
    typer.echo(
        f"{len(records):,} updates sent to topic {topic}: `{ADLAKE} wait` returns when "
        "dims.dim_campaigns has them"
    )
