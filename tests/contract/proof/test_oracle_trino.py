"""The SQL form of the law, the slot law and every check on real Trino over real Iceberg tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from adlake.attribution.law.admission import Admitted, admit
from adlake.attribution.law.rules import Segments, delivery_of
from adlake.contracts.letters import LOWER_CASE, UPPER_CASE
from adlake.contracts.slot import slot_of
from adlake.contracts.tables import GOLD_STATE
from adlake.io.sql.files import SqlText, bind, sql_text, with_relations
from adlake.io.trino.client import TrinoClient, TrinoMemoryError, connect
from adlake.proof.pin import NothingToVerifyError
from adlake.proof.verdict import Proof
from adlake.proof.verify import Verification
from adlake.settings import Settings
from tests.fixtures.law_sets import law_sets
from tests.fixtures.segment_sets import segment_payloads, segments_by_hand
from tests.fixtures.slot_ids import slot_ids
from tests.fixtures.tiers import in_tiers
from tests.fixtures.trino.oracle_lake import GOLD_SCHEMA, OracleLake, Row, lake_of, publish, utc_of
from tests.fixtures.trino.payload_cases import PAYLOAD_CASES
from tests.golden import BASE_MS, law_cases

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

SETS = 3_000
ONE_SLICE: dict[str, str | int] = {
    "slice_count": 1, "slice": 0, "upper_case": UPPER_CASE, "lower_case": LOWER_CASE,
    "channel_column": SqlText("channel"), "region_column": SqlText("region"),
    "knows_segments": SqlText("TRUE"), "bronze_part": SqlText("TRUE"),
}  # fmt: skip


@pytest.fixture(scope="module")
def trino(private_lake: Settings) -> Iterator[TrinoClient]:
    with connect(private_lake.ports.trino_port) as client:
        yield client


@pytest.fixture
def proven(trino: TrinoClient, catalog: SqlCatalog) -> Callable[..., Proof]:
    """Publishes a lake and verifies it."""

    def prove(lake: OracleLake, next_offsets: dict[int, int] | None = None, **how: int) -> Proof:
        publish(catalog, lake, next_offsets)
        return Verification(trino, **how).prove()

    return prove


def small_lake() -> OracleLake:
    """The truth table: every kind of row, each reject reason it names."""
    return lake_of((d.payload, d.ingest_ms) for case in law_cases() for d in case.deliveries)


def test_proof_is_good_for_truth_table_and_random_sets(proven: Callable[..., Proof]) -> None:
    records = [(d.payload, d.ingest_ms) for case in law_cases() for d in case.deliveries]
    for law_set in law_sets(seed=11, count=SETS, with_future=True):
        records += [(d.payload, d.ingest_ms) for d in law_set.deliveries]
    lake = lake_of(records)
    proof = proven(lake, rows_per_slice=5_000)
    assert proof.is_good, "\n".join(proof.lines())
    assert proof.slices > 1
    facts = proof.facts
    assert facts.totals.gold_rows == facts.totals.expected_rows == len(lake.gold)
    assert facts.offsets == len(lake.bronze) == facts.admitted + sum(facts.rejected.values())
    assert facts.rejected["FUTURE_TIMESTAMP"] > 0


class NarrowTrino(TrinoClient):
    """A real server, played to have no memory for the first comparisons of slices.

    When it looks at what a query holds it decides by itself: a small limit is not kept each time.
    """

    refusals = 3

    def records(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        if "AS unequal_rows" in sql and self.refusals:
            self.refusals -= 1
            raise TrinoMemoryError("EXCEEDED_LOCAL_MEMORY_LIMIT: played")
        return super().records(sql, params)


def test_a_slice_that_memory_does_not_hold_is_cut_until_it_does(
    proven: Callable[..., Proof], trino: TrinoClient
) -> None:
    sets = law_sets(seed=12, count=SETS // 10)
    whole = proven(lake_of((d.payload, d.ingest_ms) for one in sets for d in one.deliveries))
    said: list[str] = []
    narrow = NarrowTrino(trino._connection, "a narrow one")
    cut = Verification(narrow, report=said.append).prove()
    assert cut.is_good, "\n".join(cut.lines())
    # 0/1, 0/2 and 0/4 were refused: what is left of them is 0/8, 4/8, 2/4 and 1/2.
    assert (narrow.refusals, whole.slices, cut.slices) == (0, 1, 4)
    assert cut.facts == whole.facts
    assert any(line.startswith("100% of the impressions") for line in said)


def test_payloads_are_read_to_the_last_digit_and_escape(
    proven: Callable[..., Proof], trino: TrinoClient
) -> None:
    lake = lake_of((case.payload, case.ingest_ms) for case in PAYLOAD_CASES)
    proof = proven(lake)
    assert [row["impression_id"] for row in lake.bronze if row["reject_reason"]] == []
    sql = bind(
        sql_text("oracles/admitted_deliveries"),
        {"bronze_snapshot": proof.facts.pin.bronze_snapshot, **ONE_SLICE},
    )
    found = {row["event_id"]: row for row in trino.records(sql)}
    for case in PAYLOAD_CASES:
        row = found[case.event_id]
        assert {name: row[name] for name in case.expected} == case.expected, case.story
    assert proof.is_good, "\n".join(proof.lines())


def test_segments_read_from_payloads_are_those_of_python(proven: Callable[..., Proof]) -> None:
    payloads = segment_payloads(Random(3), impressions=150)
    lake = lake_of((payload, BASE_MS) for payload in payloads)
    verdicts = [admit(payload, BASE_MS) for payload in payloads]
    expected = segments_by_hand([
        delivery_of(verdict, BASE_MS, "ads", 0, n)
        for n, verdict in enumerate(verdicts) if isinstance(verdict, Admitted)
    ])  # fmt: skip
    held = {row["impression_id"]: Segments(row["channel"], row["region"]) for row in lake.gold}
    assert held == expected
    proof = proven(lake)
    assert proof.is_good, "\n".join(proof.lines())


def lake_with_segments() -> OracleLake:
    return lake_of((one, BASE_MS) for one in segment_payloads(Random(4), impressions=40))


@pytest.mark.chaos
def test_a_lost_or_changed_channel_is_found(proven: Callable[..., Proof]) -> None:
    assert proven(lake_with_segments()).is_good
    for name in ("channel", "region"):
        for value in (None, "somewhere else"):
            lake = lake_with_segments()
            held = [row for row in lake.bronze if is_admitted(row) and row[name]]
            held[-1][name] = value
            assert "header columns are not those" in "\n".join(proven(lake).lines()), (name, value)


def test_rows_from_before_the_columns_lack_them(
    proven: Callable[..., Proof], catalog: SqlCatalog, trino: TrinoClient
) -> None:
    """Bronze grew by them: what every partition holds up to some offset has neither."""
    lake = lake_with_segments()
    middle = max(row["kafka_offset"] for row in lake.bronze) // 2
    for row in lake.bronze:
        if row["kafka_offset"] < middle:
            row |= {"channel": None, "region": None}
    assert any(row["channel"] for row in lake.bronze)
    proof = proven(lake)
    assert proof.is_good, "\n".join(proof.lines())
    publish(catalog, lake, without=("channel", "region"))
    assert Verification(trino).prove().is_good, (
        "a snapshot from before the columns has not even their names"
    )


Spoiler = Callable[[OracleLake], None]


def gold_row(lake: OracleLake, case_number: int) -> Row:
    """The Gold row of one row of the truth table."""
    case = next(case for case in law_cases() if case.number == case_number)
    return next(row for row in lake.gold if row["impression_id"] == case.impression_id)


def with_gold(case_number: int, **columns: object) -> Spoiler:
    return lambda lake: gold_row(lake, case_number).update(columns)


def with_bronze(is_wanted: Callable[[Row], bool], **columns: object) -> Spoiler:
    return lambda lake: next(row for row in lake.bronze if is_wanted(row)).update(columns)


def state_replaced(case_number: int, old: str, new: str) -> Spoiler:
    def spoil(lake: OracleLake) -> None:
        row = gold_row(lake, case_number)
        assert old in row["events_state"]
        row["events_state"] = row["events_state"].replace(old, new, 1)

    return spoil


def is_admitted(row: Row) -> bool:
    return row["reject_reason"] is None


def is_rejected(row: Row) -> bool:
    return row["reject_reason"] is not None


def is_revenue(row: Row) -> bool:
    return is_admitted(row) and row["event_type"] == "CONVERSION"


def is_in_the_middle(row: Row) -> bool:
    return (row["kafka_partition"], row["kafka_offset"]) == (1, 3)


SPOILED: dict[str, tuple[Spoiler, str]] = {
    "a cent is moved": (
        with_gold(3, revenue=Decimal("20.01")), "revenue is 20.010000, expected 20.000000"
    ),
    "revenue is moved to the other bucket": (
        with_gold(13, revenue=Decimal(30), revenue_out_of_window=Decimal(20)),
        "revenue_out_of_window is 20.000000, expected 30.000000",
    ),
    "a name is changed": (with_gold(3, platform="tv"), "platform is 'tv', expected 'mobile'"),
    "unknown becomes zero": (with_gold(26, cost=Decimal(0)), "cost is 0.000000, expected NULL"),
    "a time is off by a millisecond": (
        with_gold(3, click_time=utc_of(BASE_MS + 60_001)), "10:01:00.001000+00:00, expected"
    ),
    "a row is missing": (lambda lake: lake.gold.remove(gold_row(lake, 7)), "missing from Gold"),
    "a row is there twice": (
        lambda lake: lake.gold.append(dict(gold_row(lake, 7))), "in Gold 2 times, expected 1"
    ),
    "a row comes from nowhere": (
        lambda lake: lake.gold.append({**gold_row(lake, 7), "impression_id": "imp-ghost"}),
        "imp-ghost: in Gold 1 times, expected 0",
    ),
    "an event's amount is changed in the state": (
        state_replaced(3, '"m":20000000', '"m":20000001'), "micros is 20000001, expected 20000000"
    ),
    "an event is missing from the state": (
        with_gold(2, events_state="[]"), "events_state is no list of events"
    ),
    "the state cannot be read": (
        with_gold(2, events_state="{not json"), "events_state is no list of events"
    ),
    "the state is not sorted": (
        lambda lake: gold_row(lake, 2).update(
            events_state=json.dumps(json.loads(gold_row(lake, 2)["events_state"])[::-1])
        ),
        "events are not sorted by id",
    ),
    "a region is changed": (with_gold(3, region="by"), "region is 'by', expected 'de'"),
    "a channel comes from nowhere": (
        with_gold(3, channel="push"), "channel is 'push', expected NULL"
    ),
    "an event's channel comes from nowhere": (
        state_replaced(3, "}", ',"ch":"push"}'), "channel is 'push', expected NULL"
    ),
    "engaged is lost": (with_gold(2, engaged=False), "engaged is not"),
    "an impression only is engaged": (with_gold(1, engaged=True), "engaged is not"),
    "the slot is wrong": (with_gold(1, slot=7), "wrong slot"),
    "another law made the row": (with_gold(1, law_version=2), "another law version"),
    "an offset is missing": (
        lambda lake: lake.bronze.remove(next(filter(is_in_the_middle, lake.bronze))),
        "Bronze misses 1 offsets of",
    ),
    "an offset is there twice": (
        lambda lake: lake.bronze.append(dict(lake.bronze[7])), "copies 2"
    ),
    "another topic's record is there": (
        lambda lake: lake.bronze.append({**lake.bronze[0], "kafka_topic": "clicks"}),
        "rows of another topic: clicks",
    ),
    "a rejected delivery counts as admitted": (
        with_bronze(is_rejected, reject_reason=None, impression_id="imp-ghost"),
        "Gold is not what the law gives",
    ),
    "an admitted conversion counts as rejected": (
        with_bronze(is_revenue, reject_reason="BAD_VALUE"),
        "revenue is not the sum over distinct conversions",
    ),
    "a header is not that of the payload": (
        with_bronze(is_admitted, user_id="someone"), "header columns are not those"
    ),
    "a header lacks the impression": (
        with_bronze(is_admitted, impression_id=None), "deliveries admitted"
    ),
}  # fmt: skip


QUICK = (
    "a cent is moved", "a row is there twice", "an event's amount is changed in the state",
    "a region is changed", "an offset is missing", "a header is not that of the payload",
)  # fmt: skip


@pytest.mark.parametrize("fault", in_tiers(SPOILED, QUICK))
def test_proof_fails_and_names_the_fault_when(fault: str, proven: Callable[..., Proof]) -> None:
    spoil, message = SPOILED[fault]
    lake = small_lake()
    spoil(lake)
    proof = proven(lake)
    assert not proof.is_good
    assert message in "\n".join(proof.lines())


@pytest.mark.parametrize(
    ("change", "said"), [(1, "Bronze ends before"), (-1, "Bronze ends before")]
)
def test_proof_fails_when_the_stamp_claims_other_offsets(
    change: int, said: str, proven: Callable[..., Proof]
) -> None:
    lake = small_lake()
    offsets = lake.next_offsets()
    proof = proven(lake, {**offsets, 2: offsets[2] + change})
    assert said in "\n".join(proof.lines())


def test_unspoiled_small_lake_is_proven(proven: Callable[..., Proof]) -> None:
    proof = proven(small_lake())
    assert proof.is_good, "\n".join(proof.lines())


def test_verify_says_what_to_do_when_gold_is_empty(trino: TrinoClient, catalog: SqlCatalog) -> None:
    publish(catalog, small_lake())
    catalog.drop_table(GOLD_STATE)
    catalog.create_table(GOLD_STATE, schema=GOLD_SCHEMA)
    with pytest.raises(NothingToVerifyError, match="adlake wait"):
        Verification(trino).prove()


def test_slot_law_of_trino_is_that_of_python(trino: TrinoClient) -> None:
    ids = slot_ids()
    assert _wrong_slots(trino, [(one, slot_of(one)) for one in ids]) == []
    shifted = _wrong_slots(trino, [(one, slot_of(one) + 1) for one in ids])
    assert [row["impression_id"] for row in shifted] == ids


def _wrong_slots(trino: TrinoClient, impressions: list[tuple[str, int]]) -> list[Row]:
    values = ", ".join("(?, ?)" for _ in impressions)
    stored = f"SELECT * FROM (VALUES {values}) AS t (impression_id, stored_slot)"
    query = with_relations(sql_text("checks/gold_slots"), {"impressions": stored})
    sql = bind(query, {"row_limit": len(impressions)})
    return trino.records(sql, [value for pair in impressions for value in pair])
