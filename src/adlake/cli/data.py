"""Commands that ask the lake."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from adlake.cli.application import DATA, Format, Output, app
from adlake.contracts.output_format import OutputFormat
from adlake.folders import ADLAKE
from adlake.settings import Settings


@app.command(rich_help_panel=DATA)
def query(
    name: Annotated[str, typer.Argument(help="a metric; all are listed when left out")] = "",
    param: Annotated[
        list[str] | None,
        typer.Option(
            help="name=value; may be repeated. docs/metrics.md lists those of each metric"
        ),
    ] = None,
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
    impression_id: Annotated[
        str,
        typer.Argument(help=f"as the events carry it; `{ADLAKE} query impressions` lists some"),
    ],
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
