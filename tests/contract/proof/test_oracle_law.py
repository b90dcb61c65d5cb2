"""The SQL form of the law on DuckDB: truth table, random sets, planted mistakes."""

from __future__ import annotations

from dataclasses import asdict
from random import Random

import pyarrow as pa
import pytest

from adlake.attribution.law.segments import segments_of
from tests.fixtures.law_modules import REAL_LAW
from tests.fixtures.law_sets import LawSet, law_sets, shuffled
from tests.fixtures.trino.oracle_engines import (
    DELIVERY_SCHEMA,
    ORACLE,
    WITH_SEGMENTS,
    Row,
    case_deliveries,
    drawn_delivery,
    edited,
    oracle_result,
    oracle_rows,
)
from tests.fixtures.trino.oracle_lake import typed_row
from tests.golden import law_cases

SETS = 12_000


@pytest.fixture(scope="module")
def drawn_sets() -> list[LawSet]:
    return list(law_sets(seed=20_261, count=SETS))


@pytest.fixture(scope="module")
def folded_rows(drawn_sets: list[LawSet]) -> dict[str, Row]:
    """Gold rows by the other form of the law, which folds deliveries one by one."""
    rows = {}
    for law_set in drawn_sets:
        deliveries = [
            REAL_LAW.state.delivery_of(
                REAL_LAW.admission.admit(drawn.payload, drawn.ingest_ms),
                drawn.ingest_ms, "ad_events", drawn.partition, drawn.offset,
            )
            for drawn in law_set.deliveries
        ]  # fmt: skip
        state = REAL_LAW.state.state_of(deliveries)
        row = REAL_LAW.projection.project(law_set.impression_id, state)
        rows[law_set.impression_id] = typed_row(asdict(row)) | asdict(segments_of(state))
    return rows


def all_deliveries(drawn_sets: list[LawSet]) -> list[Row]:
    return [drawn_delivery(drawn) for one in drawn_sets for drawn in one.deliveries]


def expected_cases() -> dict[str, Row]:
    return {case.impression_id: typed_row(row) for case in law_cases() for row in case.rows}


@pytest.mark.parametrize("seed", range(3))
def test_oracle_gives_the_truth_table_in_any_order_with_repeats(seed: int) -> None:
    deliveries = shuffled(Random(seed), case_deliveries(law_cases()))
    assert oracle_rows(deliveries) == expected_cases()


def test_oracle_gives_every_column_of_the_fold_for_random_sets(
    drawn_sets: list[LawSet], folded_rows: dict[str, Row]
) -> None:
    assert oracle_rows(all_deliveries(drawn_sets), columns=WITH_SEGMENTS) == folded_rows
    named = {(row["channel"], row["region"]) for row in folded_rows.values()}
    assert len(named) > 50, "the sets must tell forms apart"


def test_oracle_is_unchanged_when_deliveries_are_shuffled_and_repeated(
    drawn_sets: list[LawSet],
) -> None:
    deliveries = all_deliveries(drawn_sets)
    mixed = oracle_result(shuffled(Random(7), deliveries), columns=WITH_SEGMENTS)
    assert mixed.equals(oracle_result(deliveries, columns=WITH_SEGMENTS))


def test_oracle_has_the_columns_of_the_contract_in_exact_types() -> None:
    schema = oracle_result(case_deliveries(law_cases()), columns=WITH_SEGMENTS).schema
    time, flag, name = pa.timestamp("us", tz="UTC"), pa.bool_(), pa.string()
    types = {"cost": pa.decimal128(18, 6), "revenue": pa.decimal128(18, 6),
             "revenue_out_of_window": pa.decimal128(38, 6), "late_by_ms": pa.int64()}  # fmt: skip
    types |= dict.fromkeys(("is_clicked", "is_converted", "eligible", "is_late"), flag)
    types |= dict.fromkeys(
        ("impression_time", "click_time", "conversion_time", "last_updated_ts"), time
    )
    assert schema == pa.schema([(column, types.get(column, name)) for column in WITH_SEGMENTS])


def test_oracle_keeps_every_digit_at_the_ends_of_money_and_time() -> None:
    greatest_ms, greatest_micros = 10**14 - 1, 10**18 - 1
    events = [(0, "i", greatest_micros), *((2, f"v{n}", greatest_micros) for n in range(2_000))]
    deliveries = [
        dict.fromkeys(DELIVERY_SCHEMA.names)
        | {"impression_id": "far", "event_id": event_id, "ts_ms": greatest_ms, "type_rank": rank,
           "micros": micros, "ingest_ms": greatest_ms}
        for rank, event_id, micros in events
    ]  # fmt: skip
    row = oracle_rows(deliveries)["far"]
    assert str(row["cost"]) == "999999999999.999999"
    assert str(row["revenue_out_of_window"]) == "1999999999999999.998000"
    assert row["impression_time"].isoformat() == "5138-11-16T09:46:39.999000+00:00"


def test_oracle_returns_nothing_when_nothing_was_admitted() -> None:
    assert oracle_rows([]) == {}


