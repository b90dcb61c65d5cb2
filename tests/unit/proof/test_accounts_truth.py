"""Spend and customers against the generator's truth: a row moved by one micro is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from adlake.contracts import stamps
from adlake.contracts.tables import CUSTOMER_360, SPEND_LEDGER
from adlake.generator.account_totals import CUSTOMER_SUMS, SPEND_SUMS
from adlake.generator.business_truth import BusinessCounts, BusinessTruth, TypeCounts
from adlake.io.kafka.acks import UNPLACED, PartitionAcks
from adlake.io.trino.client import TableMissingError, TrinoClient
from adlake.proof.accounts_truth import COMPARED, verify_accounts

SPEND = {"adv-1": [2, 1_500_000, 500_000], "adv-2": [1, 7, 0]}
CUSTOMERS = {"usr-1": [2, 90_000_000, 3, 1], "usr-2": [0, 0, 0, 0]}


@dataclass
class Lake:
    """Answers of Trino: by default just what the truth below says."""

    spend: Mapping[str, Sequence[int]] = field(default_factory=lambda: SPEND)
    customers: Mapping[str, Sequence[int]] = field(default_factory=lambda: CUSTOMERS)
    next_offsets: str = '{"0": 60, "1": 40}'
    is_there: bool = True

    def records(self, sql: str) -> list[dict[str, Any]]:
        if not self.is_there:
            raise TableMissingError("no table")
        if "$snapshots" in sql:
            summary = {
                stamps.NEXT_OFFSETS: self.next_offsets, stamps.TOPIC: "shop",
                stamps.TOPIC_ID: "t1",
            }  # fmt: skip
            return [{"snapshot_id": 9, "parent_id": None, "summary": summary, "is_head": True}]
        assert "FOR VERSION AS OF 9" in sql
        rows = self.spend if SPEND_LEDGER in sql else self.customers
        compared = next(one for one in COMPARED if one.table in sql)
        return [
            {compared.key: key, **dict(zip(compared.sums, sums, strict=True))}
            for key, sums in rows.items()
        ]


def truth(**changes: Any) -> BusinessTruth:  # noqa: ANN401
    counts = BusinessCounts()
    counts.by_type["ORDER"] = TypeCounts(deliveries=100, admitted=100)
    acks = {0: PartitionAcks(60, 60), 1: PartitionAcks(40, 40)}
    whole = BusinessTruth("run-1", "shop", counts, "t1", acks, spend=SPEND, customers=CUSTOMERS)
    return replace(whole, **changes)


def judge(lake: Lake, *truths: BusinessTruth) -> tuple[dict[str, str], list[Mapping[str, Any]]]:
    """Sentence by table, and the rows of all failures."""
    found = verify_accounts(cast("TrinoClient", lake), lambda: truths or (truth(),))
    rows = [row for one in found for failure in one.failures for row in failure.rows]
    return {one.table: one.sentence for one in found}, rows


def test_equal_sums_are_said_to_be_equal() -> None:
    sentences, rows = judge(Lake())
    assert rows == []
    assert sentences == {
        SPEND_LEDGER: "1 runs of the generator, 2 rows: every sum is equal",
        CUSTOMER_360: "1 runs of the generator, 2 rows: every sum is equal",
    }


def test_the_names_of_the_sums_are_those_of_the_generator() -> None:
    assert [one.sums for one in COMPARED] == [SPEND_SUMS, CUSTOMER_SUMS]


def moved(rows: Mapping[str, list[int]], key: str, place: int, by: int) -> dict[str, list[int]]:
    return {
        name: [one + by * (name == key and number == place) for number, one in enumerate(sums)]
        for name, sums in rows.items()
    }


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize("place", range(3))
def test_an_advertiser_that_is_moved_by_one_is_named(place: int, by: int) -> None:
    _, rows = judge(Lake(spend=moved(SPEND, "adv-1", place, by)))
    told = SPEND["adv-1"][place]
    assert rows == [
        {"advertiser_id": "adv-1", "sum": SPEND_SUMS[place], "lake": told + by, "truth": told}
    ]


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize("place", range(4))
def test_a_customer_that_is_moved_by_one_is_named(place: int, by: int) -> None:
    sentences, rows = judge(Lake(customers=moved(CUSTOMERS, "usr-1", place, by)))
    told = CUSTOMERS["usr-1"][place]
    assert rows == [
        {"user_id": "usr-1", "sum": CUSTOMER_SUMS[place], "lake": told + by, "truth": told}
    ]
    assert sentences[CUSTOMER_360] == "1 sums differ"


def test_a_row_too_many_or_too_few_is_named() -> None:
    _, rows = judge(Lake(customers={"usr-1": CUSTOMERS["usr-1"], "usr-3": [0, 0, 0, 0]}))
    assert rows == [
        {"user_id": "usr-2", "problem": "in the truth alone"},
        {"user_id": "usr-3", "problem": "in the lake alone"},
    ]


def test_runs_are_added_up() -> None:
    half = {
        "acks": {0: PartitionAcks(30, 60), 1: PartitionAcks(20, 40)},
        "counts": BusinessCounts({"ORDER": TypeCounts(50, 50)}),
    }
    runs = [
        truth(**half, spend={"adv-1": [1, 1_000_000, 500_000]}, customers=CUSTOMERS),
        truth(**half, run_id="run-2", spend={"adv-1": [1, 500_000, 0], "adv-2": [1, 7, 0]},
              customers={}),
    ]  # fmt: skip
    assert judge(Lake(), *runs)[1] == []


def test_records_of_others_hide_no_loss() -> None:
    beside = '{"0": 64, "1": 41}'
    more = moved(SPEND, "adv-2", 1, 5) | {"adv-3": [1, 1, 0]}
    sentences, rows = judge(Lake(spend=more, next_offsets=beside))
    assert rows == []
    assert sentences[SPEND_LEDGER].endswith("all there; 5 records are in no run's counts")
    _, rows = judge(Lake(spend=moved(SPEND, "adv-2", 1, -1), next_offsets=beside))
    assert rows == [{"advertiser_id": "adv-2", "sum": "gross_micros", "lake": 6, "truth": 7}]


def test_what_is_being_sent_is_not_compared() -> None:
    reads = iter([(truth(),), (truth(counts=BusinessCounts({"ORDER": TypeCounts(120)})),)])
    lake = Lake(spend=moved(SPEND, "adv-2", 1, -1), is_there=True)
    facts = verify_accounts(cast("TrinoClient", lake), lambda: next(reads))
    assert facts[0].sentence == "not compared: the generator is sending"
    assert facts[0].failures == ()


@pytest.mark.parametrize(
    ("lake", "run", "reason"),
    [
        (Lake(), truth(topic="other"), "none: no run"),
        (Lake(), truth(topic_id="t0"), "another topic of this name"),
        (Lake(next_offsets='{"0": 60, "1": 37}'), truth(), "3 records still in flight"),
        (Lake(next_offsets='{"0": 60, "1": 37}'),
         truth(acks={UNPLACED: PartitionAcks(100)}, topic_id=""), "3 records still in flight"),
        (Lake(), truth(spend=None, customers=None), "run-1 began before such sums were kept"),
    ],
)  # fmt: skip
def test_what_says_nothing_about_a_table_is_not_compared(
    lake: Lake, run: BusinessTruth, reason: str
) -> None:
    lake.spend = lake.customers = {}
    sentences, rows = judge(lake, run)
    assert all(reason in sentence for sentence in sentences.values())
    assert (len(sentences), rows) == (2, [])


def test_without_a_table_or_a_run_there_is_nothing_to_compare() -> None:
    assert judge(Lake(is_there=False)) == ({}, [])
    assert verify_accounts(cast("TrinoClient", Lake()), lambda: ()) == []
