"""Commands that start, stop and look at the stack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adlake.cli.application import FAILURE, STACK, app
from adlake.devstack.runtime import Runtime
from adlake.settings import Settings

if TYPE_CHECKING:
    from adlake.devstack.containers.stack import ContainerStack
    from adlake.devstack.stack import Stack

SERVICE_NAMES = (
    "postgres", "kafka", "trino", "stream", "generator", "dashboard", "api", "alertmanager",
    "prometheus",
)  # fmt: skip
"""Those of `devstack.stack.SERVICES`, which a help text must not load; a test holds them equal."""
SERVICES = f"{', '.join(SERVICE_NAMES)} (in containers: the names that `status` shows)"
Only = Annotated[
    str,
    typer.Option(
        metavar="NAME,...", show_default=False, help=f"these services, nothing else: {SERVICES}"
    ),
]
Without = Annotated[
    str,
    typer.Option(
        metavar="NAME,...", show_default=False, help="services to leave out, of the same names"
    ),
]


RuntimeOption = Annotated[
    Runtime,
    typer.Option(help="form of the stack; auto: docker where an engine answers, native where not"),
]


def _stack() -> Stack:
    from adlake.devstack.home import refuse_other_home
    from adlake.devstack.stack import Stack

    settings = Settings()
    # A copied home names the processes of the original: not even looked at.
    refuse_other_home(settings.paths.home.resolve())
    return Stack(settings, report=typer.echo)


def _containers(runtime: Runtime) -> ContainerStack | None:
    """The stack in containers, where that is meant; None: the native one is."""
    from adlake.devstack.containers.choice import choose

    settings = Settings()
    if choose(runtime, settings) is Runtime.NATIVE:
        return None
    from adlake.devstack.containers.stack import ContainerStack

    return ContainerStack(settings, typer.echo)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@app.command(rich_help_panel=STACK)
def up(only: Only = "", without: Without = "", runtime: RuntimeOption = Runtime.AUTO) -> None:
    """Start the stack; harmless when it runs, repairs what was killed."""
    from adlake.devstack.containers import stack as in_containers
    from adlake.devstack.welcome import welcome

    containers = _containers(runtime)
    if containers is not None:
        containers.up(_names(only), _names(without))
        typer.echo(in_containers.welcome(containers.settings))
        return
    stack = _stack()
    stack.up(_names(only) or None, _names(without))
    typer.echo(welcome(stack))


@app.command(rich_help_panel=STACK)
def install(
    jars_into: Annotated[
        Path | None, typer.Option(help="only Spark's jars, copied into this folder: for an image")
    ] = None,
    class_archive: Annotated[
        bool, typer.Option("--class-archive", help="make Spark's class archive as well, if missing")
    ] = False,
) -> None:
    """Fetch servers and jars into the cache, start nothing."""
    if jars_into is not None:
        from adlake.devstack.install.fetch import copy_spark_jars

        copy_spark_jars(Settings().paths.cache.resolve(), jars_into, typer.echo)
        return
    typer.echo(f"Spark jars: {_stack().installation.spark_jars}")
    if class_archive:
        from adlake.wiring.class_archive import make_class_archive

        make_class_archive(Settings(), typer.echo)


@app.command(rich_help_panel=STACK)
def down(only: Only = "", runtime: RuntimeOption = Runtime.AUTO) -> None:
    """Stop the stack and everything it started."""
    containers = _containers(runtime)
    if containers is not None:
        containers.down(_names(only))
        return
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
    runtime: RuntimeOption = Runtime.AUTO,
) -> None:
    """Show each service with state, pid, uptime, port and memory.

    Exit code 1 when one died or hangs.
    """
    containers = _containers(runtime)
    if containers is not None:
        _status_of(containers, as_json=as_json)
        return
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


def _status_of(containers: ContainerStack, *, as_json: bool) -> None:
    from dataclasses import asdict
    from json import dumps

    from adlake.devstack.containers.states import as_table, container_states

    states = container_states(containers.compose)
    typer.echo(dumps([asdict(one) for one in states]) if as_json else as_table(states))
    if not all(one.is_fine for one in states):
        raise typer.Exit(FAILURE)


@app.command(rich_help_panel=STACK)
def logs(
    name: Annotated[str, typer.Argument(help=f"one of {SERVICES}; left out: all")] = "",
    follow: Annotated[bool, typer.Option("-f", "--follow", help="go on until Ctrl-C")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, help="of each service")] = 20,
    runtime: RuntimeOption = Runtime.AUTO,
) -> None:
    """Print the end of the logs."""
    from adlake.devstack.logs import log_lines

    containers = _containers(runtime)
    if containers is not None:
        containers.logs(name, lines, follow=follow)
        return
    for line in log_lines(_stack(), name, lines, follow):
        typer.echo(line)


@app.command(rich_help_panel=STACK)
def nuke(runtime: RuntimeOption = Runtime.AUTO) -> None:
    """Stop everything and remove all state (events, tables, passwords); says what it left."""
    containers = _containers(runtime)
    if containers is not None:
        containers.nuke()
        return
    _stack().nuke()


@app.command(rich_help_panel=STACK)
def passwords() -> None:
    """Show the logins of what runs in containers: Metabase, Grafana, object store, JupyterLab."""
    from adlake.devstack.containers.stack import logins

    typer.echo(logins(Settings()))


@app.command(rich_help_panel=STACK)
def settings() -> None:
    """List every setting with default and meaning, as Markdown."""
    from adlake.settings.reference import reference_markdown

    typer.echo(reference_markdown())


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
def doctor(runtime: RuntimeOption = Runtime.AUTO) -> None:
    """Check prerequisites, ports, disk and memory; exit code 1 when something blocks."""
    from adlake.devstack.containers import doctor as of_containers
    from adlake.devstack.containers.choice import choose
    from adlake.devstack.doctor import examine, is_blocked

    settings = Settings()
    is_native = choose(runtime, settings) is Runtime.NATIVE
    findings = examine(settings) if is_native else of_containers.examine(settings)
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
