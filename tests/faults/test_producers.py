"""F19: producers that die between sending and knowing, and two that send at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from adlake.generator.truth import load_truth
from adlake.io.kafka.topic import topic_facts
from adlake.settings import REPO_ROOT
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import TRAFFIC, drilled_lake, fired_at, prove, prove_history
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

EVENTS = 12_000
KILLS = ("producer.after_send=kill9@batch3", "producer.after_ack=kill9")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with drilled_lake(
        tmp_path_factory.mktemp("producers") / "home", MAX_OFFSETS_PER_TRIGGER="10000"
    ) as one:
        one.stack().up(only=["stream"])
        yield one


def order(seed: int) -> list[str]:
    return [
        "generate", "--events", str(EVENTS), "--history-events", str(EVENTS), "--seed", str(seed),
        *TRAFFIC,
    ]  # fmt: skip


@pytest.mark.parametrize("plant", KILLS)
def test_f19_a_killed_producer_sends_again_and_counts_once(
    lake: Lake, chronicle: Chronicle, plant: str
) -> None:
    lake.extra["FAILPOINTS"] = plant
    lake.adlake(*order(len(plant)), expected=-9)
    del lake.extra["FAILPOINTS"]
    fired_at(lake, plant)
    lake.adlake(*order(len(plant)))
    prove(lake)
    settings = lake.settings()
    sent = sum(truth.deliveries for truth in load_truth(settings.paths.truth_dir))
    topic = topic_facts(settings.bootstrap_servers, settings.kafka.topic)
    repeated = sum(topic.end_offsets.values()) - sent
    assert repeated > 0, "nothing was sent again: the kill came too early"
    chronicle.add(
        "F19", f"producer killed: {plant}", fired=True, records_sent_again=repeated,
        outcome="counted once",
    )  # fmt: skip


def test_f19_two_producers_at_once(lake: Lake, chronicle: Chronicle) -> None:
    environment = {**os.environ, **lake.settings().as_environment()}
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "adlake.cli", *order(seed)],
            env=environment,
            cwd=REPO_ROOT,
            stdout=subprocess.DEVNULL,
        )
        for seed in (191, 192)
    ]
    assert [producer.wait(timeout=120) for producer in both] == [0, 0]
    prove(lake)
    chronicle.add("F19", "two producers at once", outcome="counted once", **prove_history(lake))
    lake.stack().down(only=["stream"])
