"""`adlake views`: the views that Spark and Trino show."""

from __future__ import annotations

from adlake.cli.application import JOBS, app
from adlake.cli.asking import ask_stream
from adlake.settings import Settings


@app.command(rich_help_panel=JOBS)
def views() -> None:
    """Make missing and changed views again; the stream does so at each start."""
    from adlake.io.postgres.operations import MAKE_VIEWS

    ask_stream(Settings(), "views", MAKE_VIEWS)
