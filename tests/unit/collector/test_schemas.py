"""The published schemas accept what admission accepts, as far as one event alone can be judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from adlake.attribution.law.admission import Admitted
from adlake.attribution.law.admission import admit as admit_ad
from adlake.business.rules import admit as admit_business
from adlake.collector.schemas import EVENT_TYPES, schema_files, schema_of, stale_files
from adlake.contracts.events import EventType
from adlake.settings import REPO_ROOT
from tests.fixtures.business import CASES
from tests.fixtures.corpus import CASES as AD_CASES

VALIDATORS = {name: Draft202012Validator(schema_of(name) or {}) for name in EVENT_TYPES}


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_each_schema_is_one(name: str) -> None:
    schema = schema_of(name)
    assert schema is not None
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["event_type"] == {"const": name}


def test_there_is_none_of_another_name() -> None:
    assert schema_of("VIEW") is None
    assert schema_of("impression") is None


def event_of(payload: bytes | None) -> dict[str, Any] | None:
    try:
        read = json.loads((payload or b"").decode(), parse_constant=lambda _: 1 / 0)
    except (ValueError, ZeroDivisionError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def test_whatever_is_admitted_is_valid() -> None:
    """The other way round a schema knows less: bytes of ids, the clock, equal keys."""
    seen = set()
    for case in (*AD_CASES, *CASES):
        event = event_of(case.payload)
        name = event and event.get("event_type")
        if event is None or name not in EVENT_TYPES:
            continue
        if name in set(EventType):
            is_admitted = isinstance(admit_ad(case.payload, case.ingest_ms), Admitted)
        else:
            is_admitted = admit_business(case.payload, case.key, case.ingest_ms).reason is None
        if is_admitted:
            errors = [e.message for e in VALIDATORS[name].iter_errors(event)]
            assert not errors, (case.payload, errors)
            seen.add(name)
    assert seen == set(EVENT_TYPES)


@pytest.mark.parametrize("reason", ["MISSING_KEY", "NEGATIVE_VALUE", "BAD_VALUE"])
def test_what_lacks_a_field_or_has_a_wrong_value_is_not(reason: str) -> None:
    count = 0
    for case in CASES:
        event = event_of(case.payload)
        name = event and event.get("event_type")
        verdict = admit_business(case.payload, case.key, case.ingest_ms)
        if event is None or name not in EVENT_TYPES or verdict.reason != reason:
            continue
        if 10**12 in event.values():  # what a float makes of 999999999999.9999995
            continue
        assert not VALIDATORS[name].is_valid(event), case.payload
        count += 1
    assert count > 3


def test_the_files_are_those_of_the_code(tmp_path: Path) -> None:
    assert stale_files(REPO_ROOT / "contracts") == []
    assert set(stale_files(tmp_path)) == set(schema_files())
    for path, text in schema_files().items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "v1" / "CLICK.json").write_text("{}")
    (tmp_path / "v1" / "VIEW.json").write_text("{}")
    assert stale_files(tmp_path) == ["v1/CLICK.json", "v1/VIEW.json"]
