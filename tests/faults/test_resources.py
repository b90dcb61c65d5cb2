"""F7, F19, F25, F36, F37: little room, little speed, a producer that sends everything again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from adlake.devstack.errors import DevstackError
from adlake.devstack.services.service import State
from adlake.io.kafka.topic import topic_facts
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import (
    client_of,
    drilled_lake,
    produce,
    prove,
    prove_history,
    run_once,
    second_driver,
    wait_for_free_port,
)
from tests.fixtures.lake import Lake
from tests.fixtures.memory_group import memory_group

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

BACKLOG = 1_000_000
FEW_FILES = 48
GOLD_SUMS = (
    "SELECT count(*), sum(revenue), sum(revenue_out_of_window), sum(cost), "
    "checksum(events_state), checksum(last_updated_ts) FROM gold.ad_performance_state"
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake of its own: records sent again are not in the generator's truth."""
    with drilled_lake(tmp_path_factory.mktemp("resources") / "home") as one:
        yield one


def test_f25_compaction_after_every_batch_moves_no_row(lake: Lake, chronicle: Chronicle) -> None:
    produce(lake, 4_000, seed=25)
    wait_for_free_port(lake)
    driver = lake.stream(COMPACT_EVERY_BATCHES="1", EXPIRE_EVERY_BATCHES="1")
    driver.start()
    lake.adlake("wait", "--timeout", "300")
    compactions = driver.log_file.read_text().count("compacted")
    driver.stop()
    # Nothing was sent twice in this lake yet (F19 comes last), so the truth must agree too.
    prove(lake)
    found = prove_history(lake)
    assert compactions >= 3
    chronicle.add("F25", "compaction after every batch", compactions=compactions, **found)


@pytest.mark.parametrize("most", ["50", "50000"])
def test_f36_a_backlog_is_worked_off_whatever_the_batch_size(
    tmp_path_factory: pytest.TempPathFactory, chronicle: Chronicle, most: str
) -> None:
    with drilled_lake(tmp_path_factory.mktemp("backlog") / "home") as lake:
        produce(lake, BACKLOG if most == "50000" else 1_000, seed=36)
        lake.stream(MAX_OFFSETS_PER_TRIGGER=most).start()
        prove(lake)
        prove_history(lake)
        lake.stack().down(only=["stream"])
    chronicle.add("F36", f"backlog in batches of {most}", outcome="worked off, same Gold")


def test_f37_few_files_and_one_core_make_it_slower_not_wrong(
    lake: Lake, chronicle: Chronicle
) -> None:
    produce(lake, 1_000, seed=37)
    wait_for_free_port(lake)
    with second_driver(lake, "narrow.log", MAX_OFFSETS_PER_TRIGGER="1000") as driver:
        process = psutil.Process(driver.pid)
        process.cpu_affinity([0])
        lake.adlake("wait", "--timeout", "280")
        [jvm] = [child for child in process.children() if child.name() == "java"]
        assert jvm.cpu_affinity() == [0]
        # A JVM with Spark's jars alone has over 256 files open: it gets this many more.
        limit = (
            1 + FEW_FILES + max(int(file.name) for file in Path(f"/proc/{jvm.pid}/fd").iterdir())
        )
        jvm.rlimit(psutil.RLIMIT_NOFILE, (limit, limit))
        produce(lake, 2_000, seed=371)
        lake.adlake("wait", "--timeout", "280")
        assert driver.poll() is None
    prove(lake)
    found = prove_history(lake)
    what = f"{FEW_FILES} files beyond those of an idle driver, one core"
    chronicle.add("F37", what, outcome="slower, same Gold", **found)


def test_f07_the_kernel_kills_a_driver_for_memory(lake: Lake, chronicle: Chronicle) -> None:
    produce(lake, 1_000, seed=70)
    run_once(lake, MAX_OFFSETS_PER_TRIGGER="50000")
    wait_for_free_port(lake)
    with memory_group(120) as group:
        with second_driver(lake, "starved.log", MAX_OFFSETS_PER_TRIGGER="50000") as driver:
            produce(lake, 1_000, seed=7)
            lake.adlake("wait", "--timeout", "240")
            for process in (psutil.Process(driver.pid), *psutil.Process(driver.pid).children()):
                group.take(process.pid)
            produce(lake, 50_000, seed=71)
            assert driver.wait(timeout=240) != 0
        assert group.facts()["processes_killed"] >= 1
    run_once(lake, MAX_OFFSETS_PER_TRIGGER="50000")
    chronicle.add("F7", "the kernel kills the JVM for memory", fired=True, outcome="repaired")


def test_f07_a_heap_too_small_for_a_batch_ends_the_driver(lake: Lake, chronicle: Chronicle) -> None:
    """Of 250,000 it is not: what does not fit lies on the disk. Spark takes no smaller heap."""
    produce(lake, 1_000_000, seed=72)
    wait_for_free_port(lake)
    with second_driver(
        lake, "small.log", DRIVER_MEMORY="480m", MAX_OFFSETS_PER_TRIGGER="2000000"
    ) as driver:
        assert driver.wait(timeout=420) != 0
    assert "java.lang.OutOfMemoryError" in (lake.home / "logs" / "small.log").read_text()
    run_once(lake, MAX_OFFSETS_PER_TRIGGER="50000")
    chronicle.add("F7", "heap too small for a batch", fired=True, outcome="ended, then repaired")


def test_a_driver_that_cannot_start_says_why(lake: Lake) -> None:
    wait_for_free_port(lake)
    with pytest.raises(DevstackError, match="died while starting"):
        lake.stream(DRIVER_MEMORY="100m").start()
    assert lake.stream().state() is not State.READY


def test_f19_a_producer_that_sends_everything_again_changes_no_sum(
    lake: Lake, chronicle: Chronicle
) -> None:
    produce(lake, 2_000, seed=19)
    wait_for_free_port(lake)
    lake.stack(MAX_OFFSETS_PER_TRIGGER="50000").up(only=["stream"])
    prove(lake)
    with client_of(lake) as trino:
        [before] = trino.rows(GOLD_SUMS)
    sent = send_again(lake)
    lake.adlake("wait", "--timeout", "300")
    with client_of(lake) as trino:
        [after] = trino.rows(GOLD_SUMS)
    lake.stack().down(only=["stream"])
    assert sent > 1_000
    assert after == before
    chronicle.add("F19", "every record sent again", records=sent, outcome="no sum changed")


def send_again(lake: Lake) -> int:
    """Publish every record of the topic once more, with its key and its time."""
    servers = lake.settings().bootstrap_servers
    ends = topic_facts(servers, "ad_events").end_offsets
    consumer = KafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    producer = KafkaProducer(bootstrap_servers=servers, acks="all", linger_ms=20)
    sent = 0
    for partition, end in ends.items():
        one = TopicPartition("ad_events", partition)
        consumer.assign([one])
        consumer.seek_to_beginning(one)
        while consumer.position(one) < end:
            for record in consumer.poll(timeout_ms=1_000).get(one, []):
                if record.offset < end:
                    producer.send(
                        "ad_events", record.value, key=record.key, partition=partition,
                        timestamp_ms=record.timestamp,
                    )  # fmt: skip
                    sent += 1
    producer.flush()
    producer.close()
    consumer.close()
    return sent
