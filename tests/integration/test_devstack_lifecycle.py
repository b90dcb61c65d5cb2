"""The real servers, started twice, killed, repaired and stopped."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from kafka import KafkaConsumer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from pydantic import SecretStr

from adlake.devstack.services.ports import is_free, private_environment
from adlake.devstack.services.service import State
from adlake.devstack.stack import Stack
from adlake.devstack.status import as_table, status_of, status_of_stack
from adlake.devstack.supervisor.process import MARKER
from adlake.io.kafka.admin import TopicError, ensure_topic, topic_configuration
from adlake.provision.catalog import catalog_database
from adlake.settings import Settings
from tests.fixtures.patience import wait_until
from tests.fixtures.processes import arguments_of, listening
from tests.fixtures.quick_start import CPU_SECONDS, cost_of

pytestmark = pytest.mark.integration
SERVERS = ("postgres", "kafka", "trino")


def private_settings(home: Path) -> Settings:
    return Settings(private_environment(home))


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return []


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> Iterator[Stack]:
    settings = private_settings(tmp_path_factory.mktemp("lifecycle") / "home")
    one = Stack(settings, report=lines.append)
    try:
        one.up(only=SERVERS)
        yield one
    finally:
        one.nuke()


@pytest.fixture
def stack(started: Stack) -> Stack:
    """Its servers run, whatever another test stopped."""
    if {*started.running()} < {*SERVERS}:
        started.up(only=SERVERS)
    return started


def test_a_second_up_starts_nothing(stack: Stack, lines: list[str]) -> None:
    before = {one.name: one.main_process() for one in stack.services(SERVERS)}
    lines.clear()
    stack.up(only=SERVERS)
    assert {one.name: one.main_process() for one in stack.services(SERVERS)} == before
    assert sum("already running" in line for line in lines) == len(SERVERS)


def test_everything_listens_on_this_machine_only(stack: Stack) -> None:
    for service in stack.services(SERVERS):
        addresses = {address for address, _ in listening(service.processes())}
        assert addresses == {"127.0.0.1"}, f"{service.name} listens on {addresses}"


def test_the_topic_has_its_settings_and_is_not_created_by_accident(stack: Stack) -> None:
    settings = stack.settings
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    try:
        resource = ConfigResource(ConfigResourceType.TOPIC, settings.kafka.topic)
        answer = admin.describe_configs([resource])
    finally:
        admin.close()
    shown = str(answer)
    for name, value in topic_configuration(settings.kafka).items():
        assert name in shown
        assert value in shown
    consumer = KafkaConsumer(bootstrap_servers=settings.bootstrap_servers)
    try:
        assert len(consumer.partitions_for_topic(settings.kafka.topic)) == 4
        assert consumer.topics() >= {settings.kafka.topic}
        assert not consumer.partitions_for_topic("no_such_topic")
        assert "no_such_topic" not in consumer.topics()
    finally:
        consumer.close()


def test_a_topic_with_other_partitions_is_refused(stack: Stack) -> None:
    other = Settings(stack.settings.as_environment() | {"ADLAKE_TOPIC_PARTITIONS": "6"})
    with pytest.raises(TopicError, match="set it to 4"):
        ensure_topic(other.bootstrap_servers, other.kafka)


def test_the_catalog_needs_its_password(stack: Stack) -> None:
    database = catalog_database(stack.settings)
    with database.connect() as connection:
        shown = connection.execute("SELECT count(*) FROM iceberg_tables").fetchone()
    assert shown == (0,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        type(database)(**(vars(database) | {"password": SecretStr("guess")})).connect()


def test_no_secret_is_in_an_argument_or_a_log(stack: Stack) -> None:
    secret = stack.settings.catalog_password().get_secret_value()
    for service in stack.services(SERVERS):
        assert secret not in service.log_file.read_text(errors="replace")
        for process in service.processes():
            assert secret not in " ".join(arguments_of(process))
    for path in (stack.home / "trino").rglob("*.properties"):
        assert secret not in path.read_text()


def test_status_shows_memory(stack: Stack) -> None:
    rows = {row.service: row for row in map(status_of, stack.services())}
    for name in SERVERS:
        assert rows[name].state == State.READY
        assert rows[name].memory_bytes > 5_000_000
    assert rows["stream"].state == State.STOPPED


def test_status_of_running_servers_loads_one_client(stack: Stack) -> None:
    """Kafka's, which also knows what waits behind a transaction; it costs a quarter as much."""
    loaded, seconds, shown = cost_of("status", stack.settings.as_environment())
    assert shown.count(" ready ") == len(SERVERS), shown
    assert loaded == {"kafka"}
    assert seconds < 1.5 * CPU_SECONDS


@pytest.mark.chaos
def test_up_repairs_a_killed_broker_and_keeps_its_topic(stack: Stack) -> None:
    (kafka,) = stack.services(["kafka"])
    killed = kafka.main_process()
    assert killed is not None
    topic_id_before = _topic_id(stack.settings)
    killed.send_signal(signal.SIGKILL)
    psutil.wait_procs([killed], timeout=10)
    assert kafka.state() is State.DIED
    stack.up(only=SERVERS)
    assert kafka.state() is State.READY
    assert _topic_id(stack.settings) == topic_id_before


@pytest.mark.chaos
def test_a_killed_broker_comes_back_by_itself_and_one_taken_down_does_not(stack: Stack) -> None:
    supervised = Stack(Settings(stack.settings.as_environment() | {"ADLAKE_SUPERVISE": "true"}))
    supervised.up(only=SERVERS)
    (kafka,) = supervised.services(["kafka"])
    killed = kafka.main_process()
    assert killed is not None
    killed.send_signal(signal.SIGKILL)
    wait_until(
        lambda: kafka.state() is State.READY and kafka.main_process() != killed, 60, every=0.2
    )
    rows = {row.service: row for row in status_of_stack(supervised)}
    assert (rows["supervisor"].state, rows["kafka"].restarts) == (State.READY, 1)
    assert "kafka: started again 1 times; ended " in as_table(list(rows.values()))
    supervised.down(only=["kafka"])
    assert supervised.running() == ["postgres", "trino"]
    time.sleep(4)
    assert kafka.state() is State.STOPPED, "the supervisor undid what an operator did"
    supervised.supervisor().stop()


def test_down_and_nuke_leave_no_process_no_port_and_nothing_on_disk(started: Stack) -> None:
    stack = started
    if not stack.running():
        stack.up(only=SERVERS)
    stack.down()
    home = str(stack.home)
    left = [one for one in psutil.process_iter() if _marker_of(one).startswith(home)]
    assert left == []
    for service in stack.services(SERVERS):
        assert all(is_free(port) for port in service.ports().values())
        assert service.state() is State.STOPPED
    postgres = (stack.home / "postgres").resolve()
    assert (postgres / "data" / "PG_VERSION").exists()
    stack.nuke()
    assert not stack.home.exists()
    assert not postgres.exists(), "also where root keeps it outside of a closed folder"


def _topic_id(settings: Settings) -> str:
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    try:
        return str(admin.describe_topics([settings.kafka.topic])[0]["topic_id"])
    finally:
        admin.close()


def _marker_of(process: psutil.Process) -> str:
    try:
        return process.environ().get(MARKER, "")
    except psutil.Error:
        return ""
