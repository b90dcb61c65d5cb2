"""What `init` waits for, before everything that waits for `init`."""

from __future__ import annotations

import pytest

from adlake.devstack.containers import servers
from adlake.devstack.containers.servers import wait_for_rest_catalog
from adlake.devstack.errors import DevstackError

ASKED = "http://rest-catalog:8181/v1/config"


def test_a_rest_catalog_is_waited_for_until_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [None, None, {"defaults": {}}]
    asked: list[str] = []

    def fetch_json(url: str) -> object:
        asked.append(url)
        return answers.pop(0)

    monkeypatch.setattr(servers, "fetch_json", fetch_json)
    monkeypatch.setattr(servers, "POLL_SECONDS", 0.0)
    assert "answers" in wait_for_rest_catalog("http://rest-catalog:8181")
    assert asked == [ASKED] * 3


def test_one_that_was_not_started_is_named_with_the_way_to_start_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(servers, "fetch_json", lambda _url: None)
    with pytest.raises(DevstackError, match="--profile rest up -d") as refused:
        wait_for_rest_catalog("http://rest-catalog:8181", patience_seconds=0)
    assert "http://rest-catalog:8181" in str(refused.value)
