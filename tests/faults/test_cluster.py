"""The same application on a cluster of Spark: two workers, eight partitions, an object store.

One machine plays all of them, so nothing is said of speed; what is shown is that both workers do
work, that a worker which dies in the middle of a batch costs no event, and that what they wrote is
what the law says.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from adlake.contracts.address import LOOPBACK
from adlake.contracts.topics import AD_TOPIC
from adlake.devstack.install.java import spark_jdk
from adlake.devstack.services.http import fetch_json
from adlake.io.kafka.topic import topic_facts
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import (
    drilled_lake,
    produce,
    prove,
    prove_history,
    run_once,
    second_driver,
    wait_for_free_port,
    wait_until_stopped,
)
from tests.fixtures.lake import Lake
from tests.fixtures.object_store.gateway import running_gateway
from tests.fixtures.patience import wait_until
from tests.fixtures.spark_cluster import SparkCluster, spark_cluster

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

PARTITIONS = 8


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkCluster]:
    with spark_cluster(tmp_path_factory.mktemp("cluster"), spark_jdk().home, workers=2) as one:
        yield one


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, cluster: SparkCluster) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("clustered")
    (folder / "store").mkdir()
    chosen = {
        "SPARK_MASTER": cluster.url, "EXECUTOR_MEMORY": "768m", "SHUFFLE_PARTITIONS": "4",
        "TOPIC_PARTITIONS": str(PARTITIONS), "MAX_OFFSETS_PER_TRIGGER": "3000",
    }  # fmt: skip
    with (
        running_gateway(folder / "store") as gateway,
        drilled_lake(folder / "home", **gateway.settings(), **chosen) as one,
    ):
        yield one


def tasks_of_executors(port: int) -> dict[str, int]:
    """Executor -> tasks that it ended, as the driver's page says; without the driver itself."""
    address = f"http://{LOOPBACK}:{port}/api/v1/applications"
    applications: Any = fetch_json(address)
    [application] = applications
    executors: Any = fetch_json(f"{address}/{application['id']}/allexecutors")
    return {one["id"]: one["completedTasks"] for one in executors if one["id"] != "driver"}


def test_two_workers_share_the_work(
    lake: Lake, cluster: SparkCluster, chronicle: Chronicle
) -> None:
    produce(lake, 6_000, seed=15, campaigns=True)
    settings = lake.settings()
    assert len(topic_facts(settings.bootstrap_servers, AD_TOPIC).end_offsets) == PARTITIONS
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    prove(lake)
    tasks = tasks_of_executors(settings.ports.spark_ui_port)
    lake.stack().down(only=["stream"])
    found = prove_history(lake)
    assert len(tasks) == 2
    assert min(tasks.values()) > 0.2 * sum(tasks.values()), tasks
    chronicle.add("scale", "two workers of a cluster, eight partitions", tasks=tasks, **found)


@pytest.mark.parametrize("place", ["gold.after_fold", "gold.after_append"])
def test_a_worker_that_dies_in_a_batch_costs_no_event(
    lake: Lake, cluster: SparkCluster, chronicle: Chronicle, place: str
) -> None:
    produce(lake, 3_000, seed=len(place))
    wait_for_free_port(lake)
    with second_driver(lake, "clustered.log", FAILPOINTS=f"{place}=stop") as driver:
        wait_until_stopped(driver)
        cluster.kill_worker()
        wait_until(lambda: cluster.alive() == 1, 120, otherwise="the dead worker is counted yet")
        driver.send_signal(signal.SIGCONT)
        # What the dead one held is gone: the driver computes it again, or ends and is started anew.
        wait_until(lambda: driver.poll() is not None or has_all(lake), 300, every=1)
        outcome = "goes on" if driver.poll() is None else "ends"
    cluster.add_worker()
    run_once(lake)
    found = prove_history(lake)
    chronicle.add("scale", f"a worker is killed at {place}", driver=outcome, **found)


def has_all(lake: Lake) -> bool:
    """Whether Gold has every record that is in the topic."""
    return lake.adlake("wait", "--timeout", "1", expected=None).returncode == 0
