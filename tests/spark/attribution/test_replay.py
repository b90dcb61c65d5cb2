"""The time machine on real Iceberg tables: equal hashes, what-ifs, publish, undo, broken runs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from adlake.attribution.law.rules import project, states_of
from adlake.attribution.replay import publication
from adlake.attribution.replay.build import both_hashes, build_shadow, differing_groups
from adlake.attribution.replay.publication import TAG_PREFIX, NothingToUndoError, carry_out
from adlake.attribution.replay.shadow import NoShadowError, ShadowTable, SlotRange
from adlake.attribution.spark.gold_hash import gold_hash
from adlake.contracts import stamps
from adlake.contracts.law import LAW_V1, LawConstants
from adlake.contracts.slot import SLOTS_PER_DAY, slot_of
from adlake.contracts.tables import BRONZE_EVENTS, CATALOG, GOLD_LAW_COLUMNS, GOLD_STATE
from adlake.io import failpoints
from adlake.io.failpoints import FailpointError
from adlake.io.iceberg.expiry import expire_snapshots
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.operations import PUBLISH_REPLAY, UNDO_REPLAY, Operation
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.spark.errors import SparkFailedError, named_spark_errors
from tests.fixtures.damaged_files import damaged, missing
from tests.fixtures.engine import attribution_processor, compact_gold
from tests.fixtures.law_sets import DrawnDelivery, law_sets, shuffled
from tests.fixtures.lawful_rows import admitted_deliveries, differences, spark_rows
from tests.fixtures.sessions import lake_at
from tests.fixtures.tiers import in_tiers
from tests.golden import DeliveryFixture, law_cases

pytestmark = pytest.mark.spark

DAY_MS = 86_400_000
LONG = replace(LAW_V1, law_version=2, attribution_window_ms=14 * DAY_MS)
LAWS = {1: LAW_V1, 2: LONG}
RECORD_SCHEMA = (
    "value binary, kafka_topic string, kafka_partition int, kafka_offset bigint, "
    "kafka_key binary, ingest_ts timestamp"
)
STEPS = ("replay.shadow_built", "replay.before_swap", "replay.after_swap")
Record = DeliveryFixture | DrawnDelivery


class SmallLake:
    """Bronze and Gold in a catalog of their own, fed batch by batch as the stream does it."""

    def __init__(self, spark: SparkSession, warehouse: Path) -> None:
        self.session = lake_at(spark, warehouse)
        self.gold = IcebergTable(self.session, GOLD_STATE)
        self.records: list[Record] = []
        self.law = LAW_V1

    def feed(self, records: Sequence[Record]) -> None:
        """One micro-batch under the law in force."""
        processor = attribution_processor(self.session, SourceIncarnation("ads"), law=self.law)
        processor.process(self._frame(records), len(self.records))
        self.records += records

    def _frame(self, records: Sequence[Record]) -> DataFrame:
        rows = [
            (bytearray(record.payload), "ads", 0, len(self.records) + n, None, record.ingest_ms)
            for n, record in enumerate(records)
        ]
        frame = self.session.createDataFrame(rows, RECORD_SCHEMA.replace("timestamp", "bigint"))
        times = {"ingest_ts": "timestamp_millis(ingest_ts)"}
        return frame.selectExpr(*(f"{times.get(c, c)} AS {c}" for c in frame.columns))

    def build(
        self, law: LawConstants = LAW_V1, slots: SlotRange | None = None, passes: int | None = None
    ) -> int:
        """Build the shadow; returns its snapshot."""
        name = f"build-{Random().random()}"
        return build_shadow(self.session, law, name, slots, passes).facts.snapshot_id

    def hashes(self) -> tuple[str, str]:
        return both_hashes(self.session, ShadowTable(self.session).facts())

    def publish(self, number: int, shadow_snapshot: int) -> str:
        operation = Operation(
            number, PUBLISH_REPLAY, {"shadow_snapshot": shadow_snapshot}, "requested", ""
        )
        return carry_out(self.session, operation, LAWS.__getitem__)

    def undo(self, number: int) -> str:
        operation = Operation(number, UNDO_REPLAY, {}, "requested", "")
        return carry_out(self.session, operation, LAWS.__getitem__)

    def rows(self) -> dict[str, tuple[Any, ...]]:
        return spark_rows(self.session.table(self.gold.full_name))

    def hash(self) -> str:
        return gold_hash(self.session.table(self.gold.full_name))

    def law_rows(self, law: LawConstants) -> dict[str, tuple[Any, ...]]:
        """What plain Python says Gold must be for everything fed so far."""
        rows = {}
        for impression_id, state in states_of(admitted_deliveries(self.records)).items():
            row = project(impression_id, state, law)
            assert row is not None
            rows[impression_id] = tuple(getattr(row, name) for name in GOLD_LAW_COLUMNS)
        return rows

    def assert_gold_follows(self, law: LawConstants) -> None:
        found = {key: row[: len(GOLD_LAW_COLUMNS)] for key, row in self.rows().items()}
        assert differences(self.law_rows(law), found, GOLD_LAW_COLUMNS) == []
        versions = self.session.sql(f"SELECT DISTINCT law_version FROM {self.gold.full_name}")
        assert [row.law_version for row in versions.collect()] == [law.law_version]
        stamp = self.gold.newest_stamp()
        assert stamp is not None
        assert stamp.next_offsets == {0: len(self.records)}
        assert stamp.properties[stamps.LAW_VERSION] == str(law.law_version)


NewLake = Callable[[], SmallLake]


@pytest.fixture
def new_lake(spark: SparkSession, tmp_path: Path) -> NewLake:
    numbers = itertools.count()
    return lambda: SmallLake(spark, tmp_path / f"lake-{next(numbers)}")


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm("", Path(), None)


def all_records(seed: int, count: int) -> list[Record]:
    """Random sets, with records from the future, and the truth table: over a whole fortnight."""
    sets = law_sets(seed=seed, count=count, with_future=True)
    drawn = itertools.chain(*(one.deliveries for one in sets))
    table = itertools.chain(*(case.deliveries for case in law_cases()))
    return [*drawn, *table]


@pytest.mark.chaos
@pytest.mark.parametrize(("batches", "sets"), [(2, 60), (3, 150), (10, 150)])
def test_one_batch_many_batches_shuffled_and_replayed_have_one_hash(
    new_lake: NewLake, batches: int, sets: int
) -> None:
    records = all_records(seed=3, count=sets)
    whole, parts, mixed = new_lake(), new_lake(), new_lake()
    whole.feed(records)
    for n in range(batches):
        parts.feed(records[n::batches])
    mixed.feed(shuffled(Random(8), records))
    assert len({lake.hash() for lake in (whole, parts, mixed)}) == 1
    whole.assert_gold_follows(LAW_V1)
    for lake, passes in ((parts, 1), (mixed, 2)):
        lake.build(passes=passes)
        live, replayed = lake.hashes()
        assert live == replayed == whole.hash()
        assert differing_groups(lake.session, ShadowTable(lake.session).facts()) == []


@pytest.mark.chaos
def test_the_hash_sees_each_column_and_each_copy(new_lake: NewLake) -> None:
    lake = new_lake()
    lake.feed(all_records(seed=4, count=20))
    rows = lake.session.table(lake.gold.full_name).localCheckpoint()
    right = gold_hash(rows)
    assert gold_hash(rows.repartition(7)) == right
    assert gold_hash(rows.unionAll(rows.limit(1))) != right
    wrong = {
        "revenue": "revenue + 0.000001",
        "last_updated_ts": "last_updated_ts + INTERVAL 1 MICROSECOND",
        "eligible": "coalesce(eligible, FALSE)",
        "platform": "coalesce(platform, '')",
        "events_state": "concat(events_state, ' ')",
    }
    for name, expression in wrong.items():
        changed = rows.selectExpr(
            *(f"{expression if c == name else c} AS {c}" for c in rows.columns)
        )
        assert gold_hash(changed) != right, name


def test_a_what_if_leaves_gold_alone_and_says_what_would_change(new_lake: NewLake) -> None:
    lake = new_lake()
    lake.feed(all_records(seed=5, count=150))
    before = lake.rows()
    lake.build(LONG)
    facts = ShadowTable(lake.session).facts()
    groups = differing_groups(lake.session, facts)
    gained = sum(row[GOLD_LAW_COLUMNS.index("revenue")] for row in lake.law_rows(LONG).values())
    had = sum(row[GOLD_LAW_COLUMNS.index("revenue")] for row in before.values())
    assert gained > had
    change = sum(group["revenue_change"] for group in groups)
    assert int(change * 1_000_000) == gained - had
    assert all(group["live_rows"] == group["replay_rows"] for group in groups)
    assert lake.rows() == before
    live, replayed = lake.hashes()
    assert live != replayed
    lake.assert_gold_follows(LAW_V1)


def test_publish_and_undo_keep_what_arrived_meanwhile(
    new_lake: NewLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication, "ROWS_PER_STEP", 150)
    lake = new_lake()
    records = all_records(seed=6, count=150)
    first, during, after, later = (records[n::4] for n in range(4))
    lake.feed(first)
    shadow = lake.build(LONG)
    lake.feed(during)  # arrives after the replay was built
    lake.publish(1, shadow)
    lake.law = LONG
    lake.assert_gold_follows(LONG)
    assert lake.gold.tags(TAG_PREFIX) == [f"{TAG_PREFIX}1"]
    with pytest.raises(NoShadowError):
        lake.publish(2, shadow)  # its files are Gold's now
    lake.feed(after)
    compact_gold(lake.session)
    lake.assert_gold_follows(LONG)
    expire_snapshots(lake.session, GOLD_STATE, older_than_ms=4_000_000_000_000, keep=1)
    lake.build(LONG)  # removes the folders of builds that Gold does not read
    lake.assert_gold_follows(LONG)

    lake.undo(3)
    lake.law = LAW_V1
    lake.assert_gold_follows(LAW_V1)
    lake.feed(later)
    lake.assert_gold_follows(LAW_V1)
    fresh = new_lake()
    fresh.feed(records)
    assert lake.hash() == fresh.hash()
    with pytest.raises(NothingToUndoError):
        lake.undo(4)
    lake.assert_gold_follows(LAW_V1)


@pytest.mark.chaos
@pytest.mark.parametrize("place", STEPS)
def test_f32_an_exception_at_any_step_loses_nothing(
    new_lake: NewLake, tmp_path: Path, place: str
) -> None:
    lake = new_lake()
    records = all_records(seed=7, count=60)
    lake.feed(records[::2])
    before = lake.hash()
    failpoints.arm(f"{place}=raise", tmp_path / "markers", None)
    if place == "replay.shadow_built":
        with pytest.raises(FailpointError):
            lake.build(LONG)
        assert lake.hash() == before
    shadow = lake.build(LONG)
    for number, move in ((1, lambda: lake.publish(1, shadow)), (2, lambda: lake.undo(2))):
        if place != "replay.shadow_built":
            failpoints.arm(f"{place}=raise", tmp_path / f"markers-{number}", None)
            with pytest.raises(FailpointError):
                move()
            is_moved = place == "replay.after_swap"
            lake.assert_gold_follows(LAWS[1 + ((number == 1) is is_moved)])
        move()  # the next start finds the request open
        move()
        lake.law = LAWS[1 + (number == 1)]
        lake.assert_gold_follows(lake.law)
        lake.feed(records[1::4] if number == 1 else records[3::4])
        lake.assert_gold_follows(lake.law)


def test_an_unfinished_build_cannot_be_published(new_lake: NewLake) -> None:
    lake = new_lake()
    lake.feed(all_records(seed=9, count=10))
    shadow = ShadowTable(lake.session)
    shadow.create_empty("half")
    shadow.append(lake.session.table(lake.gold.full_name).limit(3))
    before = lake.hash()
    with pytest.raises(NoShadowError):
        lake.publish(1, shadow.table.current_snapshot_id() or 0)
    assert lake.hash() == before


@pytest.mark.chaos
def test_days_are_repaired_alone(new_lake: NewLake) -> None:
    lake = new_lake()
    lake.feed(all_records(seed=10, count=40))
    right = lake.hash()
    impression_id = next(law_sets(seed=10, count=1)).impression_id
    lake.session.sql(
        f"UPDATE {lake.gold.full_name} SET revenue = revenue + 1 "
        f"WHERE impression_id = '{impression_id}'"
    )
    assert lake.hash() != right
    day = slot_of(impression_id) // SLOTS_PER_DAY * SLOTS_PER_DAY
    slots = (day, day + SLOTS_PER_DAY)
    with pytest.raises(NoShadowError, match="one law"):
        lake.publish(1, lake.build(LONG, slots=slots))
    other_day = (day + SLOTS_PER_DAY, day + 2 * SLOTS_PER_DAY)
    lake.publish(2, lake.build(slots=other_day))
    assert lake.hash() != right
    shadow = lake.build(slots=slots)
    facts = ShadowTable(lake.session).facts()
    assert len(differing_groups(lake.session, facts)) == 1
    lake.publish(3, shadow)
    assert lake.hash() == right
    lake.assert_gold_follows(LAW_V1)


def test_a_lookback_that_changes_at_a_date_is_one_law_in_spark(new_lake: NewLake) -> None:
    """The row valid at the conversion's time counts, whatever the clock says at the run."""
    lake = new_lake()
    lake.feed(all_records(seed=12, count=150))
    middle = 1_772_445_600_000 + 9 * DAY_MS
    dated = replace(LAW_V1, law_version=2, window_changes=((middle, 14 * DAY_MS),))
    assert len({str(lake.law_rows(law)) for law in (LAW_V1, dated, LONG)}) == 3
    lake.build(dated)
    found = spark_rows(lake.session.table(ShadowTable(lake.session).table.full_name))
    found = {key: row[: len(GOLD_LAW_COLUMNS)] for key, row in found.items()}
    assert differences(lake.law_rows(dated), found, GOLD_LAW_COLUMNS) == []


