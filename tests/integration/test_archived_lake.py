"""A lake made by version 0.1.0 streams on and is proven; test_archived_lake_opens.py opens it.

Of the slow tier: two minutes, for formats of the lake that seldom change.
The archive is never made again: formats that change (slots, `events_state`, control tables) must
still find what it holds. tests/fixtures/archived_lake/make.py says what is in it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from adlake.io.kafka.producer import Record as KafkaRecord
from adlake.io.kafka.producer import publish_all
from adlake.io.trino.client import connect
from tests.fixtures.archived_lake.archive import ARCHIVE, Record, Row, gold_rows
from tests.fixtures.archived_lake.stories import DAY, MINUTE, START_MS, told
from tests.fixtures.lake import SERVERS, Lake

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.timeout(600)]

RECORD = Record.read()
FORMS = list(RECORD.ids)
BUILD_SECONDS = 120
ASKED = ("query", "models_built", "--format", "json")
NEWS = ("to be clicked", "conversion only")
"""Stories that the test goes on with."""


@dataclass(frozen=True)
class Opened:
    """What was seen: Gold before and after the news, records by topic, `verify`.

    `segments` are channel and region by impression, which the archive's version did not know.
    """

    before: list[Row]
    after: dict[str, Row]
    segments: dict[str, tuple[str | None, str | None]]
    rows_of: Counter[str]
    bronze: dict[str, int]
    corrections: str
    models: str
    proof: str


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    lake = Lake(
        tmp_path_factory.mktemp("archived") / "home",
        {"TRIGGER_SECONDS": "1", "MODELS_EVERY_HOURS": "24"},
    )
    try:
        lake.adlake("restore", str(ARCHIVE))
        lake.stack().up(only=SERVERS)
        before = rows(lake)
        settings = lake.settings()
        publish_all(settings.bootstrap_servers, settings.kafka.topic, news())
        lake.stack().up(only=["stream"])
        yield looked_at(lake, before)
    finally:
        lake.stack().nuke()


def looked_at(lake: Lake, before: list[Row]) -> Opened:
    lake.adlake("wait", "--timeout", "240")
    after = rows(lake)
    with connect(lake.settings().ports.trino_port) as client:
        bronze = client.rows("SELECT kafka_topic, count(*) FROM bronze.ad_events GROUP BY 1")
        topics = {str(name): int(count) for name, count in bronze}
        named = client.rows("SELECT impression_id, channel, region FROM gold.ad_performance_state")
        segments = {str(one): (channel, region) for one, channel, region in named}
    return Opened(
        before=before,
        after={row["impression_id"]: row for row in after},
        segments=segments,
        rows_of=Counter(row["impression_id"] for row in after),
        bronze=topics,
        corrections=lake.adlake("quarantine", "list", "--format", "json").stdout,
        models=models_built(lake),
        proof=lake.adlake("verify", expected=None).stdout,
    )


def models_built(lake: Lake) -> str:
    """The build that the stream asks of itself after its first batch."""
    deadline = time.monotonic() + BUILD_SECONDS
    while "gold_snapshot_id" not in (said := lake.adlake(*ASKED, expected=None).stdout):
        assert time.monotonic() < deadline, f"{said}\n{lake.stream().last_log_lines(60)}"
        time.sleep(2)
    return said


def rows(lake: Lake) -> list[Row]:
    with connect(lake.settings().ports.trino_port) as client:
        return gold_rows(client, RECORD.columns)


def news() -> list[KafkaRecord]:
    """Repeats of contained events, a click on an impression, an impression and a click for a
    conversion, and new ids of every form; all arrive weeks after the archive's own."""
    told_now = []
    for stories in RECORD.ids.values():
        clicked, converted = (stories[story] for story in NEWS)
        told_now += [
            told("CLICK", clicked, f"news-k-{clicked}"[:200], MINUTE),
            told("IMPRESSION", converted, f"news-i-{converted}"[:200], 0),
            told("CLICK", converted, f"news-k-{converted}"[:200], MINUTE),
        ]
    sent = [(one.key, one.payload, START_MS + 30 * DAY) for one in told_now]
    repeats = [
        (key.encode(), text.encode(), at_ms + 30 * DAY) for key, text, at_ms in RECORD.repeats
    ]
    return [*repeats, *sent]


def changed_ids() -> set[str]:
    return {stories[story] for stories in RECORD.ids.values() for story in NEWS}


def test_trino_reads_every_row_of_an_archived_lake_as_it_was(opened: Opened) -> None:
    assert opened.before == sorted(RECORD.rows.values(), key=lambda row: row["impression_id"])


def test_no_old_id_gets_a_second_row(opened: Opened) -> None:
    assert {name: count for name, count in opened.rows_of.items() if count > 1} == {}
    assert set(opened.rows_of) == set(RECORD.rows)


@pytest.mark.parametrize("form", FORMS)
def test_a_click_finds_the_old_impression_of_every_form_of_id(opened: Opened, form: str) -> None:
    of = RECORD.ids[form]["to be clicked"]
    old, new = RECORD.rows[of], opened.after[of]
    assert not old["is_clicked"]
    assert new["is_clicked"]
    assert new["click_time"] == "2026-03-02T10:01:00.000000+00:00"
    assert (new["impression_time"], new["cost"]) == (old["impression_time"], old["cost"])


@pytest.mark.parametrize("form", FORMS)
def test_an_old_conversion_of_every_form_of_id_finds_its_click(opened: Opened, form: str) -> None:
    of = RECORD.ids[form]["conversion only"]
    old, new = RECORD.rows[of], opened.after[of]
    assert (old["is_converted"], old["cost"], old["revenue"]) == (False, None, "0.000000")
    assert (new["is_converted"], new["cost"], new["revenue"]) == (True, "1.250000", "19.990000")
    assert new["revenue_out_of_window"] == "0.000000"


def test_a_row_without_news_stays_as_it_was_also_when_its_events_come_again(
    opened: Opened,
) -> None:
    quiet = set(RECORD.rows) - changed_ids()
    repeated = {key for key, _, _ in RECORD.repeats}
    assert repeated <= quiet
    assert {one: opened.after[one] for one in quiet} == {one: RECORD.rows[one] for one in quiet}


def test_old_rows_learn_channel_and_region_from_their_records(opened: Opened) -> None:
    odd = {"odd-fields": ("e-mail", "de-by"), "odd-names": (None, None)}
    assert opened.segments == dict.fromkeys(RECORD.rows, (None, "de")) | odd


def test_the_stream_goes_on_in_the_incarnation_that_the_archive_was_in(opened: Opened) -> None:
    newest = max(RECORD.counts["bronze"])
    expected = dict(RECORD.counts["bronze"])
    expected[newest] += len(news())
    assert opened.bronze == expected


def test_a_correction_of_the_archive_is_still_known(opened: Opened) -> None:
    assert '"resubmitted"' in opened.corrections


def test_the_stream_builds_the_models_of_an_older_lake_by_its_schedule(opened: Opened) -> None:
    assert '"half_life_days": "7' in opened.models
    assert "gold.attribution_credits" in opened.proof


def test_an_archived_lake_is_proven_after_its_news(opened: Opened) -> None:
    assert "PROVEN" in opened.proof, opened.proof
