"""The SQL form of the alert rules on real Trino: worked examples, and what plain Python says."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from adlake.alerts.plain import alert_logs
from adlake.contracts.windows import WINDOW_MS
from adlake.io.trino.client import connect
from adlake.settings import Settings
from tests.fixtures.alerts.rows import Row, incident_rows, log_rows, moment
from tests.fixtures.alerts.stories import AT_TEN, STORIES
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


@pytest.mark.chaos
@pytest.mark.parametrize("name", STORIES)
def test_trino_says_what_plain_python_says(tables: AlertTables, name: str) -> None:
    story = STORIES[name]()
    told = plain(story)
    assert all(told.values())
    tables.write({**story.rows(), **told})
    for table, relation in RELATIONS.items():
        assert tables.differences(table, relation, story.until_ms) == [], table


@pytest.fixture(scope="module")
def answers(tables: AlertTables) -> dict[str, list[Row]]:
    """What the oracle says of the worked examples."""
    story = STORIES["worked"]()
    tables.write(story.rows())
    return {table: tables.given(one, story.until_ms) for table, one in RELATIONS.items()}


def of(rows: list[Row], campaign: str, rule: str, *names: str) -> list[tuple[Any, ...]]:
    """Some columns of a campaign's rows under one rule, oldest first."""
    found = [one for one in rows if (one["campaign_id"], one["rule"]) == (campaign, rule)]
    time = "window_start" if "window_start" in rows[0] else "opened_at"
    return [tuple(one[name] for name in names) for one in sorted(found, key=lambda it: it[time])]


@pytest.mark.chaos
def test_k1_k2_k3_a_rate_is_low_beyond_its_sampling_error(answers: dict[str, list[Row]]) -> None:
    for campaign in ("K1", "K2", "K3 not"):
        assert of(answers[LOG], campaign, "A", "value") == []
    [row] = [one for one in answers[LOG] if (one["campaign_id"], one["rule"]) == ("K3", "A")]
    assert row["bound"] == pytest.approx(0.014994122, abs=5e-9)
    told = ("metric", "value", "threshold", "alert_type", "evaluation", "sample_k", "sample_n")
    assert [row[name] for name in told] == [
        "ctr", 0.005, 0.015, "performance_drop", "early", 4, 800,
    ]  # fmt: skip
    assert row["alert_time"] == moment(AT_TEN + 360_000)
    key = ["K3", "all", "ctr", "2026-03-02T10:00:00.000Z", "A"]
    text = json.dumps(key, separators=(",", ":"))
    assert row["alert_id"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.chaos
def test_k4_late_clicks_withdraw_until_the_final_cutoff(answers: dict[str, list[Row]]) -> None:
    columns = ("state", "closed_at", "fired_windows", "worst_value", "closing_k", "last_k")
    assert of(answers[INCIDENTS], "K4", "A", *columns) == [
        ("withdrawn", moment(AT_TEN + 3_900_000), 0, None, 13, 4),
    ]  # fmt: skip
    assert of(answers[INCIDENTS], "K4 too late", "A", *columns) == [
        ("open", None, 1, 0.005, None, 4),
    ]  # fmt: skip
    assert of(answers[LOG], "K4", "A", "status") == [("withdrawn",)]
    assert of(answers[LOG], "K4 too late", "A", "status") == [("fired",)]


@pytest.mark.chaos
def test_k5_three_good_windows_in_a_row_end_it(answers: dict[str, list[Row]]) -> None:
    assert of(answers[INCIDENTS], "K5", "A", "state", "closing_window_start", "closing_k") == [
        ("resolved", moment(AT_TEN + 6 * WINDOW_MS), 20),
    ]  # fmt: skip


@pytest.mark.chaos
def test_k6_a_sum_reaches_its_limit_and_begins_anew(answers: dict[str, list[Row]]) -> None:
    columns = ("window_start", "bound", "threshold", "evaluation")
    # The last windows of the story have its first ones in their trailing day.
    for campaign, window, s, part in (("K6", 9, 10.152371, 1e-6), ("K6 story", 15, 11.0088, 1e-2)):
        found = of(answers[LOG], campaign, "B", *columns)
        bound, limit = pytest.approx(s, rel=part), pytest.approx(0.01, rel=part)
        assert found == [(moment(AT_TEN + window * WINDOW_MS), bound, limit, "final")]


@pytest.mark.chaos
def test_k7_volumes_and_silence(answers: dict[str, list[Row]]) -> None:
    [(bound, expected, count)] = of(
        answers[LOG], "K7 volume", "C", "bound", "threshold", "sample_n"
    )
    assert (bound, expected, count) == (pytest.approx(2.1e-17, rel=0.03), 120, 40)
    assert of(answers[LOG], "K7 small", "C", "bound") == []
    ten = moment(AT_TEN)
    until = moment(AT_TEN + 6 * WINDOW_MS)

    def silences(campaign: str) -> list[float]:
        rows = of(answers[LOG], campaign, "D", "window_start", "bound")
        return [bound for at, bound in rows if ten <= at < until]

    assert silences("K7 silence") == [pytest.approx(8.3e-7, rel=0.01)]
    assert silences("K7 no silence") == []
    assert silences("K7 three") == [pytest.approx(3.1e-7, rel=0.02)]


@pytest.mark.chaos
def test_k8_the_usual_rate_moves_from_week_to_week(answers: dict[str, list[Row]]) -> None:
    usual = 0.02
    for middle in (0.019, 0.020, 0.020, 0.021):
        usual = 0.2 * middle + 0.8 * usual
    found = of(answers[LOG], "K8", "B", "threshold", "baseline_kind")
    assert found
    assert {kind for _, kind in found} == {"hour_of_week"}
    assert found[0][0] == pytest.approx(usual / 2)


def spoilt(rows: list[Row]) -> list[Row]:
    """Each of the first rows is wrong in another way."""
    dearer, other, _gone, twice, *rest = rows
    real = "value" if "value" in dearer else "last_value"
    text = "status" if "status" in dearer else "state"
    dearer = dearer | {real: dearer[real] * (1 + 3e-9) + 3e-9}
    close = rest[0] | {real: rest[0][real] * (1 + 1e-10)}
    more = rest[1] | {"campaign_id": "x", "incident_id": "x"}
    return [dearer, other | {text: "x"}, twice, twice, close, *rest[1:], more]


@pytest.mark.parametrize(
    ("table", "name"), in_tiers([(LOG, "seed 2"), (INCIDENTS, "worked")], [(LOG, "seed 2")])
)
def test_a_planted_difference_is_seen(tables: AlertTables, table: str, name: str) -> None:
    story = STORIES[name]()
    rows = plain(story)[table]
    tables.write({**story.rows(), table: spoilt(rows)})
    found = tables.differences(table, RELATIONS[table], story.until_ms)
    assert Counter(one["side"] for one in found) == {
        "stored otherwise than the tables give": 2,
        "given by the tables, but not stored": 1,
        "stored, but not what the tables give": 1,
        "stored twice": 2,
    }
