"""`adlake ingest-files`: a folder of files of events into the topics."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from adlake.cli.application import DATA, FAILURE, app
from adlake.settings import Settings

ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@app.command("ingest-files", rich_help_panel=DATA)
def ingest_files(
    folder: Annotated[
        Path,
        typer.Argument(
            exists=True,
            file_okay=False,
            help="takes its *.jsonl (one JSON event a line) and *.json (an event, or an array)",
        ),
    ],
    watch: Annotated[bool, typer.Option("--watch", help="go on looking, until Ctrl-C")] = False,
    every: Annotated[float, typer.Option(min=0.1, help="seconds between two looks")] = 2.0,
) -> None:
    """Publish the events of a folder's files, each file once; bad ones too, for the lake to reject.

    Exit code 1 when a file could not be taken.
    """
    from adlake.cli.progress import watched
    from adlake.collector.folder import Intake
    from adlake.io.output import printable
    from adlake.io.postgres.ingested_files import IngestedFiles
    from adlake.wiring.collector import publishing
    from adlake.wiring.lake import lease_connect

    settings = Settings()
    ingested = IngestedFiles(lease_connect(settings))
    stop = threading.Event()
    published = publishing(settings)
    try:
        intake = Intake(
            folder, ingested,
            lambda group: published.send(group, time.time_ns() // 1_000_000, stop.is_set),
            published.topics, lambda line: typer.echo(printable(line)), stop.is_set, watched,
        )  # fmt: skip
        if watch:
            with _set_at_the_end(stop):
                intake.watch(lambda: stop.wait(every))
        else:
            intake.take_all()
    finally:
        published.close()
    typer.echo(str(intake.totals))
    if intake.totals.not_taken:
        raise typer.Exit(FAILURE)


@contextmanager
def _set_at_the_end(stop: threading.Event) -> Iterator[None]:
    """A signal lets the command end by itself, between two records or two looks."""
    before = {one: signal.signal(one, lambda *_: stop.set()) for one in ENDINGS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
