"""Commands that look into the broker."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from adlake.cli.application import DATA, Format, app
from adlake.contracts.output_format import OutputFormat
from adlake.folders import ADLAKE
from adlake.settings import Settings

if TYPE_CHECKING:
    from adlake.io.trino.client import Row

LONGEST_PAYLOAD = 160
"""Characters of a payload that the table shows; json and csv have all of it."""


@app.command(rich_help_panel=DATA)
def topics(output_format: Format = OutputFormat.TABLE) -> None:
    """List the topics with what the broker holds of each."""
    from adlake.io.output import write_result
    from adlake.io.trino.client import QueryResult
    from adlake.provision.topics import topics_of
    from adlake.wiring.topics import present_topic

    settings = Settings()

    def rows() -> Iterator[Row]:
        for name in topics_of(settings).values():
            facts = present_topic(settings, topic=name)
            for partition, end in sorted(facts.written.items()):
                begin = facts.begin_offsets[partition]
                yield name, partition, begin, end, end - begin, facts.pending.get(partition, 0)

    columns = ("topic", "partition", "first_offset", "next_offset", "offsets", "pending")
    write_result(QueryResult(columns, rows()), output_format, None)


@app.command(rich_help_panel=DATA)
def peek(
    topic: Annotated[str, typer.Argument(help=f"as `{ADLAKE} topics` names it")],
    count: Annotated[int, typer.Option(min=1, max=1_000, help="records")] = 5,
    output_format: Format = OutputFormat.TABLE,
) -> None:
    """Show the newest records of a topic: place, time, key and payload."""
    from adlake.io.kafka.newest_records import text_of
    from adlake.io.output import write_result
    from adlake.io.trino.client import QueryResult
    from adlake.wiring.topics import newest_of

    is_cut = output_format is OutputFormat.TABLE and sys.stdout.isatty()
    rows = (
        (
            one.partition, one.offset, one.at,
            text_of(one.key), text_of(one.value, LONGEST_PAYLOAD if is_cut else None),
        )
        for one in newest_of(Settings(), topic, count)
    )  # fmt: skip
    columns = ("partition", "offset", "time", "key", "payload")
    write_result(QueryResult(columns, rows), output_format, None)
