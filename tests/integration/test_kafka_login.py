"""A broker that wants a login: all clients of ours log in alike; a wrong password is named."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient, ScramMechanism, UserScramCredentialUpsertion
from pydantic import SecretStr
from pyspark.sql import SparkSession

from adlake.devstack.services.kafka import Kafka
from adlake.devstack.services.ports import free_ports, private_environment
from adlake.devstack.stack import Stack
from adlake.io.iceberg.stamp import LastRecord
from adlake.io.kafka.access import KafkaAccess
from adlake.io.kafka.admin import ensure_topic
from adlake.io.kafka.holes import OffsetRange, ranges_without_records
from adlake.io.kafka.last_records import with_last_records
from adlake.io.kafka.producer import build_producer, close_producer, publish_all
from adlake.io.kafka.ranges import fetch_ranges
from adlake.io.kafka.topic import TopicWatch, topic_facts
from adlake.io.outages import spark_trouble
from adlake.io.spark.kafka_source import kafka_records
from adlake.io.spark.session import build_session
from adlake.provision.outside import kafka_access
from adlake.settings import REPO_ROOT, Settings
from tests.fixtures.sessions import resources_of

pytestmark = pytest.mark.integration
PASSWORD = 'canary"\\7'  # noqa: S105 - of a broker that lives for a minute
SENTENCE = "refuses the login of user 'ads'"


class BrokerWithLogin(Kafka):
    """Our broker with a second listener, as others have it: SASL, no way in without a password."""

    login_port = 0

    def prepare(self) -> None:
        super().prepare()
        file = self._folder / "server.properties"
        text, port = file.read_text(), self.settings.ports.kafka_port
        for kind in ("listeners", "advertised.listeners"):
            ours = f"{kind}=BROKER://127.0.0.1:{port}"
            text = text.replace(ours, f"{ours},LOGIN://127.0.0.1:{self.login_port}")
        text = text.replace("map=BROKER:PLAINTEXT", "map=LOGIN:SASL_PLAINTEXT,BROKER:PLAINTEXT")
        security = "org.apache.kafka.common.security"
        quoted = PASSWORD.replace("\\", "\\\\").replace('"', '\\"').replace("\\", "\\\\")
        text += f"""
