"""F13, F14, F22, F23, F29: a service beside the driver dies, hangs, or answers half."""

from __future__ import annotations

import signal
import time

import pytest

from adlake.contracts.tables import GOLD_STATE
from adlake.devstack.services.service import State
from adlake.wiring.lake import lake_reader
from tests.fixtures.drill.catalog_proxy import CatalogProxy, Fault
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import (
    VICTIMS,
    kill_service,
    kill_victims,
    produce,
    prove,
    prove_history,
    second_driver,
    signal_all,
    wait_for_free_port,
)
from tests.fixtures.drill.oracles import commit_times
from tests.fixtures.drill.traffic import Traffic
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

TABLES = {"bronze": "ad_events", "gold": "ad_performance_state"}
FROZEN_SECONDS = 60
RATE = 300
"""Events a second of the producer beside the drill."""


def through(lake: Lake, proxy: CatalogProxy) -> dict[str, str]:
    """Settings of a driver whose catalog connection passes the proxy."""
    uri = lake.settings().catalog_jdbc_uri
    port = lake.settings().ports.postgres_port
    return {"CATALOG_URI": uri.replace(f":{port}/", f":{proxy.port}/")}


@pytest.mark.parametrize("layer", TABLES)
@pytest.mark.parametrize("fault", [Fault.DROP_REPLY, Fault.BREAK], ids=lambda one: one.name.lower())
def test_f22_f23_a_commit_with_unknown_outcome_is_applied_once(
    lake: Lake, proxy: CatalogProxy, chronicle: Chronicle, layer: str, fault: Fault
) -> None:
    produce(lake, 1_500, seed=len(layer) + len(fault.value))
    proxy.plant(fault, TABLES[layer])
    with second_driver(lake, f"{layer}-{fault.name}.log", **through(lake, proxy)) as driver:
        prove(lake)
        assert proxy.met.is_set(), "the fault never met a commit"
        assert driver.poll() is None, "one lost reply must not end the driver"
    number = "F23" if fault is Fault.DROP_REPLY else "F22"
    chronicle.add(number, f"{layer} commit: {fault.value}", fired=True, outcome="applied once")


@pytest.mark.parametrize("victims", VICTIMS.values())
@pytest.mark.parametrize("layer", TABLES)
def test_f01_p2_p4_files_written_but_not_committed(
    lake: Lake, proxy: CatalogProxy, chronicle: Chronicle, layer: str, victims: str
) -> None:
    produce(lake, 1_500, seed=40 + 10 * len(victims) + len(layer))
    proxy.plant(Fault.HOLD, TABLES[layer])
    with second_driver(lake, f"{layer}-held-{victims}.log", **through(lake, proxy)) as driver:
        assert proxy.met.wait(timeout=180), "no commit came"
        ended = kill_victims(driver, victims)
    lake.stack().up(only=["stream"])
    prove(lake)
    lake.stack().down(only=["stream"])
    chronicle.add(
        "F1", f"kill -9 {victims}, {layer} files written and not committed", fired=True,
        survivor_ended_by_itself=ended,
    )  # fmt: skip


def test_f22_the_catalog_is_away_for_a_while(
    lake: Lake, proxy: CatalogProxy, chronicle: Chronicle
) -> None:
    produce(lake, 1_500, seed=22)
    with second_driver(lake, "away.log", **through(lake, proxy)) as driver:
        lake.adlake("wait", "--timeout", "240")
        proxy.shut()
        produce(lake, 1_500, seed=221)
        time.sleep(8)
        assert proxy.refused, "nobody asked for the catalog while it was away"
        proxy.open_again()
        prove(lake)
        assert driver.poll() is None
    chronicle.add(
        "F22", "catalog away for 8 s", fired=True, connections_refused=proxy.refused,
        outcome="retried, nothing applied twice",
    )  # fmt: skip


def test_f13_the_broker_is_killed_under_load(lake: Lake, chronicle: Chronicle) -> None:
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    with Traffic(lake, RATE, seed=13) as traffic:
        unread = wait_for_backlog(lake, traffic)
        kill_service(lake, "kafka")
        lake.stack().up(only=["kafka", "stream"])
        produced = traffic.finish()
    prove(lake)
    lake.stack().down(only=["stream"])
    chronicle.add(
        "F13", "broker killed while producer and stream work", fired=True, unread_then=unread,
        produced=produced, outcome="all acked records there",
    )  # fmt: skip


def wait_for_backlog(lake: Lake, traffic: Traffic) -> int:
    """Block until both work: more records come, and the lake lacks some; returns how many."""
    traffic.wait_for_more_than(traffic.records() + RATE)
    deadline = time.monotonic() + 60
    while True:
        stamp = lake_reader(lake.settings()).newest_stamp(GOLD_STATE)
        contained = sum(stamp.next_offsets.values()) if stamp else 0
        if (unread := traffic.records() - contained) > 0:
            return unread
        assert time.monotonic() < deadline, "the stream never lacks a record: no load"


def test_f14_the_broker_hangs_for_a_minute(lake: Lake, chronicle: Chronicle) -> None:
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    with Traffic(lake, RATE, seed=14) as traffic:
        unread = wait_for_backlog(lake, traffic)
        broker = next(one for one in lake.stack().services(["kafka"]))
        signal_all(broker.processes(), signal.SIGSTOP)
        time.sleep(FROZEN_SECONDS)
        signal_all(broker.processes(), signal.SIGCONT)
        if lake.stream().state() is not State.READY:
            lake.stack().up(only=["stream"])
        produced = traffic.finish()
    prove(lake)
    lake.stack().down(only=["stream"])
    chronicle.add(
        "F14", f"broker frozen for {FROZEN_SECONDS} s", fired=True, unread_then=unread,
        produced=produced, outcome="stall, then caught up",
    )  # fmt: skip


def test_f29_trino_dies_and_the_stream_does_not_notice(lake: Lake, chronicle: Chronicle) -> None:
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    produce(lake, 1_500, seed=29)
    moment = int(time.time() * 1000)
    kill_service(lake, "trino")
    produce(lake, 1_500, seed=291)
    lake.adlake("wait", "--timeout", "240")
    lake.stack().up(only=["trino"])
    assert any(commit > moment for commit in commit_times(lake_reader(lake.settings())))
    prove(lake)
    lake.stack().down(only=["stream"])
    chronicle.add("F29", "Trino killed under load", outcome="Gold went on without it")


def test_every_head_is_lawful_after_all_of_them(lake: Lake, chronicle: Chronicle) -> None:
    chronicle.add("F13-F29", "every head compared", **prove_history(lake))
