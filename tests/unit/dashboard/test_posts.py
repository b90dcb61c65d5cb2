"""The operations page says what was posted to the API and is not in the lake."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from adlake.contracts.address import Address
from adlake.contracts.gauges import API_OVERDUE, API_PENDING
from adlake.devstack.services.ports import free_ports
from adlake.io.events_api.posts import Posts, posts_of
from adlake.io.prometheus.endpoint import served
from adlake.io.prometheus.meters import Meters
from tests.fixtures.endpoint import told_at


def page(pending: int, overdue: int) -> None:
    from adlake.dashboard.operations import show_posts
    from adlake.io.events_api.posts import Posts

    show_posts(Posts(pending, overdue) if pending >= 0 else None)


@pytest.mark.parametrize(
    ("pending", "overdue", "said"),
    [(3, 0, "3 are on their way"), (0, 0, "0 are on their way"), (-1, 0, "does not answer")],
)
def test_what_is_on_its_way_is_said_quietly(pending: int, overdue: int, said: str) -> None:
    shown = AppTest.from_function(page, args=(pending, overdue)).run(timeout=30)
    assert not shown.warning
    assert said in shown.caption[0].value


def test_what_did_not_come_in_time_is_a_warning() -> None:
    shown = AppTest.from_function(page, args=(1, 2)).run(timeout=30)
    [warning] = shown.warning
    assert "2 posts of customers were not seen in the lake within ten minutes" in warning.value


def test_they_are_read_of_the_metrics_of_the_api() -> None:
    [port] = free_ports(1)
    address, meters = Address("127.0.0.1", port), Meters()
    assert posts_of(address) is None
    with served(meters, port, "127.0.0.1"):
        told_at(port)
        assert posts_of(address) is None, "another server's"
        meters.put(API_PENDING, 4)
        meters.add(API_OVERDUE, 2)
        assert posts_of(address) == Posts(4, 2)
