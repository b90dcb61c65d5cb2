"""Commands that ask the lake and fill the topic."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Annotated

import typer

from adlake.cli.application import DATA, Format, Output, app
from adlake.io.output import OutputFormat
from adlake.settings import Settings


@app.command(rich_help_panel=DATA)
def query(
    name: Annotated[str, typer.Argument(help="a metric; all are listed when left out")] = "",
    param: Annotated[list[str] | None, typer.Option(help="name=value; may be repeated")] = None,
    output_format: Format = OutputFormat.TABLE,
    output: Output = None,
) -> None:
    """Run a metric (a file of sql/metrics) on Trino."""
    from adlake.devstack.lake_place import refuse_wrong_place
    from adlake.io.output import write_result
    from adlake.io.trino.client import connect
    from adlake.metrics.listing import write_metric_list
    from adlake.metrics.query import load_metric, metric_names, parsed_assignments, run_metric

    if not name:
        return write_metric_list(map(load_metric, metric_names()), sys.stdout)
    settings = Settings()
    refuse_wrong_place(settings)
    client = connect(settings.ports.trino_port, settings.ports.trino_host)
    result = run_metric(client, name, parsed_assignments(param or []))
    return write_result(result, output_format, output)


@app.command(rich_help_panel=DATA)
def sql(
    statement: Annotated[str, typer.Argument(help="one statement; - reads standard input")],
    output_format: Format = OutputFormat.TABLE,
    output: Output = None,
) -> None:
    """Run one SQL statement on Trino; tables need no catalog: gold.ad_performance_state."""
    from adlake.devstack.lake_place import refuse_wrong_place
    from adlake.io.output import write_result
    from adlake.io.trino.client import connect

    text = (sys.stdin.read() if statement == "-" else statement).strip().removesuffix(";")
    if not text:
        raise typer.BadParameter('there is no statement: make sql SQL="SELECT ..."')
    settings = Settings()
    refuse_wrong_place(settings)
    client = connect(settings.ports.trino_port, settings.ports.trino_host)
    write_result(client.query(text), output_format, output)


@app.command(rich_help_panel=DATA)
def explain(
    impression_id: str,
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable")] = False,
) -> None:
    """Show every delivery of an impression, what happened to it and why, and the Gold row."""
    from adlake.devstack.lake_place import refuse_wrong_place
    from adlake.io.output import exact_record, write_table
    from adlake.wiring.explain import explanation_of

    settings = Settings()
    refuse_wrong_place(settings)
    explanation = explanation_of(settings, impression_id)
    if as_json:
        document = exact_record(vars(explanation))
        return typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    for title, table in explanation.tables():
        typer.echo(f"\n{title}")
        write_table(table, sys.stdout, all_rows="--json")
    return None


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
    faults: Annotated[str, typer.Option(help="default|none|all, name=share,...")] = "default",
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
    business: Annotated[
        bool,
        typer.Option("--business", help="also the business events that follow, to their topic"),
    ] = False,
    campaigns: Annotated[
        bool,
        typer.Option("--campaigns", help="also the updates of the campaigns, to their topic"),
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget an unfinished run")] = False,
) -> None:
    """Publish simulated ad traffic and write the right answer beside it; resumes where it was."""
    from adlake.devstack.home import refuse_other_home
    from adlake.generator import run
    from adlake.generator.faults import parse_faults
    from adlake.generator.options import GeneratorOptions, parse_duration_ms, parse_start_ms
    from adlake.io import failpoints
    from adlake.provision.outside import kafka_access

    settings = Settings()
    refuse_other_home(settings.paths.home.resolve())
    run.set_up_logging()
    failpoints.arm(settings.stream.failpoints, settings.paths.failpoint_dir, None)
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
    target = run.Target(kafka_access(settings), settings.kafka.topic, home)
    if business:
        from adlake.generator.dimensions import advertisers_of

        target = replace(
            target,
            business_topic=settings.kafka.business_topic,
            advertisers=advertisers_of(options.seed),
        )
    if campaigns:
        target = replace(target, campaign_topic=settings.kafka.campaign_topic)
    raise typer.Exit(run.run_generator(options, target))
