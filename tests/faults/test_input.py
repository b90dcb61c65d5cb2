"""F21, F30, F31, F34, F35: bad and odd input through the job's own batches, to both real tables.

Every class of the corpus comes alone, first in a batch and in the middle of one. Afterwards Bronze
holds each delivery once, byte for byte, with its exact verdict, and Gold equals the plain Python
law over everything that was admitted.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from adlake.attribution.law.admission import Rejected, admit
from adlake.contracts.details import REASON_OF
from adlake.contracts.details import RejectDetail as D
from adlake.io.spark.session import build_session
from tests.fixtures.corpus import CASES, INGEST_MS, STORY_CLASSES, Case
from tests.fixtures.corpus.case import event
from tests.fixtures.corpus.mutations import payloads
from tests.fixtures.corpus.stories import OWN, TABLE_ROWS
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.feed import Feed
from tests.fixtures.lawful_rows import spark_rows
from tests.fixtures.sessions import lake_at, resources_of
from tests.golden import law_cases

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1_800)]

CLOCKS = {
    "a day behind": (-86_400, None), "an hour behind": (-3_600, None),
    "an hour ahead": (3_600, D.TS_FUTURE), "a day ahead": (86_400, D.TS_FUTURE),
    "1970": (-INGEST_MS // 1_000, D.TS_TOO_OLD), "2100": (2_400_000_000, D.TS_FUTURE),
}  # fmt: skip
"""Producer's clock -> seconds beside Kafka's, and the verdict."""
CLOCK_CLASSES = range(53, 61)


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    session = build_session("adlake input", resources_of("2g"))
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture
def feed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Feed:
    """A new lake for each test: what one sends does not hide in what another sent."""
    session = lake_at(spark, tmp_path_factory.mktemp("input"))
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
        bad = (case.payload, case.ingest_ms, case.key)
        around = [good(number * 10 + n) for n in range(4)]
        before = {"alone": [], "first": [], "middle": around[:2]}[position]
        after = {"alone": [], "first": around, "middle": around[2:]}[position]
        feed.batch(*before, bad, *after)
        assert_verdict(case.payload, case.ingest_ms, case.detail)
    feed.assert_exact()
    chronicle.add(
        "F35", f"corpus, {position}", classes=len({case.number for case in cases}),
        payloads=len(cases), batches=feed.batches, rows_that_differ=0,
    )  # fmt: skip


def assert_verdict(payload: bytes | None, ingest_ms: int, detail: D | None) -> None:
    """Plain Python's verdict is the expected one; `assert_exact` holds Bronze against it."""
    verdict = admit(payload, ingest_ms)
    if isinstance(verdict, Rejected):
        assert (verdict.detail, verdict.reason) == (detail, REASON_OF[verdict.detail])
    else:
        assert detail is None


def test_f30_wrong_clocks_of_producers_are_rejected_or_late_by_rule(
    feed: Feed, chronicle: Chronicle
) -> None:
    records = [
        (event(event_id=name, impression_id=name, event_timestamp=INGEST_MS // 1_000 + seconds),
         detail)
        for name, (seconds, detail) in CLOCKS.items()
    ]  # fmt: skip
    cases = [case for case in CASES if case.number in CLOCK_CLASSES]
    records += [(case.payload or b"", case.detail) for case in cases]
    for number, (payload, detail) in enumerate(records):
        assert_verdict(payload, INGEST_MS, detail)
        feed.batch(good(number), (payload, INGEST_MS))
    feed.assert_exact()
    chronicle.add(
        "F30", "producers' clocks a day behind to the year 2100", payloads=len(records),
        rejected=sum(detail is not None for _, detail in records), rows_that_differ=0,
    )  # fmt: skip


@pytest.mark.parametrize("together", [True, False], ids=["mid-batch", "a driver each"])
def test_f35_classes_that_are_stories_have_their_rows(
    feed: Feed, chronicle: Chronicle, together: bool
) -> None:
    by_number = {case.number: case for case in law_cases()}
    rows = sorted({row for rows in TABLE_ROWS.values() for row in rows})
    stories = [[(d.payload, d.ingest_ms) for d in by_number[row].deliveries] for row in rows]
    for number, story in enumerate([*stories, *OWN.values()]):
        if together:
            feed.batch(good(2 * number), *story, good(2 * number + 1))
            continue
        for one in story:
            feed.restart()
            feed.batch(one)
    feed.assert_exact()
    chronicle.add(
        "F35", f"corpus stories, {'mid-batch' if together else 'a driver per delivery'}",
        classes=len(STORY_CLASSES), rows_that_differ=0,
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
        session = lake_at(spark, tmp_path_factory.mktemp("storm"))
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
    monkeypatch.setattr("adlake.streaming.batch.time.time", lambda: clock)
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


def test_fuzzed_payloads_never_stop_the_job_or_lose_an_offset(
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
