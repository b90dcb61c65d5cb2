"""F21, F34, F35: bad and odd input through the job's own batches, to both real tables.

Every class of the corpus comes alone, first in a batch and in the middle of one. Afterwards Bronze
holds each delivery once, byte for byte, with its exact verdict, and Gold equals the plain Python
law over everything that was admitted.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from adlake.contracts.details import REASON_OF
from adlake.domain.admission import Rejected, admit
from adlake.io.ddl import provision_tables
from adlake.io.source_epochs import SourceEpoch
from adlake.io.spark import CatalogAccess, SparkResources, build_session, connect_catalog
from adlake.jobs.batch import BatchProcessor, WriterIdentity
from tests.faults.chronicle import Chronicle
from tests.fixtures.corpus import CASES, INGEST_MS, Case
from tests.fixtures.corpus.case import event
from tests.fixtures.corpus.mutations import payloads
from tests.golden import DeliveryFixture, law_cases
from tests.spark.lawful_rows import admitted_deliveries, differences, python_rows, spark_rows

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1_800)]

SEQUENCES = {
    78: 18, 79: 18, 80: 19, 81: 20, 82: 22, 83: 27, 84: 14, 85: 26, 86: 10, 87: 16,
    88: 9, 89: 7, 90: 13, 91: 25, 92: 40,
}  # fmt: skip
"""Class of the corpus -> row of the truth table that tells its story."""
_SCHEMA = (
    "value binary, kafka_topic string, kafka_partition int, kafka_offset bigint, "
    "kafka_key binary, ingest_ms bigint"
)


@dataclass
class Feed:
    """A topic of one partition in front of the real batch processor."""

    session: SparkSession
    sent: list[DeliveryFixture] = field(default_factory=list)
    batches: int = 0

    def __post_init__(self) -> None:
        identity = WriterIdentity(SourceEpoch("ad_events"), "t", epoch=1, query_id="input")
        self._processor = BatchProcessor(self.session, identity, confirm_topic=lambda: None)

    def batch(self, *records: tuple[bytes | None, int]) -> None:
        """One micro-batch of (payload, ingest_ms)."""
        first = len(self.sent)
        fixtures = [
            DeliveryFixture(payload, ingest_ms, 0, first + n)  # type: ignore[arg-type]
            for n, (payload, ingest_ms) in enumerate(records)
        ]
        self.sent += fixtures
        rows = [
            (None if f.payload is None else bytearray(f.payload), "ad_events", 0, f.offset, b"k",
             f.ingest_ms)
            for f in fixtures
        ]  # fmt: skip
        frame = self.session.createDataFrame(rows, _SCHEMA)
        stamped = frame.withColumn("ingest_ts", F.timestamp_millis("ingest_ms")).drop("ingest_ms")
        facts = self._processor.process(stamped, self.batches)
        assert facts is not None
        assert facts.rows == len(records)
        self.batches += 1

    def assert_exact(self) -> None:
        """Bronze and Gold hold exactly what was sent."""
        # Times beyond the year 9999 have no Python form: only what is compared is fetched.
        bronze = self.session.table("lakehouse.bronze.ad_events").select(
            "kafka_offset", "raw_payload", "raw_bytes", "reject_reason", "reject_detail"
        )
        rows = {row.kafka_offset: row for row in bronze.collect()}
        assert bronze.count() == len(rows) == len(self.sent)
        for sent in self.sent:
            row, verdict = rows[sent.offset], admit(sent.payload, sent.ingest_ms)
            text = None if row.raw_payload is None else row.raw_payload.encode()
            assert (text if row.raw_bytes is None else bytes(row.raw_bytes)) == sent.payload
            found = (row.reject_reason, row.reject_detail)
            if isinstance(verdict, Rejected):
                assert found == (str(verdict.reason), str(verdict.detail))
            else:
                assert found == (None, None)
        gold = self.session.table("lakehouse.gold.ad_performance_state")
        assert differences(python_rows(admitted_deliveries(self.sent)), spark_rows(gold)) == []


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    session = build_session("adlake input", SparkResources(driver_memory="2g"))
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture
def feed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Feed:
    """A new lake for each test: what one sends does not hide in what another sent."""
    session = spark.newSession()
    warehouse = tmp_path_factory.mktemp("input")
    connect_catalog(session, CatalogAccess("hadoop", "", "", "", f"file://{warehouse}"))
    provision_tables(session)
    return Feed(session)


def good(number: int) -> tuple[bytes, int]:
    """A valid impression of its own."""
    name = f"good-{number}"
    return event(event_id=name, impression_id=name), INGEST_MS


def one_of_each_class() -> list[Case]:
    return list({case.number: case for case in reversed(CASES)}.values())


@pytest.mark.parametrize("position", ["alone", "first", "middle"])
def test_f35_every_class_of_the_corpus_has_its_exact_outcome(
    feed: Feed, chronicle: Chronicle, position: str
) -> None:
    cases = CASES if position == "alone" else one_of_each_class()
    for number, case in enumerate(cases):
        bad = (case.payload, case.ingest_ms)
        around = [good(number * 10 + n) for n in range(4)]
        before = {"alone": [], "first": [], "middle": around[:2]}[position]
        after = {"alone": [], "first": around, "middle": around[2:]}[position]
        feed.batch(*before, bad, *after)
        verdict = admit(*bad)
        if isinstance(verdict, Rejected):
            assert (verdict.detail, verdict.reason) == (case.detail, REASON_OF[verdict.detail])
        else:
            assert case.detail is None, case.id
    feed.assert_exact()
    chronicle.add(
        "F35", f"corpus, {position}", classes=len({case.number for case in cases}),
        payloads=len(cases), batches=feed.batches, rows_that_differ=0,
    )  # fmt: skip


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "a batch each"])
def test_f35_classes_that_are_stories_have_their_rows(
    feed: Feed, chronicle: Chronicle, together: bool
) -> None:
    by_number = {case.number: case for case in law_cases()}
    for row in sorted(set(SEQUENCES.values())):
        records = [(d.payload, d.ingest_ms) for d in by_number[row].deliveries]
        for batch in [records] if together else [[one] for one in records]:
            feed.batch(*batch)
    feed.assert_exact()
    chronicle.add(
        "F35", f"corpus stories, {'one batch' if together else 'a batch per delivery'}",
        classes=len(SEQUENCES), rows_that_differ=0,
    )  # fmt: skip


def test_f21_storms_of_repeats_lateness_and_reversed_order_give_one_gold(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, chronicle: Chronicle
) -> None:
    records = [(d.payload, d.ingest_ms) for case in law_cases() for d in case.deliveries]
    rng = random.Random(21)
    doubled = [*records, *rng.sample(records, len(records) // 2)]
    orders = {
        "sorted": records,
        "reversed": records[::-1],
        "half of them twice, shuffled": rng.sample(doubled, len(doubled)),
    }
    found = {}
    for name, order in orders.items():
        session = spark.newSession()
        warehouse = tmp_path_factory.mktemp("storm")
        connect_catalog(session, CatalogAccess("hadoop", "", "", "", f"file://{warehouse}"))
        provision_tables(session)
        one = Feed(session)
        for start in range(0, len(order), 40):
            one.batch(*order[start : start + 40])
        one.assert_exact()
        found[name] = spark_rows(session.table("lakehouse.gold.ad_performance_state"))
    assert found["sorted"] == found["reversed"] == found["half of them twice, shuffled"]
    chronicle.add("F21", "truth table sorted, reversed, doubled and shuffled", outcome="one Gold")


@pytest.mark.parametrize("clock", [0.0, 4_102_444_800.0], ids=["1970", "2100"])
def test_f31_the_drivers_clock_is_in_no_result(
    feed: Feed, chronicle: Chronicle, clock: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adlake.jobs.batch.time.time", lambda: clock)
    feed.batch(*((d.payload, d.ingest_ms) for case in law_cases() for d in case.deliveries))
    feed.assert_exact()
    chronicle.add("F31", f"driver's clock at {clock:.0f}", outcome="same Gold")


def test_f34_schema_drift_keeps_the_job_up_and_bronze_exact(
    feed: Feed, chronicle: Chronicle
) -> None:
    drifted = [
        event(event_id="d1", impression_id="d1", channel="ctv"),
        event(event_id="d2", impression_id="d2", bid_price="1.50"),
        event(event_id="d3", impression_id="d3", campaign_id=...),
        event(event_id="d4", impression_id="d4", meta_pixels=[1, {"a": None}]),
        event(event_id="d5", impression_id="d5", geo_country=49, platform={"os": "ios"}),
    ]
    for number, payload in enumerate(drifted):
        feed.batch(good(number), (payload, INGEST_MS))
    feed.assert_exact()
    chronicle.add("F34", "new, retyped and missing fields mid-stream", outcome="exact")


def test_fuzzed_payloads_never_stop_the_job_or_break_the_ledger(
    feed: Feed, chronicle: Chronicle
) -> None:
    seeds = st.integers(min_value=0, max_value=10**6)
    noise = st.lists(st.binary(max_size=300), max_size=30)

    @settings(
        max_examples=25, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(seed=seeds, raw=noise)
    def feed_one_batch(seed: int, raw: list[bytes]) -> None:
        feed.batch(good(seed), *payloads(seed, 100), *((one, INGEST_MS) for one in raw))

    feed_one_batch()
    feed.assert_exact()
    chronicle.add("fuzz", "mutated events and random bytes", payloads=len(feed.sent), stops=0)


def test_the_check_itself_sees_a_wrong_payload(feed: Feed) -> None:
    feed.batch(good(1))
    feed.sent[0] = replace(feed.sent[0], payload=good(2)[0])
    with pytest.raises(AssertionError):
        feed.assert_exact()
