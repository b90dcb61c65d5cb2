"""Commands that start, stop and look at the stack."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from adlake.cli.application import FAILURE, STACK, app
from adlake.contracts.errors import AdlakeError
from adlake.settings import Settings

if TYPE_CHECKING:
    from adlake.devstack.stack import Stack

Only = Annotated[str, typer.Option(help="comma-separated services, nothing else")]
Without = Annotated[str, typer.Option(help="comma-separated services to leave out")]


class Runtime(StrEnum):
    """Form of the stack."""

    AUTO = "auto"
    NATIVE = "native"
    DOCKER = "docker"


def _stack() -> Stack:
    from adlake.devstack.home import refuse_other_home
    from adlake.devstack.stack import Stack

    settings = Settings()
    # A copied home names the processes of the original: not even looked at.
    refuse_other_home(settings.paths.home.resolve())
    return Stack(settings, report=typer.echo)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@app.command(rich_help_panel=STACK)
def up(
    only: Only = "",
    without: Without = "",
    runtime: Annotated[Runtime, typer.Option(help="form of the stack")] = Runtime.AUTO,
) -> None:
    """Start the stack; harmless when it runs, repairs what was killed."""
    from adlake.devstack.welcome import welcome

    if runtime is Runtime.DOCKER:
        raise AdlakeError(
            "the container form of the stack does not exist yet: use RUNTIME=native (or leave "
            "RUNTIME away), which needs only Python and a JDK"
        )
    stack = _stack()
    stack.up(_names(only) or None, _names(without))
    typer.echo(welcome(stack))


@app.command(rich_help_panel=STACK)
def install() -> None:
    """Fetch servers and jars into the cache, start nothing."""
    typer.echo(f"Spark jars: {_stack().installation.spark_jars}")


@app.command(rich_help_panel=STACK)
def down(only: Only = "") -> None:
    """Stop the stack and everything it started."""
    stack = _stack()
    stack.down(_names(only) or None)
    running = stack.running()
    typer.echo(f"still running: {', '.join(running)}" if running else "nothing is running")


@app.command(hidden=True)
def revive(name: str) -> None:
    """Start a service again that ended by itself, as it was started; for the supervisor."""
    import os

    from adlake.devstack.stack import Stack
    from adlake.devstack.supervisor.process import PidFile
    from adlake.settings import SECRETS

    home = Settings().paths.home.resolve()
    known = PidFile.read(home / "run" / f"{name}.json")
    if known is not None:
        # Whatever a copied folder says: only this one is acted on.
        # Secrets are not written down: the supervisor holds them in its own environment.
        secrets = {name: value for name, value in os.environ.items() if name in SECRETS}
        given = known.settings and {**known.settings, **secrets, "ADLAKE_HOME": str(home)}
        Stack(Settings(given), report=typer.echo).revive(name)


@app.command(rich_help_panel=STACK)
def status(
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable")] = False,
) -> None:
    """Show each service with state, pid, uptime, port and memory; 1 when one died or hangs."""
    from adlake.devstack import status as view

    stack = _stack()

    def pending() -> str:
        # Asked only while Kafka is ready: most looks need no client of its.
        from adlake.wiring.topics import pending_records

        return pending_records(stack.settings)

    rows = view.status_of_stack(stack, pending)
    typer.echo(view.as_json(rows) if as_json else view.as_table(rows))
    if not view.all_wanted_ready(rows):
        raise typer.Exit(FAILURE)


@app.command(rich_help_panel=STACK)
def logs(
    name: Annotated[str, typer.Argument(help="one service; all when left out")] = "",
    follow: Annotated[bool, typer.Option("-f", "--follow", help="go on until Ctrl-C")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0)] = 20,
) -> None:
    """Print the end of the logs."""
    from adlake.devstack.logs import log_lines

    for line in log_lines(_stack(), name, lines, follow):
        typer.echo(line)


@app.command(rich_help_panel=STACK)
def nuke() -> None:
    """Stop everything and remove all state (events, tables, passwords); says what it left."""
    _stack().nuke()


@app.command(rich_help_panel=STACK)
def settings() -> None:
    """List every setting with default and meaning, as Markdown."""
    from adlake.settings.reference import reference_markdown

    typer.echo(reference_markdown(), nl=False)


@app.command(rich_help_panel=STACK)
def flow(
    tables: Annotated[
        bool, typer.Option("--tables", help="who writes and who reads each table, instead")
    ] = False,
) -> None:
    """Print what each command reads and writes, as a Mermaid diagram."""
    from adlake.flow import as_mermaid, tables_as_markdown

    typer.echo(tables_as_markdown() if tables else as_mermaid())


@app.command(rich_help_panel=STACK)
def doctor() -> None:
    """Check prerequisites, ports, disk and memory; 1 when something blocks."""
    from adlake.devstack.doctor import examine, is_blocked

    findings = examine(Settings())
    for finding in findings:
        typer.echo(str(finding))
    if is_blocked(findings):
        raise typer.Exit(FAILURE)


@app.command(rich_help_panel=STACK)
def provision() -> None:
    """Create or update topics and catalog database; safe to run twice."""
    from adlake.devstack.home import place_of
    from adlake.io.postgres.migrations import apply_migrations
    from adlake.provision.catalog import catalog_database, owner_database
    from adlake.provision.topics import ensure_topics
    from adlake.streaming.place import check_place

    settings = Settings()
    catalog = catalog_database(settings)
    check_place(catalog.connect, place_of(settings))
    for topic, created in ensure_topics(settings):
        typer.echo(f"topic {topic}: {'created' if created else 'up to date'}")
    applied = apply_migrations(owner_database(settings), writer=catalog.user)
    typer.echo(f"catalog: {', '.join(applied) or 'up to date'}")
