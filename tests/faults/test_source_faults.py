"""F9-F12, F15-F18, F20: checkpoint, offsets and topic are damaged.

What the stamps can bridge goes on by itself. What would lose or misplace records stops by name, and
an operator goes on by `adlake source continue`, which keeps the reason.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewPartitions

from adlake.devstack.errors import DevstackError
from adlake.io.kafka.admin import ensure_topic
from adlake.io.kafka.topic import topic_facts
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import (
    client_of,
    drilled_lake,
    produce,
    prove,
    prove_history,
    run_into,
    run_once,
    second_driver,
    wait_for_free_port,
    wait_until_stopped,
)
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake of its own, with a past: its topic is cut, deleted and grown."""
    with drilled_lake(tmp_path_factory.mktemp("source") / "home") as one:
        produce(one, 500, seed=9)
        run_once(one)
        yield one


def refused(lake: Lake, error: str) -> str:
    """Start a driver that must stop by name; returns the end of its log."""
    wait_for_free_port(lake)
    with pytest.raises(DevstackError, match=error):
        lake.stream().start()
    return lake.stream().last_log_lines(30)


def go_on(lake: Lake, reason: str) -> None:
    assert lake.adlake("source", "show", expected=1).stderr
    lake.adlake("source", "continue", "--reason", reason)
    assert reason in lake.adlake("source", "show").stdout


@pytest.mark.parametrize("damage", ["deleted", "emptied", "rolled back"])
def test_f09_f10_f11_a_damaged_checkpoint_changes_nothing(
    lake: Lake, chronicle: Chronicle, damage: str
) -> None:
    produce(lake, 2_000, seed=len(damage))
    run_into(lake, "gold.after_commit=kill9@batch1")
    (lake.home / "failpoints" / "gold.after_commit.kill9.1").unlink()
    checkpoint = lake.settings().paths.checkpoint_dir / "attribution"
    logs = sorted(file for file in checkpoint.rglob("offsets/*") if file.name.isdigit())
    assert logs, "the run left a checkpoint"
    if damage == "deleted":
        shutil.rmtree(checkpoint)
    elif damage == "emptied":
        logs[-1].write_bytes(b"")
    else:
        logs[-1].unlink()
        for commit in checkpoint.rglob("commits/*"):
            commit.unlink()
    run_once(lake)
    fault = {"deleted": "F9", "emptied": "F10", "rolled back": "F11"}[damage]
    chronicle.add(fault, f"checkpoint {damage}", outcome="nothing read twice, nothing lost")


def test_f12_another_rate_limit_at_the_restart_changes_nothing(
    lake: Lake, chronicle: Chronicle
) -> None:
    produce(lake, 2_000, seed=12)
    run_into(lake, "bronze.after_commit=kill9@batch1")
    run_into(lake, "bronze.after_commit=kill9@batch0", MAX_OFFSETS_PER_TRIGGER="137")
    run_once(lake)
    chronicle.add("F12", "other rate limit between Bronze and Gold", outcome="same Gold")


def test_f18_partitions_added_while_the_stream_runs(lake: Lake, chronicle: Chronicle) -> None:
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    before = topic_facts(lake.settings().bootstrap_servers, "ad_events")
    grow_topic(lake, 6)
    produce(lake, 2_000, seed=18)
    prove(lake)
    lake.stack().down(only=["stream"])
    after = topic_facts(lake.settings().bootstrap_servers, "ad_events")
    assert (len(before.end_offsets), len(after.end_offsets)) == (4, 6)
    assert all(after.end_offsets[p] > 0 for p in (4, 5))
    chronicle.add("F18", "partitions 4 to 6 while the stream runs", outcome="same Gold")


def test_f18_partitions_added_while_the_stream_starts(lake: Lake, chronicle: Chronicle) -> None:
    produce(lake, 600, seed=180)
    wait_for_free_port(lake)
    with second_driver(lake, "grown.log", FAILPOINTS="stream.before_start=stop") as driver:
        wait_until_stopped(driver)
        grow_topic(lake, 8)
        driver.send_signal(signal.SIGCONT)
        prove(lake)
    assert "starting again" in (lake.home / "logs" / "grown.log").read_text()
    chronicle.add("F18", "partitions 6 to 8 while the stream starts", fired=True, outcome="same")


def grow_topic(lake: Lake, partitions: int) -> None:
    admin = KafkaAdminClient(bootstrap_servers=lake.settings().bootstrap_servers)
    admin.create_partitions({"ad_events": NewPartitions(total_count=partitions)})
    admin.close()
    lake.extra["TOPIC_PARTITIONS"] = str(partitions)


def test_f20_an_aborted_transaction_is_never_read(
    tmp_path_factory: pytest.TempPathFactory, chronicle: Chronicle
) -> None:
    # A lake of its own: which offsets hold no record, a broker says only while it has them.
    with drilled_lake(tmp_path_factory.mktemp("aborted") / "home") as lake:
        produce(lake, 500, seed=200)
        run_once(lake)
        abort_a_transaction(lake)
        prove(lake)
    chronicle.add("F20", "a transaction of 20 records aborted", outcome="none of them in Bronze")


