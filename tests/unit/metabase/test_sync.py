"""A sync makes what is ours as the files say, and nothing else, against the double of Metabase."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adlake.contracts.address import Address
from adlake.io.metabase.client import MetabaseClient, MetabaseError
from adlake.metabase.definitions import read_definitions
from adlake.metabase.entry import Login, enter
from adlake.metabase.marks import Mark, mark_of
from adlake.metabase.sync import Report, TrinoAccess, synchronise
from tests.fixtures.metabase.double import MetabaseDouble, Refusal, running
from tests.fixtures.metabase.files import DETAIL, OVERVIEW, ROAS_CARD, write_definitions

TRINO = TrinoAccess(Address("trino", 8080), "metabase")


class Case:
    """A double, and the files that a test may change between two runs."""

    def __init__(self, double: MetabaseDouble, url: str, root: Path) -> None:
        self.double, self.url, self.root = double, url, root
        write_definitions(root)

    def sync(self) -> Report:
        """One run, as the command does it; what was asked before is forgotten."""
        self.double.asked.clear()
        server = MetabaseClient(self.url)
        enter(server, Login(self.double.user, SecretStr(self.double.password)), 5, lambda _: None)
        report = synchronise(server, read_definitions(self.root), TRINO, lambda _: None)
        server.log_out()
        return report

    def snapshot(self) -> dict[str, Any]:
        return deepcopy(self.double.things)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    double = MetabaseDouble()
    with running(double) as url:
        yield Case(double, url, tmp_path / "metabase")


def placed(case: Case, name: str) -> dict[str, Any]:
    """Key -> what stands on a dashboard."""
    cards = case.double.one("dashboard", name)["dashcards"]
    return {one["visualization_settings"].get("adlake.key", "foreign"): one for one in cards}


def test_everything_is_made_once_and_a_second_run_changes_nothing(case: Case) -> None:
    first = case.sync()
    assert [line.split(":")[0].split("/")[0] for line in first.changes] == [
        "changed setting report-timezone", "made database lakehouse", "changed database lakehouse",
        "made collection ads", "made collection deep",
        "made card detail", "made card overview", "made card overview", "made card overview",
        "made dashboard detail", "made dashboard overview",
        "filled dashboard detail", "filled dashboard overview",
    ]  # fmt: skip
    before = case.snapshot()
    assert case.sync().changes == []
    assert case.double.writes == []
    assert case.snapshot() == before
    counts = {kind: len(things) for kind, things in before.items()}
    assert counts == {"database": 1, "collection": 2, "card": 4, "dashboard": 2}


def test_questions_ask_the_lake_by_its_driver_under_our_name(case: Case) -> None:
    case.sync()
    [database] = case.double.things["database"].values()
    assert (database["engine"], database["is_full_sync"]) == ("starburst", False)
    assert database["details"] == {
        "host": "trino", "port": 8080, "catalog": "lakehouse", "user": "metabase", "ssl": False,
    }  # fmt: skip
    card = case.double.one("card", "Campaigns")
    assert card["dataset_query"]["database"] == database["id"]
    assert card["collection_id"] == case.double.one("collection", "Ads")["id"]
    tags = card["dataset_query"]["native"]["template-tags"]
    assert (tags["most"]["default"], tags["most"]["required"]) == ("50", True)
    assert "default" not in tags["since"]
    assert mark_of(card) == Mark("card", "overview/by_campaign")


def test_filters_reach_the_variables_of_their_cards(case: Case) -> None:
    case.sync()
    on = placed(case, "Overview")
    wires = {key: [(one["parameter_id"], one["target"][1][1]) for one in card["parameter_mappings"]]
             for key, card in on.items()}  # fmt: skip
    assert wires == {
        "roas": [("adlake-campaign_id", "campaign_id"), ("adlake-since", "since")],
        "by_campaign": [("adlake-campaign_id", "campaign_id"), ("adlake-since", "since")],
        "basis": [],
    }
    filters = {one["slug"]: one for one in case.double.one("dashboard", "Overview")["parameters"]}
    source = case.double.one("card", "Campaigns to choose from")
    assert filters["campaign_id"]["values_source_config"]["card_id"] == source["id"]
    assert filters["since"]["type"] == "date/single"
    [per] = [one for one in case.double.one("dashboard", "Detail")["parameters"]
             if one["slug"] == "bucket"]  # fmt: skip
    assert per["default"] == ["day"]
    assert ["day"] in per["values_source_config"]["values"]


def test_a_filter_is_wired_to_those_cards_alone_whose_metric_knows_it(case: Case) -> None:
    without_buckets = ROAS_CARD.replace("column = 0", "column = 12")
    write_definitions(case.root, detail=DETAIL + without_buckets)
    case.sync()
    wired = {
        key: [one["target"][1][1] for one in card["parameter_mappings"]]
        for key, card in placed(case, "Detail").items()
    }
    assert wired == {"roas": ["campaign_id"], "over_time": ["bucket", "campaign_id"]}


def test_a_click_on_a_campaign_opens_its_dashboard_filtered(case: Case) -> None:
    case.sync()
    settings = placed(case, "Overview")["by_campaign"]["visualization_settings"]
    click = settings["column_settings"]['["name","campaign_id"]']["click_behavior"]
    assert click["targetId"] == case.double.one("dashboard", "Detail")["id"]
    assert list(click["parameterMapping"]) == ["adlake-campaign_id"]


def test_a_time_zone_that_somebody_chose_is_left_and_named(case: Case) -> None:
    case.double.settings["report-timezone"] = "Asia/Tokyo"
    report = case.sync()
    assert case.double.settings == {"report-timezone": "Asia/Tokyo"}
    assert report.remarks == [
        "days of filters are days of Asia/Tokyo, those of charts of UTC: the report time zone of "
        "Metabase is left as it is"
    ]


def test_a_new_title_renames_the_same_question(case: Case) -> None:
    case.sync()
    number = case.double.one("card", "ROAS")["id"]
    write_definitions(case.root, overview=OVERVIEW.replace('"ROAS"', '"Return on spend"'))
    assert case.sync().changes == ["changed card overview/roas: Return on spend"]
    assert case.double.one("card", "Return on spend")["id"] == number
    assert case.sync().changes == []


@pytest.mark.parametrize("change", [
    {"name": "My name"}, {"display": "bar"}, {"collection_id": None}, {"archived": True},
    {"dataset_query": {"type": "native", "database": 1, "native": {"query": "SELECT 1"}}},
    {"visualization_settings": {}},
])  # fmt: skip
def test_what_a_user_changed_in_a_question_of_ours_is_put_back(
    case: Case, change: dict[str, Any]
) -> None:
    case.sync()
    right = case.snapshot()
    case.double.one("card", "ROAS").update(deepcopy(change))
    assert case.sync().changes == ["changed card overview/roas: ROAS"]
    assert case.snapshot() == right


def test_a_dashboard_put_elsewhere_or_away_comes_back(case: Case) -> None:
    case.sync()
    case.double.one("dashboard", "Detail").update({"archived": True, "collection_id": None})
    assert case.sync().changes == ["filled dashboard detail: Detail"]
    assert not case.double.one("dashboard", "Detail")["archived"]


def test_what_users_made_is_never_touched(case: Case) -> None:
    query = {"type": "native", "database": 1, "native": {"query": "SELECT 1"}}
    add = case.double.add
    collection = add("collection", name="Mine", location="/")
    mine = [
        collection,
        # Named as ours are, in our places to be.
        add("card", name="ROAS", display="table", dataset_query=query, collection_id=None),
        add("dashboard", name="Overview", dashcards=[], tabs=[], parameters=[]),
        add("database", name="Other", engine="postgres", details={}),
    ]
    before = deepcopy(mine)
    case.sync()
    write_definitions(case.root, overview="", detail="")
    (case.root / "dashboards" / "detail.toml").write_text(DETAIL)
    case.sync()
    assert mine == before


def test_what_a_user_put_on_a_dashboard_of_ours_stays_there(case: Case) -> None:
    case.sync()
    query = {"type": "native", "database": 1, "native": {"query": "SELECT 1"}}
    card = case.double.add("card", name="Mine", display="table", dataset_query=query)
    dashboard = case.double.one("dashboard", "Overview")
    own = {
        "id": 900, "card_id": card["id"], "row": 20, "col": 0, "size_x": 4, "size_y": 4,
        "parameter_mappings": [], "visualization_settings": {"card.title": "Mine"},
        "dashboard_tab_id": 77, "series": [],
    }  # fmt: skip
    dashboard["dashcards"].append(own)
    dashboard["tabs"] = [{"id": 77, "name": "First", "dashboard_id": dashboard["id"]}]
    dashboard["parameters"].append({"id": "abc", "type": "string/=", "slug": "mine", "name": "My"})
    wire = {"parameter_id": "abc", "card_id": placed(case, "Overview")["roas"]["card_id"],
            "target": ["variable", ["template-tag", "campaign_id"]]}  # fmt: skip
    placed(case, "Overview")["roas"]["parameter_mappings"].append(wire)
    numbers = {key: one["id"] for key, one in placed(case, "Overview").items()}
    write_definitions(case.root, overview=OVERVIEW.replace("width = 6", "width = 5"))
    assert case.sync().changes == ["filled dashboard overview: Overview"]
    on = placed(case, "Overview")
    assert {key: one["id"] for key, one in on.items()} == numbers
    assert {name: on["foreign"][name] for name in own} == own
    assert on["roas"]["size_x"] == 5
    assert wire in on["roas"]["parameter_mappings"]
    now = case.double.one("dashboard", "Overview")
    assert [one["slug"] for one in now["parameters"]] == ["since", "campaign_id", "mine"]
    assert [one["name"] for one in now["tabs"]] == ["First"]
    assert case.sync().changes == []


def test_a_copy_of_a_card_and_a_filter_moved_into_a_card_stay(case: Case) -> None:
    case.sync()
    dashboard = case.double.one("dashboard", "Overview")
    card = placed(case, "Overview")["roas"]
    card["inline_parameters"] = ["adlake-since"]
    dashboard["dashcards"].insert(0, {**deepcopy(card), "id": 900, "row": 30})
    write_definitions(case.root, overview=OVERVIEW.replace("width = 6", "width = 5"))
    assert case.sync().changes == ["filled dashboard overview: Overview"]
    found = {one["id"]: one for one in dashboard["dashcards"]}
    assert (found[900]["row"], found[900]["size_x"]) == (30, 6)
    assert found[card["id"]]["size_x"] == 5
    assert found[card["id"]]["inline_parameters"] == ["adlake-since"]
    assert case.sync().changes == []


def test_what_is_no_longer_defined_is_archived_and_comes_back_with_its_file(case: Case) -> None:
    case.sync()
    numbers = {kind: set(things) for kind, things in case.double.things.items()}
    text = OVERVIEW.replace("link = { column", "# link = { column")
    write_definitions(case.root, detail="", overview=text)
    assert case.sync().changes == [
        "filled dashboard overview: Overview",
        "archived dashboard detail: Detail",
        "archived card detail/over_time: Over time",
    ]
    assert case.double.one("dashboard", "Detail")["archived"]
    assert case.sync().changes == []
    write_definitions(case.root)
    assert case.sync().changes == [
        "changed card detail/over_time: Over time",
        "filled dashboard detail: Detail",
        "filled dashboard overview: Overview",
    ]
    assert {kind: set(things) for kind, things in case.double.things.items()} == numbers


@pytest.mark.parametrize("has_guest", [False, True])
def test_a_collection_is_archived_only_when_nothing_of_others_is_in_it(
    case: Case, has_guest: bool
) -> None:
    case.sync()
    deep = case.double.one("collection", "Deep")
    if has_guest:
        query = {"type": "native", "database": 1, "native": {"query": "SELECT 1"}}
        case.double.add("card", name="Guest", display="table", dataset_query=query,
                        collection_id=deep["id"])  # fmt: skip
    write_definitions(case.root, detail=DETAIL.replace('"deep"', '"ads"'))
    file = case.root / "collections.toml"
    file.write_text(file.read_text().split("[deep]")[0])
    report = case.sync()
    assert deep["archived"] is not has_guest
    assert report.remarks == (
        ["collection deep is no longer defined, and kept: it is not empty"] if has_guest else []
    )


def test_a_copy_that_a_user_made_of_a_question_is_the_users(case: Case) -> None:
    case.sync()
    original = case.double.one("card", "ROAS")
    copied = {**deepcopy(original), "name": "ROAS - Duplicate"}
    copied.pop("id")
    copy = case.double.add("card", **copied)
    before = deepcopy(copy)
    report = case.sync()
    assert report.changes == []
    assert report.remarks == [f"copies of card overview/roas are left alone: {copy['id']}"]
    text = OVERVIEW.replace('key = "roas"', 'key = "return"')
    write_definitions(case.root, overview=text)
    assert "archived card overview/roas: ROAS" in case.sync().changes
    case.sync()
    assert copy == before


def test_who_takes_the_mark_away_takes_the_question_over(case: Case) -> None:
    case.sync()
    card = case.double.one("card", "ROAS")
    card["description"] = "Mine now"
    before = deepcopy(card)
    assert "made card overview/roas: ROAS" in case.sync().changes
    assert card == before


@pytest.mark.parametrize("is_done", [True, False], ids=["reply lost", "never done"])
@pytest.mark.parametrize("number", [0, 1, 3, 7, 9, 11])
def test_a_run_that_broke_off_is_finished_by_the_next_one(
    case: Case, number: int, is_done: bool
) -> None:
    left = [number]

    def breaking(method: str, path: str) -> Refusal | None:
        if method not in {"POST", "PUT"} or path == "/api/session":
            return None
        left[0] -= 1
        if left[0] >= 0:
            return None
        refusal = Refusal(502, "<html>Bad gateway</html>")
        if not is_done:
            raise refusal
        return refusal

    case.double.broken = breaking
    with pytest.raises(MetabaseError, match=r"refuses (POST|PUT) /api/\S+ \(502\): <html>Bad"):
        case.sync()
    case.double.broken = lambda _method, _path: None
    case.sync()
    assert case.sync().changes == []
    counts = {kind: len(things) for kind, things in case.double.things.items()}
    assert counts == {"database": 1, "collection": 2, "card": 4, "dashboard": 2}
    assert len(placed(case, "Overview")) == 3


def test_the_definitions_of_the_repository_are_taken_and_stay(case: Case) -> None:
    server = MetabaseClient(case.url)
    enter(server, Login(case.double.user, SecretStr(case.double.password)), 5, lambda _: None)
    definitions = read_definitions()
    synchronise(server, definitions, TRINO, lambda _: None)
    assert synchronise(server, definitions, TRINO, lambda _: None).changes == []
    assert len(case.double.things["dashboard"]) == len(definitions.dashboards)
