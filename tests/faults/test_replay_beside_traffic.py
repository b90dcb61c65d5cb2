"""F32: the time machine on the real stack: live traffic, publish, undo, kills at the swap (P11).

Each test goes on with the lake of the one before.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from adlake.contracts.tables import GOLD_REPLAY
from adlake.io.postgres import operations
from adlake.io.trino.client import connect
from adlake.settings import REPO_ROOT
from adlake.wiring.lake import lake_reader, lease_connect
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import VICTIMS, fired_at, produce, run_into, wait_for_free_port
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake(
        tmp_path_factory.mktemp("replay") / "home",
        {"MAX_OFFSETS_PER_TRIGGER": "20000", "TRIGGER_SECONDS": "1"},
    ).running() as one:
        yield one


def proof(lake: Lake) -> str:
    lake.adlake("wait", "--timeout", "240")
    return lake.adlake("verify").stdout


def laws_in_gold(lake: Lake) -> list[tuple[int, int]]:
    """Law versions with their rows, as a reader sees them now."""
    with connect(lake.settings().ports.trino_port) as client:
        rows = client.rows(
            "SELECT law_version, count(*) FROM gold.ad_performance_state GROUP BY law_version"
        )
        return [(int(version), int(count)) for version, count in rows]


@contextmanager
def live_traffic(lake: Lake) -> Iterator[None]:
    """Events come as long as the block runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "adlake.cli", "generate", "--rate", "300", "--seed", "99"],
        env={**os.environ, **lake.settings().as_environment()}, cwd=REPO_ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as generator:  # fmt: skip
        try:
            yield
            assert generator.poll() is None, "the traffic ended too early to mean anything"
            generator.terminate()
            generator.wait(timeout=60)
        finally:
            generator.kill()


@contextmanager
def polling_reader(lake: Lake) -> Iterator[list[list[tuple[int, int]]]]:
    """What a dashboard sees meanwhile, look by look."""
    looks: list[list[tuple[int, int]]] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            looks.append(laws_in_gold(lake))
            time.sleep(0.5)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        yield looks
    finally:
        over.set()
        reader.join()


def test_f32_publish_and_undo_beside_live_traffic(lake: Lake, chronicle: Chronicle) -> None:
    produce(lake, 30_000, seed=1)
    lake.stack().up(only=["stream"])
    lake.adlake("wait", "--timeout", "240")
    with live_traffic(lake), polling_reader(lake) as looks:
        same = lake.adlake("replay").stdout
        hashes = [line.split()[-1] for line in same.splitlines() if "sha256" in line]
        assert len(hashes) == 2
        assert hashes[0] == hashes[1], same
        assert "0 campaigns and days differ" in same
        what_if = lake.adlake("replay", "--lookback", "1h").stdout
        assert "law version 2, lookback 0.0416667 d" in what_if
        assert "revenue_change" in what_if
        assert [version for version, _ in laws_in_gold(lake)] == [1], "a what-if touched Gold"
        assert "newer deliveries" in lake.adlake("replay", "--publish").stdout
        proven = lake.adlake("verify").stdout
        assert "Gold follows 2" in truth_of(proven)
        assert [version for version, _ in laws_in_gold(lake)] == [2], "the stream left the new law"
        assert "arrived since" in lake.adlake("replay", "--undo").stdout
        assert [version for version, _ in laws_in_gold(lake)] == [1]
    assert all(len(look) == 1 for look in looks), "a reader saw two laws at once"
    counts = [look[0][1] for look in looks]
    assert counts == sorted(counts), "a reader saw rows go away"
    assert {look[0][0] for look in looks} == {1, 2}
    assert "every sum is equal" in truth_of(proof(lake))
    refused = lake.adlake("replay", "--undo", expected=1)
    assert "no publication to undo" in refused.stderr
    lake.stack().down(only=["stream"])
    chronicle.add(
        "F32", "replay, publish and undo beside live traffic", looks_of_a_reader=len(looks),
        outcome="old or new, never both",
    )  # fmt: skip


def truth_of(proven: str) -> str:
    return next(line for line in proven.splitlines() if line.startswith("truth"))


def shadow_after_a_killed_build(lake: Lake, action: str) -> dict[str, int]:
    """Kill `adlake replay` when its build is whole, build again; what a publication needs."""
    plant = f"replay.shadow_built={action}"
    lake.extra["FAILPOINTS"] = plant
    killed = lake.adlake("replay", "--lookback", "1h", expected=None)
    del lake.extra["FAILPOINTS"]
    fired_at(lake, plant)
    # Without its JVM the command lives on for a moment and must say that it failed.
    assert killed.returncode > 0 if VICTIMS[action] == "JVM" else killed.returncode == -9
    lake.adlake("replay", "--lookback", "1h")
    table = lake_reader(lake.settings()).table(GOLD_REPLAY)
    assert table is not None
    snapshot = table.current_snapshot()
    assert snapshot is not None
    return {"shadow_snapshot": snapshot.snapshot_id}


@dataclass(frozen=True)
class Swap:
    """Where main is moved, what was asked for, the law that Gold follows then and at the end."""

    place: str
    kind: str
    law_while_dead: int
    law_after: int


SWAPS = (
    Swap("replay.before_swap", operations.PUBLISH_REPLAY, 1, 2),
    Swap("replay.after_swap", operations.UNDO_REPLAY, 1, 1),
)


@pytest.mark.parametrize("swap", SWAPS, ids=lambda one: one.place)
@pytest.mark.parametrize("action", VICTIMS)
def test_f32_p11_a_driver_killed_at_the_swap_loses_nothing(
    lake: Lake, chronicle: Chronicle, swap: Swap, action: str
) -> None:
    database = lease_connect(lake.settings())
    is_publication = swap.kind == operations.PUBLISH_REPLAY
    arguments = shadow_after_a_killed_build(lake, action) if is_publication else {}
    produce(lake, 5_000, seed=len(swap.place + action))
    number = operations.request(database, swap.kind, arguments)
    run_into(lake, f"{swap.place}={action}")
    # After the swap a Python without its JVM has nothing left to do but to say that it is done.
    may_say = {"requested"} if is_publication or action != "kill9jvm" else {"requested", "done"}
    assert operations.read(database, number).state in may_say
    assert [version for version, _ in laws_in_gold(lake)] == [swap.law_while_dead]
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    proven = proof(lake)
    assert operations.read(database, number).state == "done"
    assert [version for version, _ in laws_in_gold(lake)] == [swap.law_after]
    assert is_publication or "every sum is equal" in truth_of(proven)
    lake.stack().down(only=["stream"])
    if is_publication:
        what = f"kill -9 {VICTIMS[action]} of a replay at replay.shadow_built"
        chronicle.add("F32, P11", what, fired=True, outcome="built again")
    chronicle.add(
        "F32, P11", f"kill -9 {VICTIMS[action]} of a driver at {swap.place} ({swap.kind})",
        fired=True, law_while_dead=swap.law_while_dead, law_after=swap.law_after,
        outcome="done once by the next",
    )  # fmt: skip


def test_f32_without_a_stream_the_command_publishes_by_itself(lake: Lake) -> None:
    done = lake.adlake("replay", "--lookback", "1h", "--publish")
    assert "no stream runs" in done.stderr
    assert [version for version, _ in laws_in_gold(lake)] == [2]
    assert "0 differ" in lake.adlake("verify").stdout
    lake.adlake("replay", "--undo")
    assert "every sum is equal" in lake.adlake("verify").stdout
