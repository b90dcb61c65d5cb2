"""The application all commands register with, its exit codes and shared options."""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from typer.core import TyperGroup

from adlake import __version__
from adlake.contracts.errors import AdlakeError
from adlake.contracts.output_format import OutputFormat
from adlake.settings import SettingsError

FAILURE = 1
USAGE = 2
INTERRUPTED = 130
STACK = "The stack"
DATA = "The data"
JOBS = "Jobs"
PANELS = (STACK, DATA, JOBS)
FIRST = ("up", "status", "logs", "down", "doctor")
"""What people type most, before the rest of its panel."""


class InOrder(TyperGroup):
    """Lists the commands as a newcomer needs them; the files' names say nothing about that."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """By panel; in it those of `FIRST`, then as they were registered."""
        return sorted(super().list_commands(ctx), key=self._place)

    def _place(self, name: str) -> tuple[int, int]:
        panel = getattr(self.commands[name], "rich_help_panel", None)
        return (
            PANELS.index(panel) if panel in PANELS else len(PANELS),
            FIRST.index(name) if name in FIRST else len(FIRST),
        )


app = typer.Typer(
    cls=InOrder, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Which ad earned which sale: events from Kafka to SQL, each counted once, with a proof.",
)  # fmt: skip


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"adlake {__version__}")
        raise typer.Exit


@app.callback()
def _all(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Options before any command."""


Format = Annotated[OutputFormat, typer.Option("--format", help="json and csv keep every digit")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="file instead of the screen")]


def not_blank(text: str) -> str:
    """Refuses a reason that says nothing: it is kept for ever, and read by somebody else."""
    if not text.strip():
        raise typer.BadParameter("is blank: say why in a few words, they are kept")
    return text.strip()


class EndedBySignal(BaseException):
    """SIGTERM or SIGHUP: ends like Ctrl-C, so that what the command started ends with it."""


ENDINGS = (signal.SIGTERM, signal.SIGHUP)
_ended_by: list[int] = []
"""The signal that ends this command, once it came."""


def main() -> None:
    """Entry point: whatever ends a command becomes one line and an exit code."""
    for ending in ENDINGS:
        signal.signal(ending, _end_by_signal)
    logging.lastResort = Plainly()
    try:
        _run()
    finally:
        # What Python still does at the exit has nobody who would tell of a signal.
        for ending in ENDINGS:
            signal.signal(ending, signal.SIG_DFL)


def _run() -> None:
    try:
        app(prog_name="adlake")
        sys.stdout.flush()
    except SettingsError as error:
        _fail(error, USAGE)
    except AdlakeError as error:
        _fail(error, FAILURE)
    except EndedBySignal as ending:
        _fail("ended by a signal", 128 + int(ending.args[0]))
    except KeyboardInterrupt:
        _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:  # the reader (`| head`) has seen enough
        _drop_output()
        sys.exit(128 + signal.SIGPIPE)
    except Exception as error:
        # Late, so that a command that needs no database does not load its driver.
        from adlake.io.outages import spark_trouble
        from adlake.io.postgres.errors import catalog_trouble

        _fail(catalog_trouble(error) or spark_trouble(error) or _sentence_for(error), FAILURE)


def _end_by_signal(number: int, _frame: FrameType | None) -> NoReturn:
    _ended_by.append(number)
    # One is enough: a second one, as `make` sends it, would end the tidying up. Ctrl-C still does.
    for ending in ENDINGS:
        signal.signal(ending, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise EndedBySignal(number)


class Plainly(logging.Handler):
    """Tells what a command logs, where nothing else does, without tracebacks: they go to a file."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """One line on standard error; nothing once a signal ends the command."""
        if _ended_by:
            return
        told = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            from adlake.cli.crash import kept

            file = kept(record.exc_info[1])
            told += f" failed: the details are at the end of {file}" if file else " failed"
        typer.echo(f"adlake: {told}", err=True)


def _sentence_for(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _MACHINE:
        return _MACHINE[error.errno] + (f": {error.filename}" if error.filename else "")
    if isinstance(error, UnicodeError):
        return "the given text is not UTF-8"
    from adlake.cli.crash import written_down
    from adlake.io.outages import bug_in_words, is_of_spark

    if is_of_spark(error):
        return f"unexpected {bug_in_words(error)}. {written_down(error)}"
    kind, first = type(error).__name__, (str(error).strip().splitlines() or ["no message"])[0]
    return f"unexpected {kind}: {first}. {written_down(error)}"


_MACHINE = {
    errno.ENOSPC: "no room is left on the disk",
    errno.EDQUOT: "your share of the disk is used up",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the disk is read-only",
    errno.EMFILE: "too many open files (raise `ulimit -n`)",
    errno.EIO: "reading or writing fails",
}
"""Troubles of the machine: a sentence says all, a traceback would not help."""


def _drop_output() -> None:
    """What is still buffered has no reader; writing it at exit would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(error: object, code: int) -> None:
    from adlake.devstack.supervisor.endings import Ending, record_ending

    if _ended_by:  # what failed after it failed because of it
        error, code = "ended by a signal", 128 + _ended_by[0]
    is_lasting = isinstance(error, SettingsError) or getattr(error, "is_lasting", False)
    record_ending(Ending(f"adlake: {error}", is_lasting))
    try:
        typer.echo(f"adlake: {error}", err=True)
        sys.stdout.flush()
    except OSError:  # a closed pipe or a full disk: the exit code has to say it
        _drop_output()
    sys.exit(code)
