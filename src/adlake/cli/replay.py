"""The time machine on the command line."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from adlake.cli.application import FAILURE, JOBS, app
from adlake.folders import ADLAKE
from adlake.settings import Settings

if TYPE_CHECKING:
    from datetime import date

    from adlake.attribution.replay.command import Replayed
    from adlake.attribution.replay.order import ReplayOrder

GROUPS_SHOWN = 40


@app.command(rich_help_panel=JOBS)
def replay(  # noqa: PLR0917
    first_day: Annotated[
        str, typer.Option("--from", help="first day of impressions, e.g. 2026-11-01 (UTC)")
    ] = "",
    last_day: Annotated[str, typer.Option("--to", help="last day of impressions, included")] = "",
    law_version: Annotated[
        int | None, typer.Option(min=1, help="a recorded law; default: the one in force")
    ] = None,
    lookback: Annotated[str, typer.Option(help="what if: another lookback, e.g. 14d")] = "",
    publish: Annotated[bool, typer.Option("--publish", help="make the replay Gold")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="take the last publication back")] = False,
) -> None:
    """Build Gold again from Bronze, show what differs; publish, undo.

    Exit code 1 when the replay says that Gold is damaged.
    """
    from adlake.attribution.replay import command as job
    from adlake.cli.progress import watched
    from adlake.wiring.replay import replay_config
    from adlake.wiring.spark import choose_jdk

    has_order = bool(first_day or last_day or law_version or lookback)
    if undo and (publish or has_order):
        raise typer.BadParameter("--undo goes alone")
    settings = Settings()
    config = replay_config(settings)
    choose_jdk(settings)
    if undo:
        return typer.echo(job.undo(config, _report))
    is_damaged = False
    if has_order or not publish:
        order = _order(first_day, last_day, law_version, lookback)
        found = job.replay(config, replace(order, to_publish=publish), _report, watched)
        _show(found)
        is_damaged = found.is_same_law and not found.is_equal
    if publish:
        return typer.echo(job.publish(config, _report))
    typer.echo(
        "Gold is as it was. Look at gold.ad_performance_replay; publish with "
        f"`{ADLAKE} replay --publish`"
    )
    if is_damaged:
        raise typer.Exit(FAILURE)
    return None


def _report(line: str) -> None:
    typer.echo(line, err=True)


def _order(first_day: str, last_day: str, law_version: int | None, lookback: str) -> ReplayOrder:
    from adlake.attribution.replay.order import ReplayOrder, slots_of_days
    from adlake.generator.options import parse_duration_ms

    return ReplayOrder(
        slots=slots_of_days(_day(first_day), _day(last_day)),
        law_version=law_version,
        lookback_ms=parse_duration_ms(lookback) if lookback else None,
    )


def _day(text: str) -> date | None:
    from datetime import date

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"day {text!r}: write it like 2026-11-21") from None


def _show(found: Replayed) -> None:
    from adlake.io.output import write_table
    from adlake.io.trino.client import QueryResult

    built = found.built
    rate = built.deliveries / max(built.seconds, 0.001)
    typer.echo(
        f"law        {found.law.in_words}\n"
        f"snapshots  gold {built.facts.gold_snapshot}, bronze {built.facts.bronze_snapshot}\n"
        f"replayed   {built.deliveries:,} deliveries to {built.rows:,} rows in "
        f"{built.seconds:.1f} s ({rate:,.0f} a second)\n"
        f"gold       sha256 {found.live_hash}\n"
        f"replay     sha256 {found.replay_hash}"
    )
    groups = found.differing
    if groups:
        rows = [tuple(group.values()) for group in groups[:GROUPS_SHOWN]]
        write_table(QueryResult(tuple(groups[0]), iter(rows)), sys.stdout)
    shown = f", the first {GROUPS_SHOWN} are shown" if len(groups) > GROUPS_SHOWN else ""
    changes = {
        name: sum(group[f"replay_{name}"] - group[f"live_{name}"] for group in groups)
        for name in ("rows", "cost", "revenue")
    }
    typer.echo(
        f"diff       {len(groups):,} campaigns and days differ{shown}; rows {changes['rows']:+,}, "
        f"cost {changes['cost']:+,}, revenue {changes['revenue']:+,}\n"
        f"verdict    {_verdict(found)}"
    )


def _verdict(found: Replayed) -> str:
    if found.is_equal:
        return "equal: every column of every row"
    if not found.is_same_law:
        return "DIFFERENT, as another law may be"
    hidden = "" if found.differing else ", in columns that the diff does not sum"
    return f"DIFFERENT under the law in force{hidden}: Gold is damaged; publish the replay"
