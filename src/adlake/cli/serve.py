"""`adlake serve`: the HTTP API."""

from __future__ import annotations

import typer

from adlake.cli.application import JOBS, EndedBySignal, app
from adlake.settings import Settings


@app.command(rich_help_panel=JOBS)
def serve() -> None:
    """Take events in over HTTP (POST /events) until Ctrl-C or SIGTERM."""
    from adlake.api.server import serve as answer
    from adlake.devstack.services.ports import refuse_taken

    settings = Settings()
    port = settings.ports.api_port
    refuse_taken("the API", {"ADLAKE_API_PORT": port})
    typer.echo(f"API: http://127.0.0.1:{port}/docs (Ctrl-C ends it)")
    try:
        answer(settings)
    except (EndedBySignal, KeyboardInterrupt):
        typer.echo("the API has ended")