listener.name.login.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.login.plain.sasl.jaas.config={security}.plain.PlainLoginModule required \
user_ads="{quoted}";
listener.name.login.scram-sha-256.sasl.jaas.config={security}.scram.ScramLoginModule required;
listener.name.login.scram-sha-512.sasl.jaas.config={security}.scram.ScramLoginModule required;
"""
        file.write_text(text)

    def let_in(self) -> None:
        """The user with its SCRAM passwords."""
        admin = KafkaAdminClient(bootstrap_servers=self.settings.bootstrap_servers)
        mechanisms = (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512)
        for one in mechanisms:  # of both in one request the client sends one
            told = admin.alter_user_scram_credentials(
                [UserScramCredentialUpsertion("ads", one, PASSWORD)]
            )
            assert told == {"ads": None}
        admin.close()


@dataclass(frozen=True)
class Client:
    """One user of the broker."""

    settings: Settings
    access: KafkaAccess
    wrong: KafkaAccess
    first_offsets: dict[int, int]
    """Of the topic, as the stack had just made it."""

    def by(self, mechanism: str) -> KafkaAccess:
        return replace(self.access, sasl_mechanism=mechanism)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    home = tmp_path_factory.mktemp("kafka-login")
    own = private_environment(home / "broker")
    broker = BrokerWithLogin(Settings(own), Stack(Settings(own), print).installation)
    [broker.login_port] = free_ports(1)
    broker.start()
    try:
        broker.let_in()
        password_file = home / "password"
        password_file.write_text(f"{PASSWORD}\n")
        settings = Settings(private_environment(home / "client") | {
            "ADLAKE_KAFKA_BOOTSTRAP": f"127.0.0.1:{broker.login_port}",
            "ADLAKE_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "ADLAKE_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "ADLAKE_KAFKA_USER": "ads", "ADLAKE_KAFKA_PASSWORD_FILE": str(password_file),
            "ADLAKE_TOPIC": "of_others",
        })  # fmt: skip
        access = kafka_access(settings)
        Kafka(settings).join()
        made = dict(topic_facts(access, "of_others").end_offsets)
        yield Client(settings, access, replace(access, password=SecretStr("canary8")), made)
    finally:
        broker.stop()


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    session = build_session("login", resources_of("1g"))
    yield session
    session.stop()


def test_the_stack_joins_it_and_makes_the_topic(client: Client) -> None:
    assert Kafka(client.settings).elsewhere() == client.settings.bootstrap_servers
    assert client.first_offsets == dict.fromkeys(range(4), 0)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_every_client_logs_in_by_every_mechanism(
    client: Client, mechanism: str, tmp_path: Path
) -> None:
    access = client.by(mechanism)
    ensure_topic(access, client.settings.kafka, is_own=False)
    ((partition, offset),) = publish_all(access, "of_others", [(b"key", b"{}", 1_700_000_000_000)])
    topic = topic_facts(access, "of_others")
    assert topic.end_offsets[partition] == offset + 1
    assert TopicWatch(access, "of_others").current_id() == topic.topic_id
    known = with_last_records(topic, access, {partition: LastRecord(offset, 0, 0)})
    assert known.last_records[partition].offset == offset
    here = OffsetRange(partition, offset, offset + 1)
    assert ranges_without_records(access, "of_others", [here]) == []
    bounds = ({partition: offset}, {partition: offset + 1})
    assert fetch_ranges(access, "of_others", *bounds, tmp_path / "x.parquet").records == 1


def test_spark_logs_in_and_shows_the_password_nowhere(
    client: Client, spark: SparkSession, tmp_path: Path
) -> None:
    for number, mechanism in enumerate(("PLAIN", "SCRAM-SHA-512")):
        publish_all(client.access, "of_others", [(b"key", b"{}", 1_700_000_000_000)])
        held = sum(topic_facts(client.access, "of_others").end_offsets.values())
        access = client.by(mechanism)
        rows, plan = streamed(spark, access, tmp_path / str(number), client.settings)
        assert rows == held
        assert "canary" not in plan
        assert "canary" not in str(spark.sparkContext.getConf().getAll())


def streamed(
    spark: SparkSession, access: KafkaAccess, folder: Path, settings: Settings
) -> tuple[int, str]:
    """Rows that one run of the stream read, and everything Spark shows of it."""
    offsets = {"of_others": {str(partition): 0 for partition in range(4)}}
    records = kafka_records(
        spark, access, "of_others", label="of_others", starting_offsets=json.dumps(offsets),
        most_per_batch=1_000, secrets_dir=settings.paths.secrets_dir,
    )  # fmt: skip
    query = (
        records.writeStream.format("memory").queryName(f"login_{folder.name}")
        .option("checkpointLocation", str(folder)).trigger(availableNow=True).start()
    )  # fmt: skip
    query.awaitTermination(120)
    plan = query._jsq.explainInternal(True)
    shown = [str(plan), records._jdf.queryExecution().toString(), str(query.recentProgress)]
    shown += [one.read_text(errors="replace") for one in folder.rglob("*") if one.is_file()]
    return spark.table(f"login_{folder.name}").count(), "\n".join(shown)


CLIENTS: dict[str, Callable[[KafkaAccess, Client], object]] = {
    "topic facts": lambda access, _: topic_facts(access, "of_others", 5.0),
    "topic watch": lambda access, _: TopicWatch(access, "of_others").current_id(),
    "topic settings": lambda access, client: ensure_topic(access, client.settings.kafka),
    "producer": lambda access, _: close_producer(build_producer(access)),
    "holes": lambda access, _: ranges_without_records(access, "t", [OffsetRange(0, 0, 1)]),
    "range": lambda access, client: fetch_ranges(
        access, "t", {0: 0}, {0: 1}, client.settings.paths.home.parent / "range.parquet"
    ),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_wrong_password_is_one_sentence_in_every_client(client: Client, name: str) -> None:
    with pytest.raises(Exception, match=SENTENCE) as refused:
        CLIENTS[name](client.wrong, client)
    assert "\n" not in str(refused.value)
    assert "canary" not in str(refused.value)


def test_a_client_that_speaks_without_login_is_told_so(client: Client) -> None:
    plain = KafkaAccess(client.access.bootstrap_servers)
    with pytest.raises(Exception, match="Kafka does not answer at"):
        topic_facts(plain, "of_others", 2.0)


def test_a_wrong_password_is_one_sentence_of_a_command(client: Client, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("canary9")
    given = client.settings.as_environment() | {"ADLAKE_KAFKA_PASSWORD_FILE": str(wrong)}
    done = subprocess.run(
        [sys.executable, "-m", "adlake.cli", "generate", "--events", "1"],
        env=given | {"PATH": "/usr/bin:/bin"}, cwd=REPO_ROOT, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if line.startswith("adlake: ")]
    assert len(said) == 1
    assert SENTENCE in said[0]
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stdout + done.stderr


def test_a_wrong_password_is_one_sentence_of_spark(
    client: Client, spark: SparkSession, tmp_path: Path
) -> None:
    with pytest.raises(Exception, match="Authentication") as refused:
        streamed(spark, client.wrong, tmp_path / "wrong", client.settings)
    sentence = spark_trouble(refused.value)
    assert sentence is not None
    assert sentence.startswith("Kafka refuses the login")
    assert "canary" not in str(refused.value)