@pytest.mark.chaos
def test_bronze_rows_that_lie_there_twice_count_once(new_lake: NewLake) -> None:
    lake = new_lake()
    records = all_records(seed=13, count=30)
    lake.feed(records[::2])
    name = IcebergTable(lake.session, BRONZE_EVENTS).full_name
    lake.session.sql(f"INSERT INTO {name} SELECT * FROM {name}")
    lake.feed(records[1::2])
    lake.build()
    live, replayed = lake.hashes()
    assert live == replayed == lake.hash()


DAMAGES = [("missing", "does not exist"), ("flipped", "Checksum error")]


@pytest.mark.parametrize(("damage", "said"), in_tiers(DAMAGES, DAMAGES[1:]))
def test_a_damaged_file_of_bronze_is_named_in_one_line(
    new_lake: NewLake, damage: str, said: str
) -> None:
    lake = new_lake()
    lake.feed(law_cases()[0].deliveries)
    [found] = lake.session.table(f"{CATALOG}.{BRONZE_EVENTS}.files").take(1)
    file = Path(found.file_path.removeprefix("file:"))
    with (
        missing(file) if damage == "missing" else damaged(file, at=100),
        pytest.raises(SparkFailedError) as failure,
        named_spark_errors("not built"),
    ):
        lake.build()
    words = str(failure.value)
    assert words.startswith("not built: ")
    assert file.name in words
    assert said in words
    assert "\n" not in words
