"""How the oracle reads channel and region of Bronze, which older rows and snapshots do not have."""

from __future__ import annotations

from adlake.io.sql.files import SqlText, SqlValue, bind, sql_text
from adlake.io.sql.literals import literal
from adlake.io.trino.client import ColumnMissingError, TrinoClient


def segment_values(trino: TrinoClient, bronze_snapshot: int) -> dict[str, SqlValue]:
    """Parameters `channel_column`, `region_column` and `knows_segments` of the oracle.

    Bronze grows by offset, so the rows from before the columns lie before the first one of their
    partition that has a value; only behind it a missing value is a lost one.
    """
    sql = bind(sql_text("proof/first_segments"), {"bronze_snapshot": bronze_snapshot})
    try:
        firsts = trino.rows(sql)
    except ColumnMissingError:
        nothing = SqlText("CAST(NULL AS VARCHAR)")
        return {
            "channel_column": nothing, "region_column": nothing, "knows_segments": SqlText("FALSE")
        }  # fmt: skip
    places = [
        f"(kafka_topic = {literal(topic, 'trino')} AND kafka_partition = {partition} "
        f"AND kafka_offset >= {offset})"
        for topic, partition, offset in firsts
    ]
    return {
        "channel_column": SqlText("channel"),
        "region_column": SqlText("region"),
        "knows_segments": SqlText(f"({' OR '.join(places)})" if places else "FALSE"),
    }
