"""A customer on a whole stack: what is posted counts once, on its way and in the lake."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from adlake.io.trino.client import direct_session
from tests.fixtures.lake import Lake
from tests.fixtures.patience import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.timeout(900)]

SERVICES = ("postgres", "kafka", "trino", "api", "stream")
ON_THE_PAGE_SECONDS = 2.0
SOON_SECONDS = 240.0


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    home = tmp_path_factory.mktemp("customers") / "home"
    extra = {"TRIGGER_SECONDS": "1", "PUBLISH_EVERY_SECONDS": "1", "API_ACK_SECONDS": "30"}
    with Lake(home, extra).running(only=SERVICES) as one:
        yield one


class Client:
    """Who uses the page."""

    def __init__(self, lake: Lake) -> None:
        self._http = direct_session()
        self._url = f"http://127.0.0.1:{lake.port_of('api')}"
        self.orders: list[int] = []
        """Of the row and pending, as each answer told them."""

    def post(self, path: str, body: dict[str, Any], key: str = "") -> None:
        headers = {"Idempotency-Key": key} if key else {}
        answer = self._http.post(f"{self._url}/{path}", json=body, headers=headers, timeout=60)
        assert answer.status_code == 202, answer.text

    def ask(self, user: str = "ada") -> requests.Response:
        return self._http.get(f"{self._url}/customers/{user}", timeout=60)

    def customer(self) -> dict[str, Any]:
        answer = self.ask()
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        waiting = [one for one in told["pending"] if one["event_type"] == "ORDER"]
        self.orders.append(told["order_count"] + len(waiting))
        return told

    def wait(self, holds: Callable[[dict[str, Any]], object], otherwise: str) -> dict[str, Any]:
        wait_until(lambda: holds(self.customer()), SOON_SECONDS, every=0.2, otherwise=otherwise)
        return self.customer()


def is_in(orders: int, source: str = "cache") -> Callable[[dict[str, Any]], object]:
    return lambda told: (
        told["order_count"] == orders and not told["pending"] and told["source"] == source
    )


def restarted(lake: Lake, **settings: str) -> Client:
    lake.stack().down(only=["api"])
    lake.stack(**settings).up(only=["api"])
    return Client(lake)


def test_a_post_is_told_at_once_and_counts_once_however_often_it_is_sent(lake: Lake) -> None:
    client = Client(lake)
    client.post("customers", {"user_id": "eve"})
    wait_until(
        lambda: client.ask("eve").json().get("source") == "cache", SOON_SECONDS, every=0.5,
        otherwise="the topic told nothing",
    )  # fmt: skip
    began = time.monotonic()
    client.post("customers", {"user_id": "ada", "name": "Ada"})
    told = client.customer()
    assert time.monotonic() - began < ON_THE_PAGE_SECONDS
    assert (told["is_in_lake"], told["order_count"]) == (False, 0)
    assert [one["event_type"] for one in told["pending"]] == ["CUSTOMER_PROFILE"]
    client.post("customers/ada/orders", {"amount": 10}, "first")
    client.post("customers/ada/orders", {"amount": 10}, "first")
    client.orders.clear()
    told = client.wait(is_in(1), "the order never came")
    assert (told["name"], told["lifetime_value"], told["is_in_lake"]) == ("Ada", "10.000000", True)
    # Again, when the lake has it; and from a process that knows nothing of it.
    client.post("customers/ada/orders", {"amount": 10}, "first")
    assert client.customer()["pending"] == []
    other = restarted(lake)
    other.wait(is_in(1), "the cache was not filled")
    other.post("customers/ada/orders", {"amount": 10}, "first")
    other.post("customers/ada/orders", {"amount": 5})
    told = other.wait(is_in(2), "the second order never came")
    assert set(client.orders) == {1}, "always there, never twice"
    assert other.orders == sorted(other.orders)
    assert set(other.orders) == {1, 2}


def test_it_begins_empty_and_learns_of_who_changes(lake: Lake) -> None:
    client = restarted(lake, RESET_CACHE_ON_START="true")
    assert client.customer()["source"] == "lake"
    client.post("customers/ada/engagements", {"status": "DELIVERED"})
    told = client.wait(lambda one: one["delivered_count"] and one["source"] == "cache", "no news")
    assert (told["order_count"], told["name"], told["pending"]) == (2, "Ada", [])
    assert client.ask("nobody").status_code == 404
