"""What the notifier asks of the incidents, on real Trino: which are found, and in which types."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from adlake.alerts.messages import notices_of
from adlake.io.sql import trino
from adlake.io.sql.files import sql_text
from adlake.io.trino.client import TrinoClient
from tests.fixtures.incident_rows import MINUTE, TEN, closed, incident

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

TABLE = "gold.alert_incidents"
TIMES = {"opened_at", "closed_at", "first_window_start", "closing_window_start"}
RATES = ("value", "threshold", "bound")
DAY = timedelta(days=1)


def type_of(column: str) -> str:
    """As Iceberg's types come to Trino."""
    if column in TIMES:
        return "timestamp(6) with time zone"
    if column == "rule_version":
        return "integer"
    if column.endswith(RATES):
        return "double"
    return "bigint" if column.endswith(("_k", "_n")) else "varchar"


def written(value: object) -> str:
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S.%f} UTC'"
    return {None: "NULL"}.get(value, f"'{value}'" if isinstance(value, str) else str(value))  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="module")
def incidents(memory_client: TrinoClient) -> Iterator[TrinoClient]:
    rows = [
        closed(incident_id="old", minutes=31),
        closed(incident_id="ended", minutes=3 * 24 * 60),
        incident(incident_id="new", opened_at=TEN + 3 * DAY, segment="channel=push"),
    ]
    columns = list(rows[0])
    client = memory_client
    list(client.rows("CREATE SCHEMA IF NOT EXISTS gold"))
    shape = ", ".join(f"{name} {type_of(name)}" for name in columns)
    list(client.rows(f"CREATE TABLE {TABLE} ({shape})"))
    for row in rows:
        values = ", ".join(
            f"CAST({written(row[name])} AS {type_of(name)})" for name in columns
        )  # fmt: skip
        list(client.rows(f"INSERT INTO {TABLE} VALUES ({values})"))
    yield client
    list(client.rows(f"DROP TABLE {TABLE}"))


def asked(client: TrinoClient, since: datetime) -> list[dict[str, Any]]:
    statement, values = trino.rendered(sql_text("alerts/told_incidents"), {"since": since})
    return client.records(statement, values)


def test_incidents_with_a_transition_since_then_are_found(incidents: TrinoClient) -> None:
    found = asked(incidents, TEN + DAY)
    assert [one["incident_id"] for one in found] == ["ended", "new"]
    assert len(asked(incidents, TEN)) == 3


def test_what_trino_gives_is_told_as_it_was_written(incidents: TrinoClient) -> None:
    by_id = {one["incident_id"]: one for one in asked(incidents, TEN)}
    wanted = closed(incident_id="old", minutes=31)
    assert notices_of(by_id["old"]) == notices_of(wanted)
    [opened] = notices_of(by_id["new"])
    assert opened.at == TEN + 3 * DAY
    assert opened.text.startswith("ctr of cmp_101 in channel=push 0.50 % (4 of 800")
    assert by_id["ended"]["closed_at"] - TEN == 3 * 24 * 60 * MINUTE
