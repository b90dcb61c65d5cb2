"""docs/send-events.md: ids that tell their time do, and what is refused is refused as it says."""

from __future__ import annotations

import re

import pytest

from adlake.collector.judging import Refused, judged
from adlake.contracts.slot import MS_PER_SLOT, SLOTS_PER_DAY, slot_of
from adlake.settings import REPO_ROOT
from tests.golden import BASE_MS

pytestmark = pytest.mark.docs

TEXT = (REPO_ROOT / "docs" / "send-events.md").read_text()
IDS = re.findall(r"^\| [^|]+ \| `([^`]+)` \| (the moment|the second|the day|none) \|$", TEXT, re.M)


def test_the_page_has_ids_of_every_kind() -> None:
    assert {told for _, told in IDS} == {"the moment", "the second", "the day", "none"}
    assert len(IDS) == len(re.findall(r"^\| form ", TEXT, re.M)) + 9


@pytest.mark.parametrize(("impression_id", "told"), IDS)
def test_an_id_tells_the_time_that_the_page_says(impression_id: str, told: str) -> None:
    slot, moment = slot_of(impression_id), BASE_MS // MS_PER_SLOT
    if told == "none":
        assert slot < SLOTS_PER_DAY
    elif told == "the day":
        assert slot // SLOTS_PER_DAY == moment // SLOTS_PER_DAY
        assert slot != moment
    else:
        assert slot == moment


def test_the_refused_event_is_refused_as_the_page_shows() -> None:
    """What the command echoes, judged as `adlake send` judges it."""
    event = re.search(r"^echo '(\{\"event_id\": \"mine-5\".*\})' \|", TEXT, re.M)
    shown = re.search(r"^event 1 \((\S+)\): (\S+) (\S+)$", TEXT, re.M)
    assert event
    assert shown
    assert judged(event[1], BASE_MS) == Refused(*shown.groups())
