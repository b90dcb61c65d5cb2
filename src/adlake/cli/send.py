"""`adlake send`: events of a file into the topics."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from adlake.cli.application import DATA, FAILURE, app
from adlake.settings import Settings

SHOWN = 20
"""Refused events that are told one by one."""


@app.command(rich_help_panel=DATA)
def send(
    file: Annotated[str, typer.Argument(help="one JSON event a line, or an array; - reads stdin")],
) -> None:
    """Publish events of your own, judged first as the stream will judge them.

    Refused ones are told and not published; exit code 1 when there are any.
    """
    from adlake.collector.items import NoItemsError
    from adlake.collector.judging import Accepted, Refused, judged
    from adlake.collector.lines import events_of
    from adlake.contracts.errors import AdlakeError
    from adlake.wiring.collector import publishing

    accepted, refused = 0, 0
    with _lines_of(file) as lines:
        published = publishing(Settings())
        try:
            for group in events_of(lines):
                now_ms = int(time.time() * 1_000)
                verdicts = [judged(item, now_ms, published.topics) for item in group]
                good = [one for one in verdicts if isinstance(one, Accepted)]
                if good:
                    published.send(good, now_ms)
                for number, one in enumerate(verdicts, start=accepted + refused + 1):
                    if isinstance(one, Refused) and refused < SHOWN:
                        typer.echo(f"event {number} ({one.event_id}): {one.reason} {one.detail}")
                    refused += isinstance(one, Refused)
                accepted += len(good)
        except NoItemsError as error:
            raise AdlakeError(f"{file}: {error}") from None
        except UnicodeDecodeError:
            raise AdlakeError(f"{file} is not UTF-8") from None
        finally:
            published.close()
    typer.echo(f"{accepted:,} events sent, {refused:,} refused")
    if refused:
        raise typer.Exit(FAILURE)


@contextmanager
def _lines_of(file: str) -> Iterator[Iterable[str]]:
    if file == "-":
        yield sys.stdin
        return
    try:
        opened = Path(file).open(encoding="utf-8", newline="\n")  # noqa: SIM115 - closed below
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None
    with opened:
        yield opened
