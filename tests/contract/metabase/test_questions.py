"""Every question runs on real Trino with each filter set and unset, and every filter filters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from adlake.contracts.address import Address
from adlake.io.metabase.client import MetabaseClient
from adlake.metabase.contract import Dashboard, Filter
from adlake.metabase.definitions import read_definitions, wired_filters
from adlake.metabase.marks import mark_of
from adlake.metabase.sync import TrinoAccess, synchronise
from adlake.metrics.query import load_metric
from tests.fixtures.alert_rows import alert, incident, rule
from tests.fixtures.metabase.double import SESSION, MetabaseDouble, running
from tests.fixtures.metabase.substitution import as_metabase_sends
from tests.fixtures.tiers import in_tiers
from tests.fixtures.trino.budget_rows import insert_advertisers
from tests.fixtures.trino.customer_rows import customer
from tests.fixtures.trino.metrics_lake import GOLD, MetricsLake, utc

pytestmark = pytest.mark.integration

DEFINITIONS = read_definitions()
GIVEN = {
    "since": "2026-11-02", "until": "2026-11-01", "campaign_id": "c2", "geo_country": "FR",
    "platform": "web", "bucket": "month", "audience_by": "gender", "most_days": "3",
    "cohort_days": "1", "channel": "push", "advertiser_id": "a2", "stage": "prospect",
    "segment": "prospects",
}  # fmt: skip
"""A value for each filter that leaves a part of the lake below."""
OTHER = {("bridge", "bucket"): "NO_CLICK"}
"""Dashboard and filter whose value is another one."""
EVENTS = (
    # id, campaign, shown, minutes to the click, minutes to the conversion, country, platform, user
    ("i1", "c1", "2026-11-01T10:00", 1, 60, "DE", "ios", "u1"),
    ("i2", "c1", "2026-11-01T11:00", 5, None, "DE", "web", "u1"),
    ("i3", "c2", "2026-11-01T12:00", 5, 5 * 1440, "FR", "web", "u2"),
    ("i4", "c2", "2026-11-03T09:00", None, 30, "FR", "ios", "u2"),
    ("i5", "c2", "2026-11-03T10:00", 2, 12 * 1440, "DE", "web", "u3"),
    ("i6", "c1", "2026-11-04T10:00", 2, 20, "DE", "web", "u3"),
    ("i7", "c2", "2026-11-04T11:00", None, None, "FR", "ios", "u4"),
    ("i8", "c3", "2026-10-01T00:00", 1, 2, "DE", "ios", "u1"),
    ("i9", "c4", "2026-11-05T00:00", 1, 2, "FR", "web", "u2"),
    ("i10", "c5", "2026-11-05T00:00", None, None, "FR", "web", "u2"),
    ("i11", "c7", "2026-10-05T00:00", None, None, "FR", "web", "u2"),
    ("i12", "c7", "2026-11-05T00:00", None, None, "FR", "web", "u2"),
)
FUNNEL = (
    # campaign, channel, window, impressions, clicks, conversions, attributed, sign-ups, activations
    ("c1", "search", "2026-10-31T10:00", 100, 10, 2, 1, 4, 1),
    ("c2", "push", "2026-11-03T09:05", 50, 5, 1, 1, 1, 1),
    ("c1", "push", "2026-11-04T23:55", 40, 2, 0, 0, 1, 0),
)
LOOKBACK = timedelta(days=7)
WITHOUT_EFFECT = {
    ("budgets/lifetime", "since"), ("budgets/lifetime", "until"),
    *((f"maturity/{card}", "cohort_days") for card in ("maturity", "expected", "days")),
}  # fmt: skip
"""Cards that show the same whatever it says: the period of a lifetime budget has no bounds, and of
the few conversions below no number of days makes a delay curve (the curve itself shows them)."""


def row_of(event: tuple[Any, ...]) -> tuple[Any, ...]:
    """One row of Gold, in the order of the columns of its table in the tests."""
    name, campaign, shown_at, click, conversion, country, platform, user = event
    shown = utc(shown_at)
    clicked, converted = (
        None if minutes is None else shown + timedelta(minutes=minutes)
        for minutes in (click, conversion)
    )
    is_attributed = bool(clicked and converted and converted - clicked <= LOOKBACK)
    value = 10 + int(name[1:])
    moments = (("c", clicked, 1, 0), ("i", shown, 0, 1), ("v", converted, 2, value))
    state = [
        {"e": key, "t": ms(at), "r": rank, "m": units * 1_000_000, "c": campaign, "cr": "b1",
         "u": user, "g": country, "p": platform, "i": ms(at)}
        for key, at, rank, units in moments
        if at is not None
    ]  # fmt: skip
    return (
        name, campaign, clicked is not None, is_attributed, shown,
        converted if is_attributed else None, 1, value if is_attributed else 0,
        value if converted and not is_attributed else 0, utc("2026-11-20T00:00"), len(state) > 1,
        json.dumps(state), user, clicked, "b1", country, platform,
        is_attributed if converted else None,
    )  # fmt: skip


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@pytest.fixture(scope="module")
def filled_lake(lake: MetricsLake) -> MetricsLake:
    lake.insert(GOLD, [row_of(event) for event in EVENTS])
    started, never = utc("2025-01-01T00:00"), utc("9999-12-31T00:00")
    kinds = {"c1": "DAILY", "c2": "DAILY", "c3": "MONTHLY", "c4": "MONTHLY", "c5": "LIFETIME"}
    lake.insert("dims.dim_campaigns", [
        (campaign, f"Name of {campaign}", "search", started, True, never, kind, 5, "ACTIVE")
        for campaign, kind in kinds.items()
    ])  # fmt: skip
    lake.insert("dims.dim_creatives", [("b1", "banner", "c1", "Banner", "en")])
    lake.insert("gold.campaign_funnel_5m", [
        (campaign, channel, "de", utc(at), utc(at) + timedelta(minutes=5), *counts, 0, 0, 0, 3, 4)
        for campaign, channel, at, *counts in FUNNEL
    ])  # fmt: skip
    lake.insert("gold.alert_incidents", [
        incident("in1", utc("2026-10-31T10:00"), campaign_id="c1"),
        incident("in2", utc("2026-11-03T09:05"), campaign_id="c2"),
    ])  # fmt: skip
    lake.insert("gold.alerts_log", [
        alert("a1", "in1", utc("2026-10-31T10:00"), campaign_id="c1"),
        alert("a2", "in2", utc("2026-11-03T09:05"), campaign_id="c2"),
    ])  # fmt: skip
    lake.insert("dims.alert_rules", [rule("A-ctr"), rule("A-ctr-own", campaign_id="c1")])
    insert_advertisers(lake)
    lake.insert("gold.customer_360", [
        customer("rich", "6000", "high-value", ["active_customers", "big_spenders"]),
        customer("new", "0", "prospect", ["prospects"]),
    ])  # fmt: skip
    users = [("u1", "s1", "18-24", "f", "DE"), ("u2", "s2", "25-34", "m", "FR")]
    lake.insert("dims.dim_users", users)
    return lake


class Questions:
    """The queries that a server was told, and their answers."""

    def __init__(self, lake: MetricsLake, queries: dict[str, dict[str, Any]]) -> None:
        self._lake, self._queries = lake, queries
        self._answers: dict[str, list[dict[str, Any]]] = {}

    def answer(self, key: str, given: dict[str, str]) -> list[dict[str, Any]]:
        """What Trino says when these filters are set."""
        native = self._queries[key]
        sql = as_metabase_sends(native["query"], native["template-tags"], given)
        if sql not in self._answers:
            self._answers[sql] = self._lake.client.records(sql)
        return self._answers[sql]

    def has_tag(self, key: str, name: str) -> bool:
        return name in self._queries[key]["template-tags"]


@pytest.fixture(scope="module")
def questions(filled_lake: MetricsLake) -> Questions:
    double = MetabaseDouble()
    with running(double) as url:
        server = MetabaseClient(url)
        server.log_in(SESSION)
        trino = TrinoAccess(Address("trino", 8080), "metabase")
        synchronise(server, DEFINITIONS, trino, lambda _: None)
    marked = ((mark_of(card), card) for card in double.things["card"].values())
    queries = {mark.key: card["dataset_query"]["native"] for mark, card in marked if mark}
    return Questions(filled_lake, queries)


def wires(key: str, dashboard: Dashboard) -> Iterator[tuple[str, Filter, str]]:
    """Card, filter and the variable that it sets."""
    for card in dashboard.cards:
        for name, one in wired_filters(card, load_metric(card.metric), dashboard).items():
            yield f"{key}/{card.key}", one, name


@pytest.mark.parametrize("key", DEFINITIONS.dashboards)
def test_every_question_has_the_columns_that_its_card_draws(questions: Questions, key: str) -> None:
    for card in DEFINITIONS.dashboards[key].cards:
        rows = questions.answer(f"{key}/{card.key}", {})
        drawn = {card.x, *card.y, *card.columns, *card.settings.get("graph.dimensions", ())}
        drawn |= {card.link.column} if card.link else set()
        assert rows, card.key
        assert drawn - {""} <= rows[0].keys(), card.key


QUICK = ("executive_roas", "lag_and_lookback", "maturity")
"""The other dashboards have most filters: a minute of queries, of `make chaos`."""


@pytest.mark.parametrize("key", in_tiers(DEFINITIONS.dashboards, QUICK))
def test_every_filter_changes_every_question_that_it_reaches(
    questions: Questions, key: str
) -> None:
    dashboard = DEFINITIONS.dashboards[key]
    same = []
    for card, one, name in wires(key, dashboard):
        assert questions.has_tag(card, name)
        given = {name: OTHER.get((key, one.key), GIVEN[one.key])}
        if questions.answer(card, given) == questions.answer(card, {}):
            same.append((card, one.key))
    assert set(same) == {pair for pair in WITHOUT_EFFECT if pair[0].startswith(f"{key}/")}


@pytest.mark.parametrize("key", in_tiers(DEFINITIONS.dashboards, (*QUICK, "bridge")))
def test_all_filters_together_are_a_query_too(questions: Questions, key: str) -> None:
    dashboard = DEFINITIONS.dashboards[key]
    for card in dashboard.cards:
        wired = wired_filters(card, load_metric(card.metric), dashboard)
        given = {name: OTHER.get((key, one.key), GIVEN[one.key]) for name, one in wired.items()}
        given |= {"until": "2026-11-04"}
        assert isinstance(questions.answer(f"{key}/{card.key}", given), list)
