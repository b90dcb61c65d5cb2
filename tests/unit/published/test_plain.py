"""Payloads byte for byte, and up to when a decision is final."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal

import pytest

from adlake.contracts import stamps
from adlake.contracts.tables import CUSTOMER_360, SERVING_FLIPS
from adlake.customers.contract import CUSTOMER_COLUMNS
from adlake.io.iceberg.stamp import LastRecord, Stamp, last_records_text, offsets_text
from adlake.published.contract import CUSTOMERS, FLIPS, PUBLICATIONS
from adlake.published.plain import payload_of, sha256_of
from adlake.published.until import decided_until
from tests.fixtures.published.rows import CUSTOMER_PAYLOAD, FLIP_PAYLOAD, ODD, customer, flip
from tools.pages.entities import columns_of


def test_a_payload_is_what_readers_were_promised() -> None:
    assert payload_of(CUSTOMERS, customer("u1")).decode() == CUSTOMER_PAYLOAD
    assert payload_of(FLIPS, flip(1)).decode() == FLIP_PAYLOAD
    told = payload_of(CUSTOMERS, customer(ODD, geo_country=ODD))
    assert json.loads(told)["user_id"] == ODD
    assert b"\\u0001\xc3\x96" in told
    assert sha256_of(told) == hashlib.sha256(told).hexdigest()


def test_nothing_names_a_person() -> None:
    """Every column of the table but the name, the hash of the address, and what is no column of
    the customer's own."""
    own = set(CUSTOMER_COLUMNS) - {"as_of_date", "stage_history"}
    assert set(CUSTOMERS.members) == own - {"name", "email_sha256"}
    assert set(FLIPS.members) == set(columns_of(SERVING_FLIPS))
    assert set(CUSTOMERS.members) <= set(columns_of(CUSTOMER_360))
    for one in PUBLICATIONS:
        assert list(one.members) == sorted(one.members)


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [(0, 0, "0.000000"), (0, 5, "0.000000"), (2, 3, "0.666667"), (1, 3, "0.333333"),
     (7, 7, "1.000000"), (1, 2_000_000, "0.000001"), (1, 2_000_001, "0.000000")],
)  # fmt: skip
def test_a_rate_is_exact_and_rounded_half_up(part: int, whole: int, told: str) -> None:
    row = customer("u", delivered_count=part, activation_count=whole)
    assert f'"engagement_rate":{told},' in payload_of(CUSTOMERS, row).decode()


def test_money_has_six_decimals_and_no_exponent() -> None:
    told = payload_of(CUSTOMERS, customer("u", lifetime_value=Decimal("0.000001"))).decode()
    assert '"lifetime_value":"0.000001"' in told


NOW_MS, LAST_MS = 1_800_000_000_000, 1_700_000_000_000


def _stamp(ends: dict[int, int], last_ms: int = LAST_MS) -> Stamp:
    records = {p: LastRecord(end - 1, last_ms + p, 0) for p, end in ends.items() if end}
    return Stamp(1, {
        stamps.NEXT_OFFSETS: offsets_text(ends), stamps.LAST_RECORDS: last_records_text(records),
    })  # fmt: skip


def test_decisions_are_final_up_to_what_was_read() -> None:
    made = _stamp({0: 5, 1: 7})
    assert decided_until({0: 5, 1: 7, 2: 0}, made, None, NOW_MS) == NOW_MS, "all is read"
    assert decided_until({0: 6, 1: 7}, made, made, NOW_MS) == LAST_MS - 1
    assert decided_until({0: 6, 1: 8}, made, made, NOW_MS) == LAST_MS - 1, "the earlier one"
    assert decided_until({0: 5, 1: 8}, made, None, NOW_MS) is None, "when is not known"
    assert decided_until({0: 5, 1: 7, 2: 1}, made, made, NOW_MS) is None, "nothing of it is read"
