"""A table of records against what its producers wrote: a number that differs is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from adlake.business.contract import BRONZE_COLUMNS
from adlake.generator.business_truth import BusinessCounts, BusinessTruth, TypeCounts
from adlake.io.kafka.acks import UNPLACED, PartitionAcks
from adlake.io.trino.client import TrinoClient
from adlake.proof.producer_counts import ProducerCount, counts_of_runs
from adlake.proof.records_truth import RecordsTruth, records_truth_verdict
from adlake.proof.verdict import OffsetCoverage, Pin

PIN = Pin(0, 7, "shop", "t1", {0: 60, 1: 40}, records_table="bronze.shop")


@dataclass(frozen=True)
class Run:
    """What a run of a producer says: by default the whole of the table below."""

    run_id: str = "run-1"
    topic: str = "shop"
    topic_id: str = "t1"
    acks: dict[int, PartitionAcks] = field(
        default_factory=lambda: {0: PartitionAcks(60, 60), 1: PartitionAcks(40, 40)}
    )
    is_exact: bool = True
    deliveries: int = 100
    rejected: Mapping[str, int] = field(default_factory=lambda: {"BAD_ID": 10})
    admitted_by: Mapping[str, Mapping[str, int]] = field(
        default_factory=lambda: {"event_type": {"ORDER": 70, "SIGNUP": 20, "SHARE": 0}}
    )


class Trino:
    """Answers what the table holds by event type."""

    def __init__(self, by_type: Mapping[str, int]) -> None:
        self._by_type = by_type

    def records(self, sql: str) -> list[dict[str, Any]]:
        assert "bronze.shop FOR VERSION AS OF 7" in sql
        assert "GROUP BY event_type" in sql
        return [{"header_value": name, "deliveries": n} for name, n in self._by_type.items()]


def judge(
    *runs: Run,
    pin: Pin = PIN,
    held: tuple[int, int] = (60, 40),
    by_type: Mapping[str, int] | None = None,
    rejected: Mapping[str, int] | None = None,
) -> tuple[str, list[Mapping[str, Any]]]:
    """The sentence and the differing counts; the table holds what `Run()` says unless told."""
    coverages = [OffsetCoverage("shop", p, 0, n, n, n) for p, n in enumerate(held)]
    trino = cast("TrinoClient", Trino(by_type or {"ORDER": 70, "SIGNUP": 20}))
    sentence, failures = records_truth_verdict(
        trino, pin, coverages, rejected or {"BAD_ID": 10}, runs
    )
    return sentence, [row for failure in failures for row in failure.rows]


def test_equal_counts_are_said_to_be_equal() -> None:
    sentence, rows = judge(Run())
    assert sentence == "1 runs of the generator, 100 records: every count is equal"
    assert rows == []


def test_runs_are_added_up() -> None:
    half = Run(
        acks={0: PartitionAcks(30, 60), 1: PartitionAcks(20, 40)}, deliveries=50,
        rejected={"BAD_ID": 5}, admitted_by={"event_type": {"ORDER": 35, "SIGNUP": 10}},
    )  # fmt: skip
    assert judge(half, replace(half, run_id="run-2"))[1] == []


def over_the_api(records: int = 100) -> Run:
    """A run that does not know the partitions of its records."""
    return Run(topic_id="", acks={UNPLACED: PartitionAcks(records)}, deliveries=records)


def test_a_run_without_partitions_is_compared_in_total() -> None:
    sentence, rows = judge(over_the_api())
    assert sentence == "1 runs of the generator, 100 records: every count is equal"
    assert rows == []
    halves = [
        replace(
            one, deliveries=50, rejected={"BAD_ID": 5},
            admitted_by={"event_type": {"ORDER": 35, "SIGNUP": 10}},
        )
        for one in (
            over_the_api(50), Run(acks={0: PartitionAcks(30, 60), 1: PartitionAcks(20, 40)})
        )
    ]  # fmt: skip
    assert judge(*halves)[1] == []


def test_such_a_run_is_not_compared_before_all_of_it_is_there() -> None:
    short = judge(over_the_api(), held=(60, 33))
    assert short == ("not compared: 7 records still in flight", [])


def test_such_a_run_names_what_differs_all_the_same() -> None:
    _, rows = judge(over_the_api(), by_type={"ORDER": 71, "SIGNUP": 19})
    assert {"event_type": "SIGNUP", "lake": 19, "truth": 20} in rows
    # Another's records beside it: what the run told must be there at least.
    sentence, rows = judge(over_the_api(), held=(60, 45), by_type={"ORDER": 75, "SIGNUP": 20})
    assert rows == []
    assert "5 more are in no run's counts" in sentence


@pytest.mark.parametrize(
    ("run", "problem"),
    [
        (Run(admitted_by={"event_type": {"ORDER": 71, "SIGNUP": 20}}),
         {"event_type": "ORDER", "lake": 70, "truth": 71}),
        (Run(admitted_by={"event_type": {"ORDER": 69, "SIGNUP": 20}}),
         {"event_type": "ORDER", "lake": 70, "truth": 69}),
        (Run(admitted_by={"event_type": {"ORDER": 70, "SIGNUP": 20, "SHARE": 1}}),
         {"event_type": "SHARE", "lake": 0, "truth": 1}),
        (Run(rejected={"BAD_ID": 9, "BAD_VALUE": 1}),
         {"rejected": "BAD_ID", "lake": 10, "truth": 9}),
        (Run(deliveries=99), {"run": "run-1", "acknowledged": 100, "sent": 99}),
        (Run(acks={0: PartitionAcks(61, 60), 1: PartitionAcks(39, 40)}),
         {"partition": 0, "lake": 60, "truth": 61}),
    ],
)  # fmt: skip
def test_any_number_that_differs_is_named(run: Run, problem: dict[str, Any]) -> None:
    sentence, rows = judge(run)
    assert problem in rows
    assert sentence == f"{len(rows)} counts differ"


def test_a_row_that_was_removed_is_named_with_its_partition_and_type() -> None:
    _, rows = judge(Run(), held=(59, 40), by_type={"ORDER": 69, "SIGNUP": 20})
    assert rows == [
        {"partition": 0, "lake": 59, "truth": 60}, {"event_type": "ORDER", "lake": 69, "truth": 70},
    ]  # fmt: skip


def test_records_of_others_hide_no_loss() -> None:
    more = {"ORDER": 75, "SIGNUP": 19}
    sentence, rows = judge(Run(), held=(64, 40), by_type=more)
    assert rows == [{"event_type": "SIGNUP", "lake": 19, "truth": 20}]
    sentence, rows = judge(Run(), held=(65, 40), by_type={"ORDER": 75, "SIGNUP": 20})
    assert rows == []
    assert sentence.endswith("100 records, all there; 5 more are in no run's counts")


def test_a_killed_run_says_what_must_be_there_at_least() -> None:
    killed = Run(is_exact=False)
    twice = {"ORDER": 72, "SIGNUP": 20}
    assert judge(killed, held=(61, 41), by_type=twice)[1] == []
    assert judge(killed, by_type={"ORDER": 69, "SIGNUP": 21})[1] == [
        {"event_type": "ORDER", "lake": 69, "truth": 70}
    ]


@pytest.mark.parametrize(
    ("runs", "pin", "reason"),
    [
        ((), PIN, "none: no run"),
        ((Run(topic="other"),), PIN, "none: no run"),
        ((Run(topic_id="t0"),), PIN, "another topic of this name"),
        ((Run(),), replace(PIN, next_offsets={0: 60, 1: 37}), "3 records still in flight"),
        ((Run(),), replace(PIN, topic="shop@2"), "begun anew, as shop@2"),
        # The broker went away while the run ended.
        ((Run(deliveries=103),), PIN, "3 records of run-1 were never acknowledged"),
    ],
)
def test_what_says_nothing_about_the_table_is_not_compared(
    runs: tuple[Run, ...], pin: Pin, reason: str
) -> None:
    sentence, rows = judge(*runs, pin=pin, by_type={"ORDER": 1})
    assert reason in sentence
    assert rows == []


def test_the_truth_of_business_events_is_one_of_these() -> None:
    """It counts by columns that its table has, and as many records as it acknowledged."""
    counts = BusinessCounts(rejected={"BAD_ID": 1}, remarks={"BAD_BUDGET_VALUE": 1})
    counts.by_type["ORDER"] = TypeCounts(deliveries=3, admitted=2)
    acks = {0: PartitionAcks(3, 3)}
    truth: RecordsTruth = BusinessTruth("run-1", "shop", counts, "t1", acks)
    assert set(truth.admitted_by) <= set(BRONZE_COLUMNS)
    assert (truth.deliveries, truth.admitted_by["event_type"]["ORDER"]) == (3, 2)
    assert list(counts_of_runs([BusinessTruth("run-1", "shop", counts, "t1", acks)])) == [
        ProducerCount("run-1", "shop", 0, 3, 3, 0, "t1")
    ]
