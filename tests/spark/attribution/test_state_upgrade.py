"""A Gold whose states an older version wrote is brought up before the first batch, and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from adlake.attribution import state_upgrade
from adlake.attribution.gold_format import OlderStatesError
from adlake.attribution.replay.build import build_shadow
from adlake.attribution.replay.publication import TAG_PREFIX
from adlake.attribution.replay.shadow import NoShadowError
from adlake.attribution.rollup.writer import rollup_writers
from adlake.attribution.state_upgrade import bring_states_up
from adlake.contracts import stamps
from adlake.contracts.law import LAW_V1
from adlake.contracts.tables import BRONZE_EVENTS, CATALOG, GOLD_SEGMENT_COLUMNS, STATE_FORMAT
from adlake.io import failpoints
from adlake.io.failpoints import FailpointError
from adlake.io.iceberg.ddl import DDL_DIR, provision_tables
from adlake.io.iceberg.table import IcebergTable, stamped
from adlake.streaming.ready_file import WaitingNote
from tests.fixtures.engine import attribution_processor
from tests.fixtures.law_sets import DrawnDelivery, law_sets
from tests.fixtures.lawful_rows import admitted_deliveries, differences, python_rows
from tests.fixtures.sessions import lake_at
from tests.spark.attribution.test_replay import LAWS, SmallLake

pytestmark = pytest.mark.spark

OLDER_STATE = (
    "array<struct<e:string,t:bigint,r:int,m:bigint,c:string,cr:string,u:string,g:string,"
    "p:string,i:bigint>>"
)
DAYS = ("20260302", "20260303", "20260310", "")
"""Of the ids; one without lies in day 0."""


def deliveries_of(seed: int, count: int) -> list[DrawnDelivery]:
    """Of impressions of several days, in the order of the log."""
    return [
        replace(one, impression_id=f"imp-{day}-{one.impression_id[13:]}", offset=0)
        for number, law_set in enumerate(law_sets(seed, count))
        for day in [DAYS[number % len(DAYS)]]
        for one in law_set.deliveries
    ]


class OlderLake(SmallLake):
    """Gold as an older version left it: without the two columns, with states that say less."""

    def __init__(self, spark: SparkSession, warehouse: Path) -> None:
        super().__init__(spark, warehouse)
        older = (DDL_DIR / "gold" / "ad_performance_state.sql").read_text()
        lines = [one for one in older.splitlines() if not one.startswith(("  channel", "  region"))]
        text = "\n".join(lines).replace("its one impression',", "its one impression'")
        self.session.sql(f"DROP TABLE {self.gold.full_name}")
        self.session.sql(text)
        provision_tables(self.session)
        self.session.sql(f"SELECT {', '.join(GOLD_SEGMENT_COLUMNS)} FROM {self.gold.full_name}")

    def grow_old(self) -> int:
        """As all rows were before; returns the snapshot."""
        stamp = self.gold.newest_stamp()
        assert stamp is not None
        older = f"to_json(from_json(events_state, '{OLDER_STATE}'))"
        with stamped(self.session, {**stamp.properties, stamps.STATE_FORMAT: "1"}):
            self.session.sql(
                f"UPDATE {self.gold.full_name} SET channel = NULL, region = NULL, "
                f"events_state = {older}"
            )
        self.session.sql(
            f"UPDATE {CATALOG}.{BRONZE_EVENTS} SET channel = NULL, region = NULL "
            "WHERE kafka_offset % 2 = 0"
        )
        return self.gold.current_snapshot_id() or 0

    def bring_up(self) -> int:
        return bring_states_up(self.session, LAWS.__getitem__)

    def assert_is_right(self) -> None:
        expected = python_rows(admitted_deliveries(self.records))
        assert differences(expected, self.rows()) == []


@pytest.fixture
def lake(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OlderLake]:
    monkeypatch.setattr(state_upgrade, "ROWS_PER_STEP", 20)
    one = OlderLake(spark, tmp_path / "lake")
    one.feed(deliveries_of(seed=41, count=60))
    one.grow_old()
    yield one
    failpoints.arm("", tmp_path, None)


def test_an_older_gold_is_brought_up_step_by_step_and_goes_on(
    lake: OlderLake, tmp_path: Path
) -> None:
    older = lake.rows()
    failpoints.arm("states.before_publish=raise_always", tmp_path, None)
    with pytest.raises(FailpointError):
        lake.bring_up()
    assert lake.rows() == older, "a step that is not published changes nothing"
    failpoints.arm("", tmp_path, None)
    with pytest.raises(OlderStatesError, match="make up"):
        attribution_processor(lake.session)

    def die(_done: int, _rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_states_up(lake.session, LAWS.__getitem__, on_step=die)
    with pytest.raises(OlderStatesError, match="make up"):
        attribution_processor(lake.session)
    changed = [key for key, row in lake.rows().items() if row != older[key]]
    assert 0 < len(changed) < len(older), "one step alone is published"
    left = lake.bring_up()
    assert 0 < left < len(older), "what is published is not done again"
    lake.assert_is_right()
    stamp, snapshot = lake.gold.newest_stamp(), lake.gold.current_snapshot_id()
    assert stamp is not None
    assert stamp.properties[stamps.STATE_FORMAT] == str(STATE_FORMAT)
    assert stamp.next_offsets == {0: len(lake.records)}
    assert (lake.bring_up(), lake.gold.current_snapshot_id()) == (0, snapshot)
    lake.feed(deliveries_of(seed=42, count=9))
    lake.assert_is_right()


@pytest.mark.chaos
def test_files_of_a_replay_fit_into_a_gold_that_got_its_columns_later(lake: OlderLake) -> None:
    with pytest.raises(OlderStatesError, match="make up"):
        build_shadow(lake.session, LAW_V1, "too-early")
    for rollup in rollup_writers(lake.session):
        with pytest.raises(OlderStatesError, match="make up"):
            rollup.build()
    lake.bring_up()
    shadow = lake.build()
    live, replayed = lake.hashes()
    assert live == replayed
    lake.publish(1, shadow)
    lake.assert_is_right()


@pytest.mark.chaos
def test_a_replay_of_an_older_version_is_not_published(lake: OlderLake) -> None:
    lake.bring_up()
    lake.build()
    shadow = IcebergTable(lake.session, "gold.ad_performance_replay")
    stamp = shadow.newest_stamp()
    assert stamp is not None
    shadow.leave_stamp({**stamp.properties, stamps.STATE_FORMAT: "1"})
    with pytest.raises(NoShadowError, match="an older adlake built"):
        lake.publish(1, shadow.current_snapshot_id() or 0)


@pytest.mark.chaos
def test_what_an_undo_makes_current_again_is_brought_up_too(lake: OlderLake) -> None:
    before = lake.gold.current_snapshot_id()
    assert before is not None
    lake.bring_up()
    lake.gold.keep_snapshot(f"{TAG_PREFIX}1", before, 7 * 86_400_000)
    lake.feed(deliveries_of(seed=42, count=8))
    lake.undo(2)
    lake.assert_is_right()


@pytest.mark.chaos
def test_a_gold_rolled_back_behind_its_upgrade_is_brought_up_again(lake: OlderLake) -> None:
    before = lake.gold.current_snapshot_id()
    rows = lake.bring_up()
    name = lake.gold.full_name
    lake.session.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{name}', {before})")
    assert lake.bring_up() == rows
    lake.assert_is_right()


@pytest.mark.chaos
def test_what_gold_knows_and_bronze_does_not_stays(lake: OlderLake) -> None:
    """An upgrade adds to states: it is no place to lose an event, whoever lost the record."""
    older = lake.rows()
    lake.session.sql(f"DELETE FROM {CATALOG}.{BRONZE_EVENTS} WHERE kafka_offset < 20")
    lake.bring_up()
    found = lake.rows()
    assert found.keys() == older.keys()
    assert [row[:18] for row in found.values()] == [older[key][:18] for key in found]


@pytest.mark.chaos
def test_a_long_upgrade_says_how_far_it_is_until_it_is_done(
    lake: OlderLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(WaitingNote, "tell", lambda _, sentence: told.append(sentence))
    monkeypatch.setattr("adlake.attribution.slot_move.LONG_SECONDS", 0)
    note = WaitingNote(tmp_path / "ready")
    state_upgrade.prepare_states(lake.session, note, LAWS.__getitem__)
    rows = len(lake.rows())
    assert len(told) > 1
    assert f"states of Gold to format {STATE_FORMAT}, once: {rows:,} of {rows:,} done" in told[-1]


def test_a_gold_without_rows_or_stamp_is_left_alone(spark: SparkSession, tmp_path: Path) -> None:
    session = lake_at(spark, tmp_path)
    gold = IcebergTable(session, "gold.ad_performance_state")
    before = gold.current_snapshot_id()
    assert bring_states_up(session, LAWS.__getitem__) == 0
    assert gold.current_snapshot_id() == before
