"""What the notifier asks of the incidents, on real Trino: which are found, and in which types."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from adlake.alerts.messages import notices_of
from adlake.io.sql import trino
from adlake.io.sql.files import sql_text
from adlake.io.trino.client import TrinoClient
from tests.fixtures.incident_rows import MINUTE, TEN, closed, incident
from tests.fixtures.trino.metrics_lake import TABLES, MetricsLake

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

TABLE = "gold.alert_incidents"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def incidents(lake: MetricsLake) -> TrinoClient:
    rows = [
        closed(incident_id="old", minutes=31),
        closed(incident_id="ended", minutes=3 * 24 * 60),
        incident(incident_id="new", opened_at=TEN + 3 * DAY, segment="channel=push"),
    ]
    lake.insert(TABLE, [[row.get(name) for name in TABLES[TABLE]] for row in rows])
    return lake.client


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
