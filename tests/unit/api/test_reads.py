"""Health and contracts, with doubles of the servers."""

from __future__ import annotations

from typing import NoReturn

import pytest
from fastapi.testclient import TestClient

from adlake.api.app import build_app
from adlake.collector.schemas import EVENT_TYPES
from adlake.contracts.errors import AdlakeError
from tests.unit.api.parts import parts_with


def down() -> NoReturn:
    raise AdlakeError("does not answer: run `make up`")


def test_health_of_a_lake_that_is_well() -> None:
    answer = TestClient(build_app(parts_with())).get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok", "kafka": "ok", "trino": "ok", "freshness_s": 12.0, "pending_events": 0,
        "overdue_events": 0,
    }  # fmt: skip


@pytest.mark.parametrize(("part", "other"), [("kafka", "trino"), ("trino", "kafka")])
def test_the_part_that_fails_is_named(part: str, other: str) -> None:
    some = parts_with()
    setattr(some, f"ask_{part}", down)
    client = TestClient(build_app(some))
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json()[part] == "does not answer: run `make up`"
    assert (answer.json()["status"], answer.json()[other]) == ("failing", "ok")
    assert client.get("/live").status_code == 200


def test_contracts() -> None:
    client = TestClient(build_app(parts_with()))
    assert client.get("/contracts").json() == list(EVENT_TYPES)
    assert client.get("/contracts/click").json()["title"] == "CLICK"
    assert client.get("/contracts/CLICK?version=1").status_code == 200
    assert client.get("/contracts/CLICK?version=2").status_code == 404
    assert client.get("/contracts/VIEW").status_code == 404
    wrong = client.get("/contracts/CLICK?version=x")
    assert wrong.status_code == 422
    assert "version" in wrong.text