def abort_a_transaction(lake: Lake) -> None:
    with client_of(lake) as trino:
        [[before]] = trino.rows("SELECT count(*) FROM bronze.ad_events")
    producer = KafkaProducer(
        bootstrap_servers=lake.settings().bootstrap_servers, transactional_id="aborted",
        acks="all", enable_idempotence=True,
    )  # fmt: skip
    producer.init_transactions()
    producer.begin_transaction()
    for number in range(20):
        producer.send("ad_events", b'{"never": "read"}', key=b"%d" % number, partition=0)
    producer.flush()
    producer.abort_transaction()
    producer.close()
    produce(lake, 1_000, seed=20)
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    lake.adlake("wait", "--timeout", "240")
    lake.stack().down(only=["stream"])
    with client_of(lake) as trino:
        [[never]] = trino.rows(
            "SELECT count(*) FROM bronze.ad_events WHERE raw_payload LIKE '%never%'"
        )
        [[after]] = trino.rows("SELECT count(*) FROM bronze.ad_events")
    assert never == 0
    assert after >= before + 1_000


def test_f17_records_deleted_unread_stop_the_stream_until_an_operator_goes_on(
    lake: Lake, chronicle: Chronicle
) -> None:
    produce(lake, 2_000, seed=17)
    admin = KafkaAdminClient(bootstrap_servers=lake.settings().bootstrap_servers)
    end = topic_facts(lake.settings().bootstrap_servers, "ad_events").end_offsets
    admin.delete_records({TopicPartition("ad_events", 0): end[0]})
    admin.close()
    log = refused(lake, "RetentionGapError|retention deleted records")
    assert "adlake source continue" in log
    go_on(lake, "a disk was too small")
    audit = continue_and_verify(lake)
    # On purpose is lost all the same.
    assert "MISSING partition 0" in audit
    assert "went on without them" in audit
    chronicle.add("F17", "unread records deleted", outcome="stopped by name, continued on purpose")


@pytest.mark.parametrize("then", ["shorter", "longer"])
def test_f16_a_recreated_topic_stops_the_stream_until_an_operator_goes_on(
    lake: Lake, chronicle: Chronicle, then: str
) -> None:
    recreate_topic(lake)
    produce(lake, 300 if then == "shorter" else 9_000, seed=len(then))
    log = refused(lake, "deleted and made again")
    assert "adlake source continue" in log
    go_on(lake, f"the topic was made again, {then}")
    assert "MISSING" not in continue_and_verify(lake)
    chronicle.add("F16", f"topic made again, {then}", outcome="stopped by name, continued")


@pytest.mark.parametrize("then", ["shorter", "longer"])
def test_f15_a_lost_tail_stops_the_stream_until_an_operator_goes_on(
    lake: Lake, chronicle: Chronicle, then: str
) -> None:
    stack = lake.stack()
    produce(lake, 1_000, seed=15 + len(then))
    stack.down(only=["kafka"])
    old = lake.home / "kafka-before"
    shutil.copytree(lake.home / "kafka", old)
    stack.up(only=["kafka"])
    produce(lake, 1_000, seed=151)
    wait_for_free_port(lake)
    stack.up(only=["stream"])
    lake.adlake("wait", "--timeout", "240")
    stack.down(only=["stream"])
    stack.down(only=["kafka"])
    shutil.rmtree(lake.home / "kafka")
    old.rename(lake.home / "kafka")
    stack.up(only=["kafka"])
    if then == "longer":
        produce(lake, 4_000, seed=153)  # past every offset that the lake contains
    log = refused(lake, "lost its tail")
    assert "partition" in log
    assert ("other records" in log) is (then == "longer")
    go_on(lake, f"the broker's disk was restored from a backup, {then}")
    audit = continue_and_verify(lake)
    # Bronze keeps what the broker lost, but no log holds it any more.
    assert "MISSING partition" in audit
    assert "acknowledged" in audit.partition("MISSING")[2]
    assert "was read again from offset 0" in audit
    what = {"shorter": "", "longer": ", then written past what was lost"}[then]
    chronicle.add(
        "F15", f"broker restored to an older state{what}", outcome="stopped by name, continued"
    )


def continue_and_verify(lake: Lake) -> str:
    """The stream goes on, and the lake is lawful; the generator's truth knows lost records.

    Returns what `adlake producers` says then.
    """
    produce(lake, 1_000, seed=int(time.time()) % 10_000)
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    lake.adlake("wait", "--timeout", "240")
    lake.stack().down(only=["stream"])
    verified = lake.adlake("verify", expected=None)
    assert "0 differ" in verified.stdout
    assert "Bronze misses" not in verified.stdout
    assert "another topic" not in verified.stdout
    return audit_of(lake)


def audit_of(lake: Lake) -> str:
    """The producer audit after the stream went on: what it read is never called outstanding."""
    audit = lake.adlake("producers", expected=None)
    assert audit.returncode in (0, 1), audit.stderr
    assert "in Bronze" in audit.stdout, audit.stderr
    assert "not in Bronze yet" not in audit.stdout
    assert "from before the first one in Bronze" not in audit.stdout
    return audit.stdout


def recreate_topic(lake: Lake) -> None:
    settings = lake.settings()
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    old = topic_facts(settings.bootstrap_servers, "ad_events").topic_id
    admin.delete_topics(["ad_events"])
    deadline = time.monotonic() + 30
    while "ad_events" in admin.list_topics():
        assert time.monotonic() < deadline, "the topic is still there"
        time.sleep(0.2)
    admin.close()
    ensure_topic(settings.bootstrap_servers, settings.kafka)
    assert topic_facts(settings.bootstrap_servers, "ad_events").topic_id != old


def test_heads_and_stamps_are_lawful_after_all_of_them(lake: Lake, chronicle: Chronicle) -> None:
    chronicle.add("F9-F20", "every head compared", **prove_history(lake))
