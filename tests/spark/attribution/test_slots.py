"""The slot law in Spark SQL, and Gold rows that an older law placed: found, moved once, merged."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from adlake.attribution import slot_move
from adlake.attribution import writer as gold_writer
from adlake.attribution.gold_format import NewerFormatError, UnplacedRowsError
from adlake.attribution.law.rules import AdmittedDelivery
from adlake.attribution.law.state import Event
from adlake.attribution.pipeline import AttributionPipeline
from adlake.attribution.slot_move import move_rows_to_their_slots, refuse_unreadable_gold
from adlake.attribution.spark import fold
from adlake.attribution.spark.slot import slot_sql
from adlake.attribution.writer import GoldWriter
from adlake.contracts import stamps
from adlake.contracts.slot import SLOT_LAW, SLOTS_PER_DAY, slot_of
from adlake.contracts.tables import CATALOG, GOLD_STATE
from adlake.io import failpoints
from adlake.io.failpoints import FailpointError
from adlake.io.iceberg.stamp import offsets_text
from adlake.io.iceberg.table import REPLAY_BRANCH, IcebergTable, stamped
from adlake.streaming.ready_file import WaitingNote
from adlake.streaming.repair import catch_up
from tests.fixtures.engine import attribution_processor, compact_gold
from tests.fixtures.lawful_rows import delivery_frame, differences, python_rows, spark_rows
from tests.fixtures.sessions import lake_at
from tests.fixtures.slot_ids import slot_ids
from tests.fixtures.slot_law_1 import slot_of_law_1

pytestmark = pytest.mark.spark

BASE_MS = 1_772_445_600_000
IDS = [one for one in slot_ids() if one.isascii() and one.isprintable() and one.strip()][::12]
"""Of every form, timed and not: about 100."""
OLD_STAMP = {
    stamps.TOPIC: "ads", stamps.TOPIC_ID: "t", stamps.BRONZE_SNAPSHOT: "1",
    stamps.NEXT_OFFSETS: offsets_text({0: 1}),
}  # fmt: skip


def spark_slots(spark: SparkSession, ids: Sequence[str]) -> dict[str, int]:
    frame = spark.createDataFrame([(one,) for one in ids], "id string")
    return {
        row.id: row.slot for row in frame.selectExpr("id", f"{slot_sql('id')} AS slot").collect()
    }


def test_slot_law_of_spark_is_that_of_python(spark: SparkSession) -> None:
    ids = slot_ids()
    assert spark_slots(spark, ids) == {one: slot_of(one) for one in ids}


@settings(max_examples=4, deadline=None)
@given(
    ids=st.lists(
        st.one_of(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
            st.text("0123456789abcdefABCDEF", min_size=24, max_size=24),
            st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26),
            st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=27, max_size=27),
            st.uuids().map(str),
            st.from_regex(
                r"[0-9a-f]{8}-[0-9a-f]{4}-[167][0-9a-f]{3}-[89abcd][0-9a-f]{3}-[0-9a-f]{12}\Z"
            ),
            st.dates().map("imp-{0:%Y%m%d}-7".format),
        ),
        min_size=50,
        max_size=200,
        unique=True,
    )
)
def test_slot_law_of_spark_is_that_of_python_for_random_ids(
    spark: SparkSession, ids: list[str]
) -> None:
    assert spark_slots(spark, ids) == {one: slot_of(one) for one in ids}


def deliveries_of(type_rank: int, ids: Sequence[str] = IDS) -> list[AdmittedDelivery]:
    """One event of this rank for each impression, an hour after the one before it."""
    ts_ms = BASE_MS + type_rank * 3_600_000
    event = Event(
        f"e{type_rank}", ts_ms, type_rank, 0 if type_rank == 1 else 1_500_000, "c1", None, "u1",
        "SE", None, ts_ms,
    )  # fmt: skip
    return [AdmittedDelivery(one, event, "ads", 0, n) for n, one in enumerate(ids)]


@pytest.fixture
def lake(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SparkSession]:
    """A Gold with one impression for each of IDS, as a writer of slot law 1 left it."""
    session = lake_at(spark, tmp_path)
    cases = " ".join(f"WHEN '{one}' THEN {slot_of_law_1(one)}" for one in IDS)
    with monkeypatch.context() as older:
        older.setattr(fold, "slot_sql", lambda name: f"CAST(CASE {name} {cases} END AS INT)")
        older.setattr(gold_writer, "FORMAT_PROPERTIES", {stamps.STATE_FORMAT: "2"})
        GoldWriter(session).apply(delivery_frame(session, deliveries_of(0)), OLD_STAMP)
    assert stored_slots(session) == {one: slot_of_law_1(one) for one in IDS}
    yield session
    failpoints.arm("", tmp_path, None)


def gold_of(session: SparkSession) -> IcebergTable:
    return IcebergTable(session, GOLD_STATE)


def stored_slots(session: SparkSession, branch: str = "main") -> dict[str, int]:
    rows = session.table(gold_of(session).branch_name(branch)).select("impression_id", "slot")
    found = rows.collect()
    assert len(found) == len(dict(found)), "an impression has two rows"
    return dict(found)


def new_stamp(batch: int) -> dict[str, str]:
    return OLD_STAMP | {stamps.NEXT_OFFSETS: offsets_text({0: batch})}


def assert_gold_is(session: SparkSession, *waves: list[AdmittedDelivery]) -> None:
    seen = [delivery for wave in waves for delivery in wave]
    found = spark_rows(session.table(gold_of(session).full_name))
    assert differences(python_rows(seen), found) == []


def test_rows_of_the_old_law_are_found_and_never_doubled(lake: SparkSession) -> None:
    moved = move_rows_to_their_slots(lake)
    assert moved == sum(slot_of(one) != slot_of_law_1(one) for one in IDS) > 30
    assert stored_slots(lake) == {one: slot_of(one) for one in IDS}
    assert_gold_is(lake, deliveries_of(0))
    writer = GoldWriter(lake)
    for rank in (1, 2):
        change = writer.apply(delivery_frame(lake, deliveries_of(rank)), new_stamp(rank + 1))
        assert change.changed_rows == len(IDS), "each row is found"
    compact_gold(lake)
    assert stored_slots(lake) == {one: slot_of(one) for one in IDS}
    assert_gold_is(lake, *map(deliveries_of, range(3)))


def test_moved_rows_keep_the_stamp_and_are_moved_once(lake: SparkSession) -> None:
    move_rows_to_their_slots(lake)
    gold = gold_of(lake)
    stamp, snapshot = gold.newest_stamp(), gold.current_snapshot_id()
    assert stamp is not None
    assert stamp.snapshot_id == snapshot
    assert {key: stamp.properties[key] for key in OLD_STAMP} == OLD_STAMP
    assert stamp.properties[stamps.LAW_VERSION] == "1"
    assert stamp.properties[stamps.SLOT_LAW] == str(SLOT_LAW)
    assert stamp.properties[stamps.STATE_FORMAT] == "2", "what its states are did not change"
    assert move_rows_to_their_slots(lake) == 0
    assert gold.current_snapshot_id() == snapshot


@pytest.mark.chaos
def test_a_crash_between_two_steps_loses_and_doubles_nothing(
    lake: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot_move, "ROWS_PER_STEP", 20)
    expected = {one for one in IDS if slot_of(one) != slot_of_law_1(one)}
    left = [len(expected)]
    for _ in range(3):
        failpoints.arm("slots.before_publish=raise_always", tmp_path, None)
        with pytest.raises(FailpointError):
            move_rows_to_their_slots(lake)
        assert_gold_is(lake, deliveries_of(0))
        with pytest.raises(UnplacedRowsError):
            catch_up_guard(lake)
        failpoints.arm("", tmp_path, None)
        one_step_only(monkeypatch, lake)
        left.append(sum(slot_of(one) != slot for one, slot in stored_slots(lake).items()))
        assert_gold_is(lake, deliveries_of(0))
    assert left == sorted(set(left), reverse=True), "what is published is not done again"
    assert left[-1] > 0
    assert move_rows_to_their_slots(lake) == left[-1]
    assert stored_slots(lake) == {one: slot_of(one) for one in IDS}
    assert_gold_is(lake, deliveries_of(0))


@pytest.mark.chaos
def test_a_long_move_says_how_far_it_is_until_it_is_done(
    lake: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = WaitingNote(tmp_path / "ready")
    told: list[str] = []
    monkeypatch.setattr(WaitingNote, "tell", lambda _, sentence: told.append(sentence))
    slot_move.tell_if_long(note, time.monotonic(), 1, 2)
    assert not told, "a short move is part of the start"
    monkeypatch.setattr(slot_move, "LONG_SECONDS", 0)
    monkeypatch.setattr(slot_move, "ROWS_PER_STEP", 20)
    slot_move.prepare_gold(lake, note)
    rows = sum(slot_of(one) != slot_of_law_1(one) for one in IDS)
    assert len(told) > 1
    assert f"{rows:,} of {rows:,} done" in told[-1]
    assert f"{rows:,} of {rows:,} done" not in told[0]


def one_step_only(monkeypatch: pytest.MonkeyPatch, lake: SparkSession) -> None:
    """The driver dies right after its first step."""
    with monkeypatch.context() as dying:
        dying.setattr(slot_move, "_steps", lambda days: dead_after_one(list(days)))
        with pytest.raises(KeyboardInterrupt):
            move_rows_to_their_slots(lake)


def dead_after_one(days: list[slot_move.DayToFill]) -> Iterator[list[slot_move.DayToFill]]:
    yield days[: max(1, len(days) // 4)]
    raise KeyboardInterrupt


def catch_up_guard(session: SparkSession) -> None:
    attribution_processor(session)


def test_nothing_is_merged_into_rows_that_were_not_moved(lake: SparkSession) -> None:
    with pytest.raises(UnplacedRowsError, match="make up"):
        catch_up_guard(lake)
    with stamped(lake, OLD_STAMP):
        IcebergTable(lake, "bronze.ad_events").create_first_snapshot()
    move_rows_to_their_slots(lake)
    catch_up_guard(lake)


@pytest.mark.chaos
def test_a_gold_rolled_back_behind_its_move_is_moved_again(lake: SparkSession) -> None:
    gold = gold_of(lake)
    before = gold.current_snapshot_id()
    moved = move_rows_to_their_slots(lake)
    name = f"{CATALOG}.{GOLD_STATE}"
    lake.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{name}', {before})")
    assert stored_slots(lake) == {one: slot_of_law_1(one) for one in IDS}
    assert move_rows_to_their_slots(lake) == moved
    assert stored_slots(lake) == {one: slot_of(one) for one in IDS}


@pytest.mark.chaos
def test_a_branch_of_before_is_moved_by_itself(lake: SparkSession) -> None:
    """What an undo makes Gold of again may be older than the move."""
    gold = gold_of(lake)
    before = gold.current_snapshot_id()
    assert before is not None
    move_rows_to_their_slots(lake)
    head = gold.current_snapshot_id()
    gold.point_branch(REPLAY_BRANCH, before)
    move_rows_to_their_slots(lake, REPLAY_BRANCH)
    assert stored_slots(lake, REPLAY_BRANCH) == {one: slot_of(one) for one in IDS}
    stamp = gold.newest_stamp(REPLAY_BRANCH)
    assert stamp is not None
    assert stamp.properties[stamps.SLOT_LAW] == str(SLOT_LAW)
    assert gold.current_snapshot_id() == head


def test_a_gold_without_rows_or_stamp_is_left_alone(spark: SparkSession, tmp_path: Path) -> None:
    session = lake_at(spark, tmp_path)
    before = gold_of(session).current_snapshot_id()
    assert move_rows_to_their_slots(session) == 0
    assert gold_of(session).current_snapshot_id() == before


@pytest.mark.parametrize("key", [stamps.SLOT_LAW, stamps.STATE_FORMAT])
def test_a_newer_format_is_refused_by_name_before_anything_is_written(
    lake: SparkSession, key: str
) -> None:
    gold = gold_of(lake)
    move_rows_to_their_slots(lake)
    with stamped(lake, new_stamp(2) | {stamps.SLOT_LAW: "2", stamps.STATE_FORMAT: "2", key: "3"}):
        lake.table(gold.full_name).limit(0).writeTo(gold.full_name).append()
    head = gold.current_snapshot_id()
    for read in (
        lambda: refuse_unreadable_gold(lake),
        lambda: catch_up_guard(lake),
    ):
        with pytest.raises(NewerFormatError, match=f"{key} .3"):
            read()
    assert gold.current_snapshot_id() == head


@pytest.mark.chaos
def test_slots_of_the_moved_rows_lie_in_their_days(lake: SparkSession) -> None:
    """No file of day 0 is read for an id that tells its day."""
    move_rows_to_their_slots(lake)
    compact_gold(lake)
    left = [one for one, slot in stored_slots(lake).items() if slot < SLOTS_PER_DAY]
    assert all(slot_of(one) == slot_of_law_1(one) for one in left)
    dated = [one for one in IDS if one.startswith(("imp-20240229-", "imp-20260231-"))]
    assert len(dated) > 1
    assert not set(dated) & set(left)


def test_catch_up_refuses_rows_that_were_not_moved(lake: SparkSession) -> None:
    bronze = IcebergTable(lake, "bronze.ad_events")
    with stamped(lake, new_stamp(2)):
        lake.table(bronze.full_name).limit(0).writeTo(bronze.full_name).append()
    with pytest.raises(UnplacedRowsError):
        catch_up(lake, AttributionPipeline())
