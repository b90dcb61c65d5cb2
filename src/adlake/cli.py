"""The command line: parses, calls, prints; nothing else.

Settings are read here and passed on. Commands import what they need themselves, so that
`adlake status` does not pay for Spark.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adlake.contracts.errors import AdlakeError
from adlake.jobs.query_output import OutputFormat
from adlake.settings import Settings, SettingsError

if TYPE_CHECKING:
    from adlake.devstack.stack import Stack

FAILURE = 1
USAGE = 2
app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="An open lakehouse that attributes ad events in real time, exactly once.",
)  # fmt: skip

STACK = "The stack"
DATA = "The data"


class Runtime(StrEnum):
    """Form of the stack."""

    AUTO = "auto"
    NATIVE = "native"
    DOCKER = "docker"


Format = Annotated[OutputFormat, typer.Option("--format", help="json and csv keep every digit")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="file instead of the screen")]
Only = Annotated[str, typer.Option(help="comma-separated services, nothing else")]
Without = Annotated[str, typer.Option(help="comma-separated services to leave out")]


def main() -> None:
    """Entry point: our own errors become one line and an exit code, never a traceback."""
    try:
        app()
    except SettingsError as error:
        _fail(error, USAGE)
    except AdlakeError as error:
        _fail(error, FAILURE)
    except KeyboardInterrupt:
        _fail("interrupted", 130)


def _fail(error: object, code: int) -> None:
    typer.echo(f"adlake: {error}", err=True)
    sys.exit(code)


def _stack() -> Stack:
    from adlake.devstack.stack import Stack

    return Stack(Settings(), report=typer.echo)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@app.command(rich_help_panel=STACK)
def up(
    only: Only = "",
    without: Without = "",
    runtime: Annotated[Runtime, typer.Option(envvar="RUNTIME")] = Runtime.AUTO,
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
    _stack().down(_names(only) or None)
    typer.echo("nothing is running")


@app.command(rich_help_panel=STACK)
def status(
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable")] = False,
) -> None:
    """Show each service with state, pid, uptime, port and memory; 1 when one died or hangs."""
    from adlake.devstack import status as view

    rows = [view.status_of(service) for service in _stack().services()]
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
    """Stop everything and remove all state (events, tables, passwords)."""
    _stack().nuke()


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
    """Create or update topic and catalog database; safe to run twice."""
    from adlake.provision.catalog import apply_migrations, catalog_database
    from adlake.provision.topics import ensure_topic

    settings = Settings()
    created = ensure_topic(settings.bootstrap_servers, settings.kafka)
    typer.echo(f"topic {settings.kafka.topic}: {'created' if created else 'up to date'}")
    applied = apply_migrations(catalog_database(settings))
    typer.echo(f"catalog: {', '.join(applied) or 'up to date'}")


@app.command(rich_help_panel=DATA)
def query(
    name: Annotated[str, typer.Argument(help="a metric; all are listed when left out")] = "",
    param: Annotated[list[str] | None, typer.Option(help="name=value; may be repeated")] = None,
    output_format: Format = OutputFormat.TABLE,
    output: Output = None,
) -> None:
    """Run a metric (a file of sql/metrics) on Trino."""
    from adlake.io.trino import connect
    from adlake.jobs.query import load_metric, metric_names, parsed_assignments, run_metric
    from adlake.jobs.query_output import write_metric_list, write_result

    if not name:
        return write_metric_list(map(load_metric, metric_names()), sys.stdout)
    client = connect(Settings().ports.trino_port)
    result = run_metric(client, name, parsed_assignments(param or []))
    return write_result(result, output_format, output)


@app.command(rich_help_panel=DATA)
def sql(
    statement: Annotated[str, typer.Argument(help="one statement; - reads standard input")],
    output_format: Format = OutputFormat.TABLE,
    output: Output = None,
) -> None:
    """Run one SQL statement on Trino; tables need no catalog: gold.ad_performance_state."""
    from adlake.io.trino import connect
    from adlake.jobs.query_output import write_result

    text = sys.stdin.read() if statement == "-" else statement
    client = connect(Settings().ports.trino_port)
    write_result(client.query(text.strip().removesuffix(";")), output_format, output)


@app.command(rich_help_panel=DATA)
def generate(  # noqa: PLR0917
    rate: Annotated[float, typer.Option(help="events per second, all kinds together")] = 1_000.0,
    seed: Annotated[
        int | None, typer.Option(help="same seed, options and start: the same bytes")
    ] = None,
    events: Annotated[int | None, typer.Option(min=1, help="end after so many events")] = None,
    duration: Annotated[str, typer.Option(help="end after so much virtual time, e.g. 10m")] = "",
    history: Annotated[
        str, typer.Option(help="first publish a compressed past of this length, e.g. 24h")
    ] = "",
    history_events: Annotated[int, typer.Option(min=0, help="events of that past; 0: 200,000")] = 0,
    start_at: Annotated[str, typer.Option(help="virtual start (ISO 8601) instead of now")] = "",
    faults: Annotated[str, typer.Option(help="default, none, all, or name=share,...")] = "default",
    unpaced: Annotated[
        bool, typer.Option("--unpaced", help="as fast as possible; virtual time runs at --rate")
    ] = False,
    drain: Annotated[
        bool, typer.Option("--drain", help="at the end also send what is still due, days ahead")
    ] = False,
    daily_rhythm: Annotated[
        bool, typer.Option("--daily-rhythm", help="live rate follows day and night too")
    ] = False,
    processes: Annotated[int, typer.Option(min=1, help="workers, an equal share each")] = 1,
    truth_detail: Annotated[
        bool, typer.Option("--truth-detail", help="write one line per event beside the truth")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget an unfinished run")] = False,
) -> None:
    """Publish simulated ad traffic and write the right answer beside it; resumes where it was."""
    from adlake.generator import run
    from adlake.generator.faults import parse_faults
    from adlake.generator.options import GeneratorOptions, parse_duration_ms, parse_start_ms

    settings = Settings()
    run.set_up_logging()
    options = GeneratorOptions(
        seed=settings.generator.generator_seed if seed is None else seed,
        rate=rate,
        faults=parse_faults(faults),
        history_ms=parse_duration_ms(history) if history else 0,
        history_events=history_events,
        start_at_ms=parse_start_ms(start_at) if start_at else None,
        daily_rhythm=daily_rhythm,
        workers=processes,
        events=events,
        duration_ms=parse_duration_ms(duration) if duration else None,
        paced=not unpaced,
        drain=drain,
        truth_detail=truth_detail,
        fresh=fresh,
    )
    home = settings.paths.home.resolve()
    target = run.Target(settings.bootstrap_servers, settings.kafka.topic, home)
    raise typer.Exit(run.run_generator(options, target))


JOBS = "Jobs"


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
    from adlake.io.trino import connect
    from adlake.jobs import verify as job

    settings = Settings()
    with connect(settings.ports.trino_port) as client:
        proof = job.verify(
            client,
            lambda: load_truth(settings.paths.truth_dir),
            report=(lambda _line: None) if quiet else lambda line: typer.echo(line, err=True),
            rows_per_slice=slice_rows,
        )
    typer.echo("\n".join(proof.lines()))
    if not proof.is_good:
        raise typer.Exit(FAILURE)


if __name__ == "__main__":
    main()
