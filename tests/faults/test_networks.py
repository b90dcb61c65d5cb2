"""F14, F37: packets that vanish, connections that are reset, a network that is slow."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from adlake.devstack.services.service import State
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import produce, prove, prove_history, wait_for_free_port
from tests.fixtures.drill.network import black_hole, resets, slow_loopback
from tests.fixtures.drill.traffic import Traffic
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

RATE = 300
"""Events a second of the producer beside the drill."""
MEGABITS = 20


@pytest.mark.parametrize(
    ("fault", "seconds", "times"), [(black_hole, 60, 1), (resets, 1, 10)],
    ids=["black_hole", "resets"],
)  # fmt: skip
def test_f14_the_way_to_the_broker_is_cut(
    lake: Lake,
    chronicle: Chronicle,
    fault: Callable[[int], AbstractContextManager[None]],
    seconds: int,
    times: int,
) -> None:
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    with Traffic(lake, RATE, seed=140 + times) as traffic:
        traffic.wait_for_more_than(traffic.records() + RATE)
        for _ in range(times):
            with fault(lake.port_of("kafka")):
                time.sleep(seconds)
            time.sleep(1)
        traffic.wait_for_more_than(traffic.records() + RATE)
        if lake.stream().state() is not State.READY:
            lake.stack().up(only=["stream"])
        produced = traffic.finish()
    prove(lake)
    lake.stack().down(only=["stream"])
    what = f"{fault.__name__.replace('_', ' ')} at the broker's port, {times} times {seconds} s"
    chronicle.add("F14", what, fired=True, produced=produced, outcome="stall, then caught up")


def test_f37_a_slow_network_makes_it_slower_not_wrong(lake: Lake, chronicle: Chronicle) -> None:
    produce(lake, 1_000, seed=374)
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    lake.adlake("wait", "--timeout", "240")
    with slow_loopback(MEGABITS):
        produce(lake, 8_000, seed=375)
        lake.adlake("wait", "--timeout", "280")
    prove(lake)
    found = prove_history(lake)
    lake.stack().down(only=["stream"])
    what = f"loopback of {MEGABITS} megabits a second"
    chronicle.add("F37", what, fired=True, outcome="slower, same Gold", **found)