WRONG_LAWS = {
    "window open at its end": ("<= :attribution_window_ms", "< :attribution_window_ms", {8}),
    "window of 8 days": ("<= :attribution_window_ms", "<= 8 * 86400000", {9, 30}),
    "click strictly before the conversion": (
        "PARTITION BY impression_id ORDER BY ts_ms ASC\n"
        "            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
        "PARTITION BY impression_id ORDER BY ts_ms ASC\n"
        "            RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING",
        {36},
    ),
    "last click overall": (
        "CASE WHEN is_attributed THEN latest_click_ms END", "NULL", {11, 17},
    ),
    "first click": (
        "max(CASE WHEN type_rank = 1 THEN ts_ms END) OVER",
        "min(CASE WHEN type_rank = 1 THEN ts_ms END) OVER",
        {10, 16, 17},
    ),
    "late at the tolerance itself": (
        "    greatest_delay_ms > :late_tolerance_ms AS is_late",
        "    greatest_delay_ms >= :late_tolerance_ms AS is_late",
        {29},
    ),
    "late_by at the tolerance itself": (
        "CASE WHEN greatest_delay_ms > :late", "CASE WHEN greatest_delay_ms >= :late", {29},
    ),
    "newest ingest wins": (
        "min(ingest_ms) OVER in_order", "max(ingest_ms) OVER in_order",
        {18, 19},
    ),
    "later time wins": (
        "ts_ms ASC,\n                type_rank", "ts_ms DESC,\n                type_rank", {21},
    ),
    "greater type wins": ("type_rank ASC,\n                micros",
                          "type_rank DESC,\n                micros", {22}),
    "greater amount wins": ("micros ASC,", "micros DESC,", {20}),
    "repeats are not summed": (
        "type_rank = 2 AND NOT is_attributed", "type_rank = 2 AND NOT is_eligible", {13, 14, 35},
    ),
    "eligible is false before any conversion": (
        "CASE WHEN conversions > 0 THEN attributions > 0 END",
        "attributions > 0",
        {1, 2, 12, 22, 23, 25, 31, 37},
    ),
    "costs are summed": (
        "max(CASE WHEN donor_position = 1 AND type_rank = 0 THEN micros END)",
        "sum(CASE WHEN type_rank = 0 THEN micros END)",
        {25},
    ),
    "only conversions make late": (
        "max(first_ingest_ms - ts_ms) AS",
        "max(CASE WHEN type_rank = 2 THEN first_ingest_ms - ts_ms ELSE 0 END) AS",
        {6, 27},
    ),
    "unknown cost is zero": (
        "CAST(CAST(cost_micros AS DECIMAL(38, 0)) *",
        "CAST(CAST(coalesce(cost_micros, 0) AS DECIMAL(38, 0)) *",
        {26},
    ),
    "earliest event gives the names": (
        "ORDER BY type_rank ASC, ts_ms ASC, event_id ASC\n        ) AS donor",
        "ORDER BY type_rank DESC, ts_ms ASC, event_id ASC\n        ) AS donor",
        {3, 26, 40},
    ),
    "greatest id breaks a tie": (
        "is_eligible ORDER BY ts_ms ASC, event_id ASC",
        "is_eligible ORDER BY ts_ms ASC, event_id DESC",
        {35},
    ),
    "last impression counts": (
        "ORDER BY type_rank ASC, ts_ms ASC, event_id ASC\n        ) AS donor",
        "ORDER BY type_rank ASC, ts_ms DESC, event_id ASC\n        ) AS donor",
        {25},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_LAWS)
def test_wrong_law_is_caught_by_its_rows_of_the_truth_table(name: str) -> None:
    old, new, catching_rows = WRONG_LAWS[name]
    found = oracle_rows(case_deliveries(law_cases()), edited(ORACLE, old, new))
    expected = expected_cases()
    caught = {
        case.number
        for case in law_cases()
        if found.get(case.impression_id) != expected.get(case.impression_id)
    }
    assert catching_rows <= caught


SUBTLE_MISTAKES = {
    "NULL after every string": ("campaign_id ASC NULLS FIRST", "campaign_id ASC NULLS LAST"),
    "creative is no content": ("creative_id ASC NULLS FIRST,\n                ", ""),
    "user is no content": ("user_id ASC NULLS FIRST,\n                ", ""),
    "country is no content": ("geo_country ASC NULLS FIRST,\n                ", ""),
    "platform is no content": (",\n                platform ASC NULLS FIRST", ""),
    "channel of the greatest": ("min(channel) OVER in_order", "max(channel) OVER in_order"),
    "channel of a losing content": ("min(channel) OVER in_order", "min(channel) OVER same_event"),
    "region of any content": ("min(region) OVER in_order", "min(region) OVER same_event"),
    "no country as a region": ("coalesce(region, country_segment) AS region", "region AS region"),
    "channel of any event": (
        "max(CASE WHEN donor_position = 1 THEN channel END)", "max(channel)",
    ),
    "ids are trimmed": (
        "PARTITION BY impression_id, event_id", "PARTITION BY impression_id, trim(event_id)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SUBTLE_MISTAKES)
def test_subtle_mistake_is_caught_by_the_random_sets(
    name: str, drawn_sets: list[LawSet], folded_rows: dict[str, Row]
) -> None:
    wrong = edited(ORACLE, *SUBTLE_MISTAKES[name])
    found = oracle_rows(all_deliveries(drawn_sets), wrong, WITH_SEGMENTS)
    assert found != folded_rows
