"""The application all commands register with, its exit codes and shared options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from adlake.contracts.errors import AdlakeError
from adlake.jobs.query_output import OutputFormat
from adlake.settings import SettingsError

FAILURE = 1
USAGE = 2
INTERRUPTED = 130
app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="An open lakehouse that attributes ad events in real time, exactly once.",
)  # fmt: skip

STACK = "The stack"
DATA = "The data"
JOBS = "Jobs"

Format = Annotated[OutputFormat, typer.Option("--format", help="json and csv keep every digit")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="file instead of the screen")]


def not_blank(text: str) -> str:
    """Refuses a reason that says nothing: it is kept for ever, and read by somebody else."""
    if not text.strip():
        raise typer.BadParameter("is blank: say why in a few words, they are kept")
    return text.strip()


def main() -> None:
    """Entry point: our own errors and a database's become one line and an exit code."""
    try:
        app()
    except SettingsError as error:
        _fail(error, USAGE)
    except AdlakeError as error:
        _fail(error, FAILURE)
    except KeyboardInterrupt:
        _fail("interrupted", INTERRUPTED)
    except Exception as error:
        # Late, so that a command that needs no database does not load its driver.
        from adlake.io.catalog_errors import catalog_trouble

        trouble = catalog_trouble(error)
        if trouble is None:
            raise
        _fail(trouble, FAILURE)


def _fail(error: object, code: int) -> None:
    from adlake.devstack.endings import Ending, record_ending

    is_lasting = isinstance(error, SettingsError) or getattr(error, "is_lasting", False)
    record_ending(Ending(f"adlake: {error}", is_lasting))
    typer.echo(f"adlake: {error}", err=True)
    sys.exit(code)
