"""The time machine on the real stack: live traffic, publish, undo, drivers killed at the swap.

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

import pytest

from adlake.contracts.tables import GOLD_REPLAY
from adlake.io import operations
from adlake.io.trino import connect
from adlake.settings import REPO_ROOT
from adlake.wiring import lake_reader, lease_connect
from tests.faults.drill import produce, run_into
from tests.integration.lake import SERVERS, Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    one = Lake(
        tmp_path_factory.mktemp("replay") / "home",
        {"MAX_OFFSETS_PER_TRIGGER": "20000", "TRIGGER_SECONDS": "1"},
    )
    try:
        one.stack().up(only=SERVERS)
        yield one
    finally:
        one.stack().nuke()


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


def test_publish_and_undo_beside_live_traffic(lake: Lake) -> None:
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


def truth_of(proven: str) -> str:
    return next(line for line in proven.splitlines() if line.startswith("truth"))


@pytest.mark.parametrize(
    ("place", "kind", "law_while_dead", "law_after"),
    [
        ("replay.before_swap", operations.PUBLISH_REPLAY, 1, 2),
        ("replay.after_swap", operations.UNDO_REPLAY, 1, 1),
    ],
)
def test_a_driver_killed_at_the_swap_loses_nothing(
    lake: Lake, place: str, kind: str, law_while_dead: int, law_after: int
) -> None:
    database = lease_connect(lake.settings())
    arguments = {}
    if kind == operations.PUBLISH_REPLAY:
        lake.extra["FAILPOINTS"] = "replay.shadow_built=kill9"
        lake.adlake("replay", "--lookback", "1h", expected=-9)
        del lake.extra["FAILPOINTS"]
        assert lake.fired("replay.shadow_built")
        lake.adlake("replay", "--lookback", "1h")
        table = lake_reader(lake.settings()).table(GOLD_REPLAY)
        assert table is not None
        snapshot = table.current_snapshot()
        assert snapshot is not None
        arguments = {"shadow_snapshot": snapshot.snapshot_id}
    produce(lake, 5_000, seed=len(place))
    number = operations.request(database, kind, arguments)
    run_into(lake, f"{place}=kill9")
    assert operations.read(database, number).state == "requested"
    assert [version for version, _ in laws_in_gold(lake)] == [law_while_dead]
    lake.stack().up(only=["stream"])
    proof(lake)
    assert operations.read(database, number).state == "done"
    assert [version for version, _ in laws_in_gold(lake)] == [law_after]
    lake.stack().down(only=["stream"])


def test_without_a_stream_the_command_publishes_by_itself(lake: Lake) -> None:
    done = lake.adlake("replay", "--lookback", "1h", "--publish")
    assert "no stream runs" in done.stderr
    assert [version for version, _ in laws_in_gold(lake)] == [2]
    assert "0 differ" in lake.adlake("verify").stdout
    lake.adlake("replay", "--undo")
    assert "every sum is equal" in lake.adlake("verify").stdout
