"""A Trino that has just started finds its own node within seconds: a query waits for that."""

from __future__ import annotations

from typing import Any

import pytest
import trino

from adlake.io.trino import client as adapter


class Cursor:
    """Fails so many times with one error, then works."""

    def __init__(self, error_name: str, failures: int) -> None:
        self.error_name, self.failures, self.calls = error_name, failures, 0

    def execute(self, _sql: str, _params: list[Any] | None) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise trino.exceptions.TrinoQueryError({"errorName": self.error_name, "message": "x"})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "_NODE_SECONDS", 0.2)


def test_a_query_waits_until_there_is_a_node() -> None:
    cursor = Cursor("NO_NODES_AVAILABLE", 3)
    adapter._execute(cursor, "SELECT 1", None)
    assert cursor.calls == 4


def test_a_query_does_not_wait_for_ever_nor_for_another_error() -> None:
    for error_name, most in (("NO_NODES_AVAILABLE", 20), ("SYNTAX_ERROR", 1)):
        cursor = Cursor(error_name, 1_000)
        with pytest.raises(trino.exceptions.TrinoQueryError):
            adapter._execute(cursor, "SELECT 1", None)
        assert 1 <= cursor.calls <= most
