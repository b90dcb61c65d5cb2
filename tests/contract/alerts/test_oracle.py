"""The SQL form of the alert rules on real Trino: worked examples, and what plain Python says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from adlake.alerts.plain import alert_logs
from adlake.io.trino.client import connect
from adlake.settings import Settings
from tests.fixtures.alerts.rows import Row, incident_rows, log_rows
from tests.fixtures.alerts.stories import STORIES
from tests.fixtures.alerts.tables import AlertTables, Story
from tests.fixtures.tiers import in_tiers

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

LOG, INCIDENTS = "gold.alerts_log", "gold.alert_incidents"
RELATIONS = {LOG: "alert_log", INCIDENTS: "alert_incidents"}


@pytest.fixture(scope="module")
def tables(catalog: SqlCatalog, private_lake: Settings) -> Iterator[AlertTables]:
    with connect(private_lake.ports.trino_port) as client:
        yield AlertTables(catalog, client)


def plain(story: Story) -> dict[str, list[Row]]:
    """Rows of both tables by the plain form."""
    logs = alert_logs(story.events, story.until_ms, story.rules, story.campaigns).values()
    return {LOG: log_rows(logs), INCIDENTS: incident_rows(logs)}


@pytest.mark.parametrize("name", in_tiers(STORIES, [*STORIES][:17]))
def test_trino_says_what_plain_python_says(tables: AlertTables, name: str) -> None:
    story = STORIES[name]()
    told = plain(story)
    tables.write({**story.rows(), **told})
    for table, relation in RELATIONS.items():
        differences = tables.differences(table, relation, story.until_ms)
        assert differences == [], f"{table}: {len(told[table])} rows"
