"""Commands that run a job or prove what jobs did."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adlake.cli.application import FAILURE, JOBS, app
from adlake.contracts.law_checks import ROWS_PER_SLICE
from adlake.settings import Settings

if TYPE_CHECKING:
    from adlake.io.deadline import Deadline
    from adlake.proof.wait import Target


class Held(StrEnum):
    """What a start does while another driver holds the lease."""

    FAIL = "fail"
    FOLLOW = "follow"
    WAIT = "wait"


@app.command(rich_help_panel=JOBS)
def stream(
    held: Annotated[
        Held,
        typer.Option(
            help="while another driver holds the lease: fail, follow its batches until Ctrl-C, or "
            "follow and wait until it is free"
        ),
    ] = Held.FAIL,
) -> None:
    """Run the attribution stream in the foreground until Ctrl-C or SIGTERM."""
    from adlake.devstack.home import refuse_unmade_home
    from adlake.io.postgres.lease import LeaseHeldError, LeaseLostError
    from adlake.io.spark.submitted import leave_interrupts_to_us
    from adlake.streaming.application import run_application
    from adlake.streaming.ready_file import ReadyFile
    from adlake.wiring.application import application_config, log_to_stdout, write_missing_seeds
    from adlake.wiring.following import has_followed, is_followed
    from adlake.wiring.spark import choose_jdk

    settings = Settings()
    refuse_unmade_home(settings)
    choose_jdk(settings)
    leave_interrupts_to_us()
    log_to_stdout()
    ReadyFile(settings.paths.stream_ready_file).withdraw_namesake()
    while True:
        if held is not Held.FAIL and has_followed(
            settings, typer.echo, until_free=held is Held.WAIT
        ):
            return
        try:
            write_missing_seeds(settings)
            lost = run_application(application_config(settings))
        except LeaseHeldError:
            # Somebody was quicker; a holder that may only be paused is for a person to judge.
            if held is Held.FAIL or not is_followed(settings):
                raise
            continue
        if not lost:
            return
        if held is not Held.WAIT:
            raise LeaseLostError("another driver took the lease over: this one stopped")


@app.command(rich_help_panel=JOBS)
def wait(
    timeout: Annotated[
        float | None,
        typer.Option(
            min=0, help="seconds, then exit code 1; without it, when nothing came for two minutes"
        ),
    ] = None,
) -> None:
    """Block until the lake contains every record that is in the topics now."""
    from adlake.io.deadline import Deadline
    from adlake.wiring.topics import tables_of_topics

    settings = Settings()
    deadline = Deadline(math.inf if timeout is None else timeout)
    tables = tables_of_topics(settings)
    # All of them first: what comes while one is waited for need not be waited for in the next.
    targets = [_target_of(settings, topic, tables[topic], deadline) for topic in tables]
    for target in targets:
        typer.echo(_waited_for(settings, target, deadline))


def _target_of(
    settings: Settings, topic: str, tables: tuple[str, ...], deadline: Deadline
) -> Target:
    from adlake.devstack.services.stream import streams_here
    from adlake.io.postgres.source_incarnations import newest_incarnation
    from adlake.proof.wait import Target
    from adlake.wiring.lake import lease_connect
    from adlake.wiring.topics import hole_finder, present_topic

    # Before the broker is asked: it knows whether this lake runs here at all.
    incarnation = newest_incarnation(lease_connect(settings), topic)
    look = partial(present_topic, settings, topic=topic, deadline=deadline)
    return Target(
        look(),
        incarnation,
        hole_finder(settings, deadline, topic=topic),
        look,
        streams=partial(streams_here, settings),
        tables=tables,
    )


def _waited_for(settings: Settings, target: Target, deadline: Deadline) -> str:
    from adlake.cli.progress import watched
    from adlake.proof.wait import wait_for_tables
    from adlake.wiring.lake import lake_reader

    topic, tables = target.topic.name, target.tables
    to_go: list[int] = []
    with watched(f"waiting for {topic}", lambda: 1 - to_go[-1] / to_go[0] if to_go else None):
        done = wait_for_tables(lake_reader(settings), target, deadline, to_go.append)
    if not done.snapshot:
        return (
            f"no record of {topic} is left to read, and {tables[-1]} holds nothing yet: "
            "there is nothing to wait for. Send events (`make generate`)"
        )
    made_from = f", made from {tables[0]} snapshot {done.records_snapshot}" if tables[1:] else ""
    return (
        f"{tables[-1]} contains all {done.records:,} records of {topic} after "
        f"{done.seconds:.1f} s: snapshot {done.snapshot}{made_from}"
    )


@app.command(rich_help_panel=JOBS)
def verify(
    slice_rows: Annotated[
        int, typer.Option(min=1, help="Bronze rows compared at once; bounds Trino's memory")
    ] = ROWS_PER_SLICE,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="only the proof")] = False,
    batches: Annotated[
        bool, typer.Option("--batches", help="count each batch again in all of Bronze, at once")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="read everything again, also files that were proven")
    ] = False,
) -> None:
    """Prove Gold: recompute it from Bronze by the SQL law, compare every column and every cent.

    Files that the last good proof was about, and that are the same, are not read again. Exit code 1
    when a check fails.
    """
    from adlake.devstack.lake_place import refuse_wrong_place
    from adlake.devstack.services.stream import streams_here
    from adlake.io.trino.client import connect
    from adlake.proof.baseline import write_baseline
    from adlake.proof.pin import clear_empty_lake
    from adlake.proof.recorded import RecordedProof, record_proof
    from adlake.wiring.proof import records_sources, verification

    settings = Settings()
    refuse_wrong_place(settings)
    sources, topic = records_sources(settings, partial(typer.echo, err=True))
    with (
        clear_empty_lake(topic, partial(streams_here, settings)),
        connect(settings.ports.trino_port, settings.ports.trino_host) as client,
    ):
        proof = verification(
            settings,
            client,
            sources,
            full=full,
            report=(lambda _line: None) if quiet else lambda line: typer.echo(line, err=True),
            rows_per_slice=slice_rows,
            count_batches=batches,
        ).prove()
    recorded = RecordedProof(datetime.now(UTC), proof.is_good, proof.lines())
    record_proof(settings.paths.proof_file, recorded)
    typer.echo("\n".join(recorded.lines))
    if not proof.is_good:
        raise typer.Exit(FAILURE)
    if proof.baseline is not None:
        write_baseline(settings.paths.baseline_file, proof.baseline)


@app.command(rich_help_panel=JOBS)
@app.command("ledger", hidden=True)
def producers(
    counts: Annotated[
        list[Path] | None,
        typer.Option(help="counts of other producers, CSV or JSON; may be repeated"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable")] = False,
) -> None:
    """Hold what producers say they sent against the broker and Bronze.

    Exit code 1 when records are lost.
    """
    from adlake.io.trino.client import connect
    from adlake.proof import producers as job
    from adlake.proof.producer_counts import load_counts
    from adlake.wiring.proof import audited_topics, counts_of_generator

    settings = Settings()
    told = counts_of_generator(settings)
    for path in counts or ():
        told += load_counts(path)
    topics = list(audited_topics(settings))
    with connect(settings.ports.trino_port, settings.ports.trino_host) as client:
        found = job.current_audits(client, told, topics)
    typer.echo(job.as_json(found) if as_json else "\n".join(job.as_lines(found)))
    if any(one.lost for one in found.values()):
        raise typer.Exit(FAILURE)
