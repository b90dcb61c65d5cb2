"""Commands that run a job or prove what jobs did."""

from __future__ import annotations

from typing import Annotated

import typer

from adlake.cli.application import FAILURE, JOBS, app
from adlake.settings import Settings


@app.command(rich_help_panel=JOBS)
def stream() -> None:
    """Run the attribution stream in the foreground until Ctrl-C or SIGTERM."""
    from adlake.jobs.stream import run_stream
    from adlake.wiring import log_to_stdout, stream_config, write_missing_seeds

    settings = Settings()
    log_to_stdout()
    write_missing_seeds(settings)
    raise typer.Exit(run_stream(stream_config(settings)))


@app.command(rich_help_panel=JOBS)
def wait(
    timeout: Annotated[float, typer.Option(min=0, help="seconds")] = 120.0,
) -> None:
    """Block until Gold contains every record that is in the topic now; prints the snapshots."""
    from adlake.jobs.wait import wait_for_gold
    from adlake.wiring import lake_reader

    settings = Settings()
    done = wait_for_gold(
        lake_reader(settings), settings.bootstrap_servers, settings.kafka.topic, timeout
    )
    typer.echo(
        f"gold contains all {done.records:,} records of {settings.kafka.topic} after "
        f"{done.seconds:.1f} s: gold snapshot {done.gold_snapshot}, "
        f"bronze snapshot {done.bronze_snapshot}"
    )


@app.command(rich_help_panel=JOBS)
def verify(
    slice_rows: Annotated[
        int, typer.Option(min=1, help="Bronze rows compared at once; bounds Trino's memory")
    ] = 250_000,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="only the proof")] = False,
) -> None:
    """Prove Gold: recompute it from Bronze by the SQL law, compare every column and every cent."""
    from adlake.generator.truth import load_truth
    from adlake.io.law_store import read_law
    from adlake.io.topic import TopicError, topic_facts
    from adlake.io.trino import connect
    from adlake.jobs import verify as job
    from adlake.wiring import lease_connect

    settings = Settings()
    try:
        begin = topic_facts(settings.bootstrap_servers, settings.kafka.topic).begin_offsets
    except TopicError as error:
        typer.echo(f"heads of partitions are not compared: {error}", err=True)
        begin = None
    with connect(settings.ports.trino_port) as client:
        proof = job.verify(
            client,
            lambda: load_truth(settings.paths.truth_dir),
            report=(lambda _line: None) if quiet else lambda line: typer.echo(line, err=True),
            rows_per_slice=slice_rows,
            begin_offsets=begin,
            read_law=lambda version: read_law(lease_connect(settings), version),
        )
    typer.echo("\n".join(proof.lines()))
    if not proof.is_good:
        raise typer.Exit(FAILURE)
