"""Budget tables that are kept up batch by batch: the rows of plain Python after each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from adlake.budgets.build import build_budgets
from adlake.budgets.keeping import KEPT, keep_budgets
from adlake.business.contract import BusinessType
from adlake.business.pipeline import BusinessPipeline
from adlake.contracts import stamps
from adlake.contracts.tables import ACCOUNT_CONTENTS, BUSINESS_EVENTS, CATALOG, SPEND_LEDGER
from adlake.io import failpoints
from adlake.io.failpoints import FailpointError
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from tests.fixtures.budgets.examples import B1, B2, B5, of
from tests.fixtures.budgets.rows import expected_rows
from tests.fixtures.budgets.told import at, budget, click, credit, random_deliveries, told
from tests.fixtures.business.case import INGEST_MS, event
from tests.fixtures.business.mutations import Delivery
from tests.fixtures.business.parity import records
from tests.fixtures.sessions import lake_at
from tests.spark.budgets.test_build import assert_same, stored

pytestmark = [pytest.mark.spark, pytest.mark.chaos]

PIPELINE = BusinessPipeline()


class Stream:
    """Batches of one topic, and the tables after each step of their keeper."""

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self.sent: list[Delivery] = []
        source = SourceIncarnation("business_events")
        identity = WriterIdentity(source, "t", generation=1, query_id="q")
        self._processor = BatchProcessor(session, PIPELINE, identity, lambda: None)

    def send(self, sent: Sequence[Delivery]) -> None:
        """One batch."""
        frame = records(self.session, sent)
        first = len(self.sent)
        frame = frame.withColumn("kafka_offset", F.col("kafka_offset") + first)
        self._processor.process(frame, first)
        self.sent += sent

    def assert_kept(self, step: str) -> None:
        """The tables hold what plain Python says of all that was sent."""
        assert_same(stored(self.session), expected_rows(told(self.sent)))
        for name in KEPT:
            stamp: Any = IcebergTable(self.session, name).newest_stamp()
            assert stamp.next_offsets == {1: len(self.sent)}, (step, name)


@pytest.fixture
def stream(spark: SparkSession, tmp_path: Path) -> Iterator[Stream]:
    yield Stream(lake_at(spark, tmp_path))
    failpoints.arm("", tmp_path, None)


def commits(stream: Stream) -> list[int]:
    return [stream.session.table(f"{CATALOG}.{name}.snapshots").count() for name in KEPT]


STORY: dict[str, list[Delivery]] = {
    "two advertisers": [*of("x", B1), *of("y", B2[:3])],
    "one of them goes on, and wakes up at midnight": [
        *of("y", B2[3:]), *of("y", [click("c9", at("09:30"), 3)]),
    ],
    "late, doubled and smaller contents": [
        *of("x", [click("c2", at("10:59:59.999"), 0.25, at("12:00"), budget_value=1_000)]),
        *of("x", B1[:3]), *of("y", [click("c0", at("08:00"), 1, at("12:01"))]),
    ],
    "a credit of a stranger is another one's now, and a budget too": [
        *of("y", [credit("r:c2", at("12:05"), 2), budget("b", at("12:06"), 20)]),
        *of("y", [credit("r:c2", at("12:04"), 1, at("12:07"), advertiser_id="x-")]),
    ],
    "what carries budgets is replaced": [
        *of("z", B5), *of("z", [click("c1", at("09:49"), 1, at("10:30"), budget_value=7)]),
    ],
}  # fmt: skip


def test_each_step_gives_the_rows_of_all_that_was_sent(stream: Stream) -> None:
    assert keep_budgets(stream.session, PIPELINE) is None
    for step, sent in STORY.items():
        stream.send(sent)
        kept = keep_budgets(stream.session, PIPELINE)
        assert kept is not None
        assert kept.is_whole == (step == "two advertisers")
        stream.assert_kept(step)
    before = commits(stream)
    assert keep_budgets(stream.session, PIPELINE) is None, "nothing is new"
    assert commits(stream) == before
    # What is about nobody leaves a stamp; a repeat makes nothing again.
    share: list[Delivery] = [(event(BusinessType.SHARE), b"u", INGEST_MS)]
    for sent in (share, STORY["two advertisers"]):
        stream.send(sent)
        kept = keep_budgets(stream.session, PIPELINE)
        assert kept is not None
        assert kept.advertisers == 0
        stream.assert_kept("no news")
    assert commits(stream) == [count + 2 for count in before]


@pytest.mark.parametrize("dies_at", [0, 1, 3, 5])
def test_reversed_doubled_and_killed_steps_give_the_rows_of_a_build(
    stream: Stream, tmp_path: Path, dies_at: int
) -> None:
    sent = random_deliveries(11 + dies_at, 90)
    doubled = [*sent[::-1], *sent]
    stream.send(doubled[:40])
    keep_budgets(stream.session, PIPELINE)
    for first in range(40, len(doubled), 70):
        stream.send(doubled[first : first + 70])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("adlake.budgets.keeping.reach", _dying_at(dies_at))
            with pytest.raises(FailpointError):
                keep_budgets(stream.session, PIPELINE)
        stream.send(doubled[first : first + 3])
        keep_budgets(stream.session, PIPELINE)
        stream.assert_kept(f"after {first}")
    kept = stored(stream.session)
    contents = contents_of(stream.session)
    build_budgets(stream.session, PIPELINE)
    assert_same(stored(stream.session), kept)
    assert contents_of(stream.session) == contents


def contents_of(session: SparkSession) -> list[str]:
    """All rows of the contents, in one order."""
    return sorted(map(str, session.table(f"{CATALOG}.{ACCOUNT_CONTENTS}").collect()))


def test_tables_of_lost_records_and_new_tables_are_built_whole(stream: Stream) -> None:
    stream.send(STORY["two advertisers"])
    keep_budgets(stream.session, PIPELINE)
    before = IcebergTable(stream.session, BUSINESS_EVENTS).current_snapshot_id()
    stream.send(STORY["what carries budgets is replaced"])
    keep_budgets(stream.session, PIPELINE)
    back = f"CALL {CATALOG}.system.rollback_to_snapshot('{BUSINESS_EVENTS}', {before})"
    stream.session.sql(back)
    kept = keep_budgets(stream.session, PIPELINE)
    assert kept is not None
    assert kept.is_whole
    assert_same(stored(stream.session), expected_rows(told(STORY["two advertisers"])))
    stamp: Any = IcebergTable(stream.session, SPEND_LEDGER).newest_stamp()
    assert stamp.properties[stamps.SOURCE_SNAPSHOT] == str(before)


def _dying_at(number: int) -> Callable[[str], None]:
    visits = iter(range(100))

    def reach(place: str) -> None:
        if next(visits) == number:
            raise FailpointError(place)

    return reach
