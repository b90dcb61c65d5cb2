"""Plain-Python admission of business events against the corpus, and against anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adlake.business import contract
from adlake.business.contract import (
    FIELD_COLUMNS,
    REASON_OF,
    REQUIRED_ORDER,
    TYPES,
    BusinessDetail,
    BusinessType,
    fields_of,
)
from adlake.business.rules import Fields, admit
from adlake.contracts.details import RejectDetail
from adlake.contracts.events import RejectReason
from tests.fixtures.business import CASES, INGEST_MS, Case
from tests.fixtures.business.case import VALUES, event, key_of, sound

AD_ALONE = {"MISSING_IMPRESSION_ID", "MISSING_COST", "MISSING_CONVERSION_VALUE"}
ORDER_OF_TESTS = list(RejectReason)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name[:60])
def test_a_case_has_its_outcome(case: Case) -> None:
    judged = admit(case.payload, case.key, case.ingest_ms)
    assert judged.detail == case.detail
    assert judged.reason == (None if case.detail is None else REASON_OF.get(case.detail))
    for name, expected in case.fields.items():
        assert getattr(judged.fields, name) == expected, name


def test_a_click_with_a_bad_budget_is_admitted_with_a_remark() -> None:
    judged = admit(event(BusinessType.AD_CLICK, budget_value=-1), b"adv-1", INGEST_MS)
    assert judged.reason is None
    assert judged.detail is BusinessDetail.BAD_BUDGET_VALUE
    assert (judged.fields.micros, judged.fields.budget_micros) == (12_500_000, None)


def test_every_detail_is_reached_by_the_corpus() -> None:
    known = {*map(str, RejectDetail), *map(str, BusinessDetail)} - AD_ALONE
    assert {str(case.detail) for case in CASES if case.detail} == known


def test_every_detail_but_the_remark_on_a_budget_has_a_reason() -> None:
    details = {*RejectDetail, *BusinessDetail} - {BusinessDetail.BAD_BUDGET_VALUE}
    assert set(REASON_OF) == {one for one in details if str(one) not in AD_ALONE}


def test_the_contract_speaks_of_eleven_types_and_of_known_fields() -> None:
    assert len(TYPES) == len(BusinessType) == 11
    assert {name for one in TYPES for name in fields_of(one)} <= {*VALUES, "event_type"}
    for one in TYPES.values():
        places = [REQUIRED_ORDER.index(name) for name in one.required]
        assert places == sorted(places)
        assert set(one.value_sets) <= {*one.required, *one.optional}
    assert set(FIELD_COLUMNS) == set(Fields.__dataclass_fields__)


def test_lower_case_is_one_letter_for_one_letter() -> None:
    pairs = list(zip(contract.UPPER_CASE, contract.LOWER_CASE, strict=True))
    assert len(pairs) > 500
    assert all(upper.lower() == lower != upper for upper, lower in pairs)
    assert not set(contract.UPPER_CASE) & set(contract.LOWER_CASE)


def test_a_time_zone_is_a_name_of_the_database_and_not_of_this_machine() -> None:
    zones = contract.TIME_ZONES
    assert len(zones) == len(set(zones)) > 590
    assert {"UTC", "Europe/Kyiv", "Asia/Kolkata"} <= set(zones)
    assert not {"Factory", "localtime", "posixrules"} & set(zones)


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8), st.sampled_from([*VALUES.values(), "ACTIVE", "FAILED", "sms"]),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip


@st.composite
def near_events(draw: st.DrawFn) -> dict[str, Any]:
    """A sound event of some type with a few members changed, added or removed."""
    members = sound(draw(st.sampled_from(list(TYPES))), full=draw(st.booleans()))
    for _ in range(draw(st.integers(0, 3))):
        members[draw(st.sampled_from([*VALUES, "event_type"]))] = draw(values)
    for name in draw(st.lists(st.sampled_from(list(members)), max_size=2)):
        members.pop(name, None)
    return members


@given(near_events(), st.one_of(st.none(), st.binary(max_size=4)), st.randoms())
@settings(max_examples=400, deadline=None)
def test_what_is_admitted_has_all_that_its_type_needs(
    members: dict[str, Any],
    key: bytes | None,
    dice: Any,  # noqa: ANN401
) -> None:
    payload = json.dumps(members).encode()
    judged = admit(payload, key, INGEST_MS)
    shuffled = list(members.items())
    dice.shuffle(shuffled)
    assert admit(json.dumps(dict(shuffled)).encode(), key, INGEST_MS) == judged
    if judged.reason is not None:
        assert judged.detail is not None
        assert judged.fields.has_own_key is None
        return
    assert judged.detail in (None, BusinessDetail.BAD_BUDGET_VALUE)
    contract_of_type = TYPES[BusinessType(str(judged.fields.event_type))]
    columns = {"amount": "micros", "budget_value": "budget_micros"}
    for name in ("event_id", *contract_of_type.required):
        assert getattr(judged.fields, columns.get(name, name)) is not None, name
    for name, known in contract_of_type.value_sets.items():
        assert getattr(judged.fields, name) in (None, *known)
    assert judged.fields.ts_ms is not None
    assert judged.fields.ts_ms <= INGEST_MS + 300_000


@given(st.binary(max_size=60), st.sampled_from(list(TYPES)), st.data())
@settings(max_examples=300, deadline=None)
def test_no_bytes_make_admission_fail(noise: bytes, one: BusinessType, data: st.DataObject) -> None:
    assert admit(noise, noise, INGEST_MS).reason in ORDER_OF_TESTS
    whole = event(one, full=True)
    place = data.draw(st.integers(0, len(whole)))
    admit(whole[:place] + noise + whole[place:], key_of(one), INGEST_MS)


@given(near_events(), st.integers(0, 10**15))
@settings(max_examples=200, deadline=None)
def test_a_later_arrival_never_rejects_what_an_earlier_one_did_not(
    members: dict[str, Any], later_ms: int
) -> None:
    payload = json.dumps(members).encode()
    first, second = admit(payload, None, INGEST_MS), admit(payload, None, INGEST_MS + later_ms)
    assert second.fields == first.fields or first.reason is RejectReason.FUTURE_TIMESTAMP
    assert second.reason == first.reason or first.reason is RejectReason.FUTURE_TIMESTAMP
