"""A definition that cannot work is refused by file and place; those of the repository work."""

from __future__ import annotations

from pathlib import Path

import pytest

from adlake.metabase.cards import card_body, visualization_settings
from adlake.metabase.contract import Card, Formats
from adlake.metabase.definitions import DefinitionError, metrics_of, read_definitions
from adlake.metrics.query import load_metric
from tests.fixtures.metabase.files import DETAIL, OVERVIEW, write_definitions

DASHBOARDS = {
    "executive_roas", "campaign_drilldown", "lag_and_lookback", "budgets", "maturity", "bridge",
    "funnel", "alerts", "advertisers", "customers",
}  # fmt: skip
CAMPAIGNS = {"since", "until", "campaign_id"}
OTHERS = {"advertisers": {"since", "until", "advertiser_id"}, "customers": {"stage", "segment"}}
"""Dashboards that are not about campaigns, and their filters."""


def test_the_promised_dashboards_are_there() -> None:
    assert set(read_definitions().dashboards) == DASHBOARDS


def test_every_dashboard_has_its_filters_and_says_by_which_date_it_counts() -> None:
    for key, dashboard in read_definitions().dashboards.items():
        assert OTHERS.get(key, CAMPAIGNS) <= {one.key for one in dashboard.filters}, key
        assert [note.key for note in dashboard.notes] == ["basis"], key


def test_titles_of_questions_are_not_said_twice_in_one_dashboard() -> None:
    for key, dashboard in read_definitions().dashboards.items():
        titles = [card.title for card in dashboard.cards]
        assert len(titles) == len(set(titles)), key


@pytest.mark.parametrize(
    ("dashboard", "old", "new", "said"),
    [
        ("overview", 'metric = "roas"', 'metric = "roaz"', "no metric is called 'roaz'"),
        ("overview", 'chart = "scalar"', 'chart = "pies"', "cards.0.chart: Input should be"),
        ("overview", 'title = "ROAS"', 'titel = "ROAS"', r"overview\.toml, cards\.0\.tit(el|le)"),
        ("overview", 'key = "roas"', 'key = "Roas"', "cards.0.key: String should match"),
        ("overview", '"ads"', '"adz"', "overview is in collection adz, which is not defined"),
        ("overview", 'most = "50"', 'most = "x"', "card by_campaign: most='x' is no integer"),
        ("overview", 'most = "50"', 'mosst = "5"', "campaign_performance has no parameter mosst"),
        ("overview", 'kind = "date"', 'kind = "number"', "is a number, and since of card roas"),
        ("overview", 'key = "since"', 'key = "begin"', "begin sets begin, which no card has"),
        ("overview", 'dashboard = "detail"', 'dashboard = "x"', "links to dashboard x"),
        ("overview", 'filter = "campaign_id"', 'filter = "x"', "links to filter x, which dashbo"),
        ("overview", 'values_of = "campaign_id"', "", "wants values_from and values_of together"),
        ("overview", 'values_from = "campaigns"', 'values_from = "x"', "offers values of card x"),
        ("overview", "column = 6, row = 0", "column = 5, row = 0", "basis lies on roas"),
        ("overview", "column = 6, row = 0", "column = 7, row = 0", "basis is wider than the grid"),
        ("overview", 'key = "by_campaign"', 'key = "roas"', "two are called card or note roas"),
        ("overview", "title =", "title", "overview.toml is no TOML"),
        ("detail", 'y = ["roas"]', "", "card over_time: a line needs x and y"),
        ("detail", "[[cards]]", '[[cards]]\nignores = ["x"]', "ignores filter x, which is not"),
        ("detail", 'x = "bucket_at"', 'x = "bucket_at"\nvalues = { bucket = "day" }',
         "bucket is fixed by values and set by filter bucket: ignore the filter"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_by_name(
    tmp_path: Path, dashboard: str, old: str, new: str, said: str
) -> None:
    texts = {"overview": OVERVIEW, "detail": DETAIL}
    assert old in texts[dashboard]
    texts[dashboard] = texts[dashboard].replace(old, new, 1)
    with pytest.raises(DefinitionError, match=said):
        read_definitions(write_definitions(tmp_path, **texts))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[ads]\ntitle = "A"\nwithin = "deep"\n[deep]\ntitle = "D"\nwithin = "ads"', "to no root"),
        ('[ads]\ntitle = "A"\nwithin = "none"\n[deep]\ntitle = "D"', "within none, which leads"),
        ('[ads]\ntitle = ""\n[deep]\ntitle = "D"', "collections.toml, ads.title: String should"),
    ],
)
def test_collections_that_lead_nowhere_are_refused(tmp_path: Path, text: str, said: str) -> None:
    root = write_definitions(tmp_path)
    (root / "collections.toml").write_text(text)
    with pytest.raises(DefinitionError, match=said):
        read_definitions(root)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    root = write_definitions(tmp_path)
    (root / "formats.toml").unlink()
    with pytest.raises(DefinitionError, match=r"cannot read .*formats\.toml: No such file"):
        read_definitions(root)


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        ("scalar", {"scalar.field": "y"}),
        ("line", {"graph.dimensions": ["x"], "graph.metrics": ["y", "z"]}),
        ("pie", {"pie.dimension": ["x"], "pie.metric": "y"}),
        ("funnel", {"funnel.dimension": "x", "funnel.metric": "y"}),
        ("table", {"table.columns": [{"name": "a", "enabled": True}]}),
    ],
)
def test_each_chart_is_told_its_columns(chart: str, expected: dict[str, object]) -> None:
    card = Card.model_validate({
        "key": "k", "title": "T", "metric": "roas", "chart": chart, "x": "x", "y": ["y", "z"],
        "columns": ["a"], "settings": {"graph.show_values": True},
    })  # fmt: skip
    assert visualization_settings(card, Formats()) == {
        **expected, "column_settings": {}, "graph.show_values": True,
    }  # fmt: skip


def test_a_question_says_what_it_answers_and_by_which_date() -> None:
    card = Card.model_validate({"key": "k", "title": "T", "metric": "roas", "chart": "scalar"})
    body = card_body("d/k", card, load_metric("roas"), Formats(percent=("ctr",)), 1)
    assert body["description"] == (
        "How much attributed revenue did each unit of spend bring back?\n"
        "One row. Date basis: impression time; the last 7 days are provisional."
    )
    assert body["visualization_settings"]["column_settings"] == {
        '["name","ctr"]': {"number_style": "percent", "decimals": 2}
    }


def test_parameters_of_questions_have_the_same_ids_everywhere() -> None:
    definitions = read_definitions()
    metrics = metrics_of(definitions)
    ids = [
        tag["id"]
        for key, dashboard in definitions.dashboards.items()
        for card in dashboard.cards
        for tag in card_body(f"{key}/{card.key}", card, metrics[card.metric], Formats(), 1)[
            "dataset_query"
        ]["native"]["template-tags"].values()
    ]
    assert len(ids) == len(set(ids)) > 100
    card = definitions.dashboards["executive_roas"].cards[0]
    body = card_body("executive_roas/roas", card, metrics[card.metric], Formats(), 1)
    found = body["dataset_query"]["native"]["template-tags"]["since"]["id"]
    assert found == "ef2d63bc-1871-5919-b466-3a6b313d4d03"
