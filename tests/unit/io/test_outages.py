"""What was away when Spark failed is named, from the texts that real outages left."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import MagicMock

import pytest
from kafka import errors
from pydantic import SecretStr

from adlake.cli import application, crash
from adlake.io.kafka.access import KafkaAccess
from adlake.io.kafka.errors import login_trouble
from adlake.io.outages import outage_in, spark_trouble
from adlake.streaming import application as streaming_application
from adlake.streaming.source import TopicRecreatedError

PROXY = """An exception was raised by the Python Proxy. \
Return Message: Traceback (most recent call last):
  File "stream.py", line 246, in _on_batch
    self._attempts.process(processor, records, batch_id, self._second_reader)
{}

\tat py4j.Protocol.getReturnValue(Protocol.java:476)
\tat py4j.reflection.PythonProxyHandler.invoke(PythonProxyHandler.java:108)
"""
JAVA = """py4j.protocol.Py4JJavaError: An error occurred while calling o91.loadTable.
: org.apache.iceberg.jdbc.UncheckedSQLException: Failed to get table gold.ad_performance_state
\tat org.apache.iceberg.jdbc.JdbcTableOperations.doRefresh(JdbcTableOperations.java:84)
Caused by: {}
\tat java.base/java.lang.Thread.run(Thread.java:840)
\t... 56 more
"""
CLOSED = "org.postgresql.util.PSQLException: This connection has been closed."
ENDED = (
    "org.postgresql.util.PSQLException: FATAL: terminating connection due to administrator command"
)
REFUSED = (
    "org.postgresql.util.PSQLException: Connection to 127.0.0.1:27444 refused. Check that the "
    "hostname and port are correct and that the postmaster is accepting TCP/IP connections."
)
STARTING = "org.postgresql.util.PSQLException: FATAL: the database system is starting up"
REFUSES = 'org.postgresql.util.PSQLException: FATAL: password authentication failed for user "a"'
TIMED_OUT = (
    "org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment. "
    "Call: describeTopics"
)
FULL = "java.io.IOException: No space left on device"
FULL_DATABASE = (
    'org.postgresql.util.PSQLException: ERROR: could not extend file "base/5/2608": '
    "No space left on device"
)
FENCED = "org.postgresql.util.PSQLException: ERROR: fenced: lease attribution is at epoch 3"
BUG = "java.lang.NullPointerException: schema"
AWAY = "the catalog database does not answer ("
MEMORY = "java.lang.OutOfMemoryError: Java heap space"


class StreamingQueryException(Exception):  # noqa: N818
    """Stands for the one of PySpark, which cannot be made without a JVM."""


StreamingQueryException.__module__ = "pyspark.errors.exceptions.captured"


class UnreachableError(Exception):
    """Asks the JVM for its own text, which is gone."""

    def __str__(self) -> str:
        from py4j.protocol import Py4JNetworkError

        raise Py4JNetworkError("Answer from Java side is empty")


UnreachableError.__module__ = "py4j.protocol"


@pytest.mark.parametrize("form", ["{}", JAVA, PROXY.format(JAVA)], ids=["alone", "java", "proxy"])
@pytest.mark.parametrize(
    ("cause", "begins", "advice"),
    [
        (CLOSED, AWAY + "This connection has been closed.)", "`make up`"),
        (ENDED, AWAY + "FATAL: terminating connection", "make logs NAME=postgres"),
        (REFUSED, AWAY + "Connection to 127.0.0.1:27444 refused", "make logs NAME=postgres"),
        (STARTING, AWAY + "FATAL: the database system is starting up", "`make up`"),
        (REFUSES, "the catalog database refuses this password", ""),
        (TIMED_OUT, "Kafka does not answer (TimeoutException: Timed out", "NAME=kafka"),
        (FULL, "the disk: No space left on device", "make room"),
        (FULL_DATABASE, "the disk: No space left on device", "make room"),
        (MEMORY, "the Spark JVM is out of memory", "ADLAKE_DRIVER_MEMORY"),
        (
            "software.amazon.awssdk.services.s3.model.AccessDeniedException: Access Denied. "
            "(Service: S3, Status Code: 403, Request ID: X4TE) (SDK Attempt Count: 1)",
            "the object store refuses this key (Access Denied. (Service: S3, Status Code: 403))",
            "ADLAKE_S3_SECRET_KEY_FILE",
        ),
        (
            "software.amazon.awssdk.services.s3.model.S3Exception: SlowDown "
            "(Service: S3, Status Code: 503, Request ID: null) (SDK Attempt Count: 6)",
            "the object store does not answer, or not as it should (SlowDown (Service: S3, Status "
            "Code: 503))",
            "ADLAKE_S3_ENDPOINT",
        ),
        (
            "software.amazon.awssdk.core.exception.SdkClientException: Unable to execute HTTP "
            "request: Connect to 127.0.0.1:9000 failed: Connection refused",
            "the object store does not answer, or not as it should (Unable to execute HTTP request",
            "goes on",
        ),
        (
            "org.apache.iceberg.exceptions.ValidationException: Cannot use branch (does not "
            "exist): staging",
            "the catalog lost a branch of a table that it had been told to keep (Cannot use branch "
            "(does not exist): staging)",
            "a REST catalog has to keep branches",
        ),
        (FENCED, "fenced: lease attribution is at generation 3: another driver", ""),
    ],
)  # fmt: skip
def test_what_was_away_is_named(form: str, cause: str, begins: str, advice: str) -> None:
    said = spark_trouble(StreamingQueryException(form.format(cause)))
    assert said is not None
    assert said.startswith(begins)
    assert advice in said
    assert "\n" not in said


def test_a_jvm_that_is_gone_is_named_although_it_cannot_be_asked() -> None:
    assert "the Spark JVM of this command is gone" in str(spark_trouble(UnreachableError()))


@pytest.mark.parametrize("form", ["{}", JAVA, PROXY.format(JAVA)], ids=["alone", "java", "proxy"])
def test_a_bug_stays_a_bug_and_its_cause_is_said(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = StreamingQueryException(form.format(BUG))
    assert spark_trouble(error) is None
    monkeypatch.setattr(crash, "_folders", lambda: [tmp_path])
    said = application._sentence_for(error)
    assert said.startswith(f"unexpected StreamingQueryException: {BUG}. This is a fault of adlake")


def test_a_python_error_in_a_batch_is_said_and_not_the_bridge_that_carried_it() -> None:
    from adlake.io.spark.errors import deepest_cause

    assert deepest_cause(PROXY.format("ValueError: no such thing")) == "ValueError: no such thing"


def test_a_command_ends_in_that_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(**_: object) -> None:
        raise StreamingQueryException(PROXY.format(JAVA.format(CLOSED)))

    monkeypatch.setattr(application, "app", failing)
    with pytest.raises(SystemExit):
        application.main()
    assert capsys.readouterr().err.startswith(f"adlake: {AWAY}")


def test_the_stream_ends_with_what_its_batch_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    lasting = TopicRecreatedError("the topic was made again")
    reading = SimpleNamespace(
        begin=MagicMock(), start=MagicMock(), failure=lasting, has_only_grown=lambda _: True,
        pipeline=MagicMock(), query=MagicMock(isActive=False),
    )  # fmt: skip
    reading.query.exception.return_value = StreamingQueryException("wrapped")
    for name in ("refuse_lost_tables", "ClockWait", "behind_tables", "Attempts", "IcebergTable",
                 "OperationRunner", "HeadsRecorder", "Reading"):  # fmt: skip
        monkeypatch.setattr(streaming_application, name, MagicMock())
    monkeypatch.setattr(streaming_application, "StreamingQueryException", StreamingQueryException)
    run = streaming_application._Run(MagicMock(), MagicMock(), MagicMock())
    run._readings = [cast("Any", reading)]
    with pytest.raises(TopicRecreatedError):
        run._run_queries(MagicMock())


def test_errors_of_others_are_left_alone() -> None:
    assert spark_trouble(ValueError(FULL)) is None
    assert outage_in("all is well") is None


@pytest.mark.parametrize(
    ("error", "protocol", "sentence"),
    [
        (
            errors.SaslAuthenticationFailedError("58"), "SASL_SSL",
            "Kafka at k:1 refuses the login of user 'ads' (PLAIN): check ADLAKE_KAFKA_USER",
        ),
        (
            errors.UnsupportedSaslMechanismError(), "SASL_PLAINTEXT",
            "Kafka at k:1 does not offer PLAIN: choose another ADLAKE_KAFKA_SASL_MECHANISM",
        ),
        (
            errors.TopicAuthorizationFailedError(), "SASL_SSL",
            "Kafka at k:1 does not allow that to user 'ads' (PLAIN) (TopicAuthorization",
        ),
        (
            errors.KafkaTimeoutError("x"), "SASL_SSL",
            "Kafka at k:1 does not answer by SASL_SSL (KafkaTimeoutError: x): check that this is "
            "what its port speaks, and that ADLAKE_KAFKA_CA_FILE signs its certificate",
        ),
        (errors.KafkaTimeoutError("x"), "PLAINTEXT", None),
        (errors.CorruptRecordError(), "SASL_SSL", None),
    ],
)  # fmt: skip
def test_what_a_broker_refuses_is_named_with_its_setting(
    error: errors.KafkaError, protocol: str, sentence: str | None
) -> None:
    has_login = protocol != "PLAINTEXT"
    login = ("PLAIN", "ads", SecretStr("canary")) if has_login else ()
    said = login_trouble(error, KafkaAccess("k:1", protocol, *login))
    assert said == sentence if sentence is None else (said or "").startswith(sentence)
