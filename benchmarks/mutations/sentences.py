"""Errors end in one sentence that blames the right thing."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

OUTAGES = "tests/unit/io/test_outages.py"

SENTENCES: tuple[Mutation, ...] = (
    Mutation(
        "an error nobody foresaw ends in a traceback", "adlake.cli.application:_run",
        "_fail(catalog_trouble(error) or spark_trouble(error) or _sentence_for(error), FAILURE)",
        "raise", "tests/unit/cli/test_sentences.py",
    ),
    Mutation(
        "a terminal that cannot show a name ends the command", "adlake.environment:choose_encoding",
        'errors="backslashreplace"', 'errors="strict"', "tests/unit/cli/test_sentences.py",
    ),
    Mutation(
        "an outage under Spark is called a fault of adlake", "adlake.cli.application:_run",
        "catalog_trouble(error) or spark_trouble(error) or", "catalog_trouble(error) or", OUTAGES,
    ),
    Mutation(
        "a batch's own error is lost in what Spark makes of it",
        "adlake.streaming.application:_Run._raise_unless_grown",
        "raise (failures[0] if failures else error) from error", "raise", OUTAGES,
    ),
    Mutation(
        "a full disk of PostgreSQL is called a database that is away", "adlake.io.outages:_OUTAGES",
        '(re.compile(f"({_DISK})"), _FULL.format),', "", OUTAGES,
    ),
    Mutation(
        "the stream makes a folder where nothing was ever started", "adlake.cli.jobs:stream",
        "    refuse_unmade_home(settings)\n    choose_jdk(settings)", "    choose_jdk(settings)",
        "tests/unit/cli/test_away.py::"
        "test_every_command_says_of_a_home_that_never_ran_that_nothing_runs_there",
    ),
    Mutation(
        "a request of wait outlasts its timeout", "adlake.io.deadline:Deadline.patience_ms",
        "min(most_seconds, left)", "most_seconds",
        "tests/unit/cli/test_away.py::test_no_request_of_a_command_outlasts_its_deadline",
    ),
)  # fmt: skip
