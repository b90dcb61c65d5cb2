"""`adlake quarantine`: rejected deliveries, their correction and their way back."""

from __future__ import annotations

import getpass
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from adlake.cli.application import DATA, Format, Output, app, not_blank
from adlake.contracts.errors import AdlakeError
from adlake.contracts.output_format import OutputFormat
from adlake.folders import ADLAKE
from adlake.settings import Settings

quarantine = typer.Typer(
    no_args_is_help=True, help="Rejected deliveries: list, show, fix, resubmit."
)
app.add_typer(quarantine, name="quarantine", rich_help_panel=DATA)

Position = Annotated[
    str,
    typer.Argument(help="partition/offset (of the newest incarnation), or topic/partition/offset"),
]


@quarantine.command("list")
def list_deliveries(  # noqa: PLR0917
    reason: Annotated[str, typer.Option(help="a reject reason, e.g. BAD_VALUE")] = "",
    campaign: Annotated[str, typer.Option(help="a campaign id, where it could be read")] = "",
    since: Annotated[str, typer.Option(help="arrived at or after (ISO 8601)")] = "",
    until: Annotated[str, typer.Option(help="arrived before (ISO 8601)")] = "",
    limit: Annotated[int, typer.Option(min=1, help="rows at most")] = 50,
    output_format: Format = OutputFormat.TABLE,
    output: Output = None,
) -> None:
    """List rejected deliveries, newest first, with the state of their correction."""
    from adlake.io.output import write_result
    from adlake.io.trino.client import connect
    from adlake.quarantine.corrections import Filters, listed, parsed_time
    from adlake.wiring.lake import lease_connect

    settings = Settings()
    filters = Filters(
        reason=reason.upper() or None,
        campaign=campaign or None,
        since=parsed_time(since),
        until=parsed_time(until),
        limit=limit,
    )
    with connect(settings.ports.trino_port, settings.ports.trino_host) as client:
        result = listed(client, lease_connect(settings), filters)
        write_result(result, output_format, output)


@quarantine.command()
def show(
    position: Position,
    raw: Annotated[bool, typer.Option("--raw", help="the exact bytes and nothing else")] = False,
) -> None:
    """Show one rejected delivery: why it was refused, and its payload made safe for a screen."""
    from adlake.io.bronze_records import payload_of
    from adlake.io.trino.client import connect
    from adlake.quarantine import corrections as job

    settings = Settings()
    place = _place(position, settings)
    with connect(settings.ports.trino_port, settings.ports.trino_host) as client:
        delivery = job.rejected_delivery(client, place)
    if raw:
        sys.stdout.buffer.write(payload_of(delivery) or b"")
        return
    for name, value in job.shown_delivery(delivery):
        typer.echo(f"{name:>15}  {value}")


@quarantine.command()
def fix(
    position: Position,
    why: Annotated[
        str, typer.Option(callback=not_blank, help="the reason, kept with the correction")
    ],
    settings_of_fields: Annotated[
        list[str] | None, typer.Option("--set", help="field=value of the JSON; may be repeated")
    ] = None,
    payload: Annotated[
        Path | None, typer.Option(help="file with the whole payload; - reads standard input")
    ] = None,
    by: Annotated[str, typer.Option(help="who corrects; left out: your user name")] = "",
) -> None:
    """Store a corrected payload; refused with its reason when it would be rejected again."""
    from adlake.attribution.law.correction import parsed_setting, with_members
    from adlake.io.bronze_records import payload_of
    from adlake.io.postgres.fixes import shown
    from adlake.io.trino.client import connect
    from adlake.quarantine import corrections as job
    from adlake.wiring.lake import lease_connect

    if not settings_of_fields and payload is None:
        raise AdlakeError("say what to correct: --set field=value, or --payload FILE")
    settings = Settings()
    place = _place(position, settings)
    with connect(settings.ports.trino_port, settings.ports.trino_host) as client:
        text = payload_of(job.rejected_delivery(client, place))
    if payload is not None:
        text = _read(payload)
    members = dict(parsed_setting(one) for one in settings_of_fields or ())
    corrected = with_members(text, members) if members else (text or b"")
    number = job.fix(lease_connect(settings), place, corrected, by=by or _user(), why=why)
    typer.echo(f"fix {number} of {shown(place)} waits: `{ADLAKE} quarantine resubmit` publishes it")


@quarantine.command()
@quarantine.command("replay", hidden=True)
def resubmit(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show, send nothing")] = False,
) -> None:
    """Publish every waiting fix as a new delivery that names the rejected one."""
    from adlake.provision.outside import kafka_access
    from adlake.quarantine import corrections as job
    from adlake.wiring.lake import lease_connect

    settings = Settings()
    connect = lease_connect(settings)
    if dry_run:
        for one in job.pending_fixes(connect):
            typer.echo(json.dumps(job.described(one), ensure_ascii=True))
        return
    done = job.resubmit(connect, kafka_access(settings), settings.kafka.topic)
    for one in done:
        typer.echo(json.dumps(job.described(one), ensure_ascii=True))
    typer.echo(f"{len(done)} fixes published", err=True)


def _place(text: str, settings: Settings) -> tuple[str, int, int]:
    """A short position is one of the newest source incarnation: offsets begin anew in each."""
    from adlake.io.postgres.source_incarnations import newest_incarnation
    from adlake.quarantine.corrections import parsed_position
    from adlake.wiring.lake import lease_connect

    def newest_label() -> str:
        return newest_incarnation(lease_connect(settings), settings.kafka.topic).label

    return parsed_position(text, newest_label)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user id may have no name
        raise AdlakeError("your user has no name here: say who corrects by --by") from None


def _read(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise AdlakeError(f"cannot read {path}: {error.strerror}") from error
