"""docs/runbook.md: what it prints of going on after Kafka lost records is what the commands say."""

from __future__ import annotations

import shlex

import pytest
from typer.testing import CliRunner

from adlake.cli import app
from adlake.contracts.topics import AD_TOPIC, BUSINESS_TOPIC, CAMPAIGN_TOPIC
from adlake.folders import ADLAKE
from adlake.io.kafka.topic import TopicFacts
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.streaming.incarnation import Situation
from adlake.streaming.source import SourcePosition, UnsafeSourceError, check_topic
from tests.fixtures.page_blocks import Block, blocks_of

pytestmark = pytest.mark.docs

PAGE = "docs/runbook.md"
LAKE = {0: 812, 1: 790, 2: 805, 3: 799}
"""What the page's lake contains of the topic, by partition."""
BROKER = TopicFacts(AD_TOPIC, "id-1", dict.fromkeys(LAKE, 0), {**LAKE, 0: 640})
"""Its broker came back without the newest records of one partition."""


def block_of(command: str) -> Block:
    """The one block of the page that types it and shows what it prints."""
    [found] = [
        one
        for one in blocks_of(PAGE)
        if one.text.startswith(f".venv/bin/adlake {command}") and one.printed
    ]
    return found


@pytest.fixture
def _lost_records(monkeypatch: pytest.MonkeyPatch) -> None:
    position = SourcePosition("id-1", LAKE)
    with pytest.raises(UnsafeSourceError) as found:
        check_topic(position, BROKER)
    first = SourceIncarnation(AD_TOPIC)
    now = Situation(first, position, BROKER, str(found.value), found.value.kind)
    for name, made in (
        ("adlake.wiring.lake.lease_connect", lambda _settings: None),
        (
            "adlake.wiring.topics.tables_of_topics",
            lambda _settings: dict.fromkeys((AD_TOPIC, BUSINESS_TOPIC, CAMPAIGN_TOPIC)),
        ),
        ("adlake.wiring.source.situations", lambda *_asked: iter([now])),
        (
            "adlake.io.postgres.source_incarnations.source_incarnations",
            lambda _connect, topic: [SourceIncarnation(topic)],
        ),
        ("adlake.streaming.incarnation.declare", lambda _connect, _incarnation: None),
    ):
        monkeypatch.setattr(name, made)


@pytest.mark.usefixtures("_lost_records")
@pytest.mark.parametrize(("command", "code"), [("source show", 1), ("source continue", 0)])
def test_going_on_prints_what_the_page_shows(command: str, code: int) -> None:
    block = block_of(command)
    done = CliRunner().invoke(app, shlex.split(block.text)[1:])
    assert done.exit_code == code, done.output
    shown = str(block.printed).replace(".venv/bin/adlake", ADLAKE)
    assert done.output == shown
