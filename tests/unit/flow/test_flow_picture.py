"""The picture of the map holds every step, topic and command of it."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from adlake.contracts.tables import GOLD_STATE
from adlake.flow import FLOW, Kind, Step, Store, topics
from tools.pages.flow_picture import boxes, drawn, place_of


def words(picture: str) -> list[str]:
    return [str(one.text) for one in ElementTree.fromstring(picture).iter() if one.text]  # noqa: S314 - our own


def test_every_step_and_topic_is_in_the_picture() -> None:
    shown = set(words(drawn()))
    assert set(topics()) <= shown
    for step in FLOW:
        of_stream = place_of(step) == "stream"
        assert (step.capability if of_stream else f"{step.capability}: {step.command}") in shown


@pytest.mark.parametrize(
    ("command", "box"),
    [
        ("generate", "in"), ("ingest-files", "in"), ("query", "ask"),
        ("up", "ask"), ("verify", "prove"), ("replay", "change"),
        ("quarantine", "change"), ("stream", "stream"),
    ],
)  # fmt: skip
def test_a_step_lies_where_a_person_looks_for_it(command: str, box: str) -> None:
    assert {place_of(step) for step in FLOW if step.command == command} == {box}


def test_a_new_step_changes_the_picture() -> None:
    new = Step("reports", "report", "writes letters", (Store(Kind.TABLE, GOLD_STATE),), ())
    assert "reports: report" in boxes((*FLOW, new))["ask"].lines
    assert drawn((*FLOW, new)) != drawn(FLOW)
    assert drawn(FLOW[:-1]) != drawn(FLOW)


def test_what_a_step_is_called_cannot_break_the_picture() -> None:
    odd = replace(FLOW[0], command="<generate> & more")
    assert "generator: <generate> & more" in words(drawn((odd, *FLOW[1:])))


def test_no_line_leaves_its_box() -> None:
    # A letter of 13 pixels is 6 wide on average; a box of the upper row is 188 inside.
    for key, box in boxes().items():
        limit = 70 if key in {"prove", "change"} else 30
        assert max(len(line) for line in (box.title, box.below, *box.lines)) <= limit, key
