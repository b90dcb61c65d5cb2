"""A tenant that the engine has never heard of: an entry of the registry and a pipeline are enough.

It is written, guarded, counted, waited for, proven and shown, on real Spark and real Trino, and no
line of streaming/, maintenance/ or proof/ knows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.attribution.pipeline import provision_audit_views
from adlake.contracts import registry
from adlake.contracts.registry import Check, Erasure, Filling, TableSpec
from adlake.contracts.tables import CATALOG, NAMESPACES
from adlake.io.deadline import Deadline
from adlake.io.iceberg.table import IcebergTable
from adlake.io.kafka.acks import PartitionAcks
from adlake.io.kafka.topic import TopicFacts
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.sql.files import bind, sql_text
from adlake.io.trino.client import TrinoClient, connect
from adlake.maintenance.between_batches import Maintenance, MaintenancePlan
from adlake.metrics.query import run_metric
from adlake.proof.producer_counts import ProducerCount
from adlake.proof.producers import AuditedTopic, current_audit
from adlake.proof.records import NOT_ASKED, RecordsFacts, RecordsSource, verify_records
from adlake.proof.records_sql import completeness_sql, records_values
from adlake.proof.wait import Target, wait_for_tables
from adlake.settings import Settings
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from adlake.streaming.filing import filed_rows
from adlake.streaming.pipeline import Pipeline, Writer
from adlake.wiring.lake import lake_reader
from tests.fixtures.made_tables import MadeTables

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

TABLE, TOPIC, TOPIC_ID = "bronze.audit_probe", "audit_probe", "id-of-the-probe"
SPEC = TableSpec(
    TABLE, "record of topic audit_probe", ("kafka_topic", "kafka_partition", "kafka_offset"),
    Filling.APPEND, Erasure.NOBODY, (Check.OFFSETS, Check.COUNTS), pipeline="probe",
    has_recorded_head=True, expires=True,
)  # fmt: skip
OWN_COLUMNS = ("probe", "level")
COLUMNS = (
    *OWN_COLUMNS, "raw_payload", "raw_bytes", "kafka_topic", "kafka_partition", "kafka_offset",
    "kafka_key", "ingest_ts", "reject_reason", "reject_detail", "partition_ts",
)  # fmt: skip
DDL = f"""CREATE TABLE {CATALOG}.{TABLE} (
  probe STRING, level INT, raw_payload STRING, raw_bytes BINARY, kafka_topic STRING NOT NULL,
  kafka_partition INT NOT NULL, kafka_offset BIGINT NOT NULL, kafka_key BINARY,
  ingest_ts TIMESTAMP NOT NULL, reject_reason STRING, reject_detail STRING,
  partition_ts TIMESTAMP NOT NULL
) USING iceberg PARTITIONED BY (hours(partition_ts)) TBLPROPERTIES ('format-version' = '2')"""
SENT_MS = 1_772_445_600_000


class ProbePipeline:
    """`name=7` is an event; anything else is refused."""

    name = "probe"
    topic = TOPIC
    records_table = TABLE

    def admit(self, records: DataFrame) -> DataFrame:
        """A name, and a level that is a whole number."""
        return (
            records.withColumn("raw_payload", F.decode("value", "UTF-8"))
            .withColumn("raw_bytes", F.lit(None).cast("binary"))
            .withColumn("probe", F.split("raw_payload", "=")[0])
            .withColumn("level", F.expr("try_cast(get(split(raw_payload, '='), 1) AS INT)"))
            .withColumn("reject_reason", F.when(F.col("level").isNull(), F.lit("BAD_LEVEL")))
            .withColumn("reject_detail", F.col("reject_reason"))
            .withColumn("ingest_ms", F.unix_millis("ingest_ts"))
            .withColumn("ts_ms", F.col("ingest_ms"))
        )

    def rows(self, deliveries: DataFrame, width_ms: int) -> DataFrame:
        """As the engine files them."""
        return filed_rows(deliveries, COLUMNS, width_ms)

    def writers(self, session: SparkSession) -> tuple[tuple[Writer, ...], ...]:
        """None."""
        return ()

    def renew(self, session: SparkSession) -> None:
        """Nothing to renew."""


@dataclass
class ProbeTruth:
    """What the sender of all records below wrote down."""

    run_id: str = "probe-run"
    topic: str = TOPIC
    topic_id: str = TOPIC_ID
    acks: dict[int, PartitionAcks] = field(
        default_factory=lambda: {0: PartitionAcks(8, 8), 1: PartitionAcks(4, 4)}
    )
    is_exact: bool = True
    deliveries: int = 12
    rejected: dict[str, int] = field(default_factory=lambda: {"BAD_LEVEL": 2})
    admitted_by: dict[str, dict[str, int]] = field(
        default_factory=lambda: {"probe": {"warm": 8, "cold": 2}}
    )


def records(session: SparkSession, sent: Sequence[tuple[int, int, str]]) -> DataFrame:
    """Kafka records from (partition, offset, payload)."""
    key = bytearray(b"k")
    rows = [(bytearray(text, "utf-8"), TOPIC, p, o, key, SENT_MS) for p, o, text in sent]
    schema = (
        "value binary, kafka_topic string, kafka_partition int, kafka_offset bigint, "
        "kafka_key binary, ingest_ms bigint"
    )
    frame = session.createDataFrame(rows, schema)
    return frame.withColumn("ingest_ts", F.timestamp_millis("ingest_ms")).drop("ingest_ms")


WARM = [(0, offset, f"warm={offset}") for offset in range(7)] + [(0, 7, "warm")]
COLD = [(1, 0, "cold=1"), (1, 1, "cold=2"), (1, 2, "cold=?"), (1, 3, "warm=0")]


@pytest.fixture(scope="module")
def tenant(spark: SparkSession, made_tables: MadeTables) -> Iterator[Pipeline]:
    """The registry with one more entry, and its table; two batches, the second one sent twice."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(registry, "SPECS", (*registry.SPECS, SPEC))
        made_tables.provision(spark)
        for namespace in NAMESPACES:
            spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.{namespace}")
        spark.sql(DDL)
        provision_audit_views(spark)
        probe = ProbePipeline()
        maintenance = Maintenance(MaintenancePlan(1, 1, 60.0, 1))
        maintenance.begin(spark, [probe])
        identity = WriterIdentity(SourceIncarnation(TOPIC), TOPIC_ID, generation=1, query_id="q")
        for number, batch in enumerate((WARM, [*WARM, *COLD], COLD)):
            # Each by a driver of its own, which knows nothing but the table's stamps.
            processor = BatchProcessor(spark, probe, identity, lambda: None)
            processor.process(records(spark, batch), number)
            maintenance.run_maintenance(spark, probe.name, number + 1)
        yield probe


@pytest.fixture(scope="module")
def trino(private_lake: Settings) -> Iterator[TrinoClient]:
    with connect(private_lake.ports.trino_port) as client:
        yield client


def verified(trino: TrinoClient, truth: ProbeTruth | None = None) -> RecordsFacts:
    return verify_records(
        trino, TABLE, RecordsSource(NOT_ASKED, lambda: [truth or ProbeTruth()]), rows_shown=5
    )


def test_each_record_is_there_once_with_its_verdict(tenant: Pipeline, spark: SparkSession) -> None:
    rows = spark.table(f"{CATALOG}.{tenant.records_table}").collect()
    assert len(rows) == len({(row.kafka_partition, row.kafka_offset) for row in rows}) == 12
    assert sum(row.level for row in rows if row.reject_reason is None) == sum(range(7)) + 3
    stamp = IcebergTable(spark, TABLE).newest_stamp()
    assert stamp is not None
    assert stamp.next_offsets == {0: 8, 1: 4}


def test_it_is_waited_for(tenant: Pipeline, private_lake: Settings) -> None:
    topic = TopicFacts(TOPIC, TOPIC_ID, {0: 0, 1: 0}, {0: 8, 1: 4})
    target = Target(topic, SourceIncarnation(TOPIC), tables=(tenant.records_table,))
    assert wait_for_tables(lake_reader(private_lake), target, Deadline(30)).records == 12


def test_its_batches_are_counted_and_the_counts_close(tenant: Pipeline, trino: TrinoClient) -> None:
    assert tenant.records_table.split(".")[1] in completeness_sql(10)
    assert trino.records(completeness_sql(10)) == []
    counted = {row["topic"]: row for row in run_metric(trino, "pipelines").records()}
    told = counted[TOPIC]
    assert (told["batches"], told["admitted"], told["rejected"], told["gaps"]) == (2, 10, 2, 0)


def miscounted(trino: TrinoClient) -> list[dict[str, Any]]:
    """Batches whose records the table does not hold (`adlake verify --batches`)."""
    values = {**records_values(TABLE), "row_limit": 10}
    return trino.records(bind(sql_text("checks/held_batches"), values))


def test_each_batch_holds_what_it_counted(tenant: Pipeline, trino: TrinoClient) -> None:
    assert tenant
    assert miscounted(trino) == []


def test_the_metrics_about_all_tables_know_it(tenant: Pipeline, trino: TrinoClient) -> None:
    sizes = {row["table_name"]: row for row in run_metric(trino, "table_sizes").records()}
    assert sizes[tenant.records_table]["stored_rows"] == 12
    offsets = {
        (row["kafka_topic"], row["kafka_partition"]): row["next_offset"]
        for row in run_metric(trino, "next_offsets").records()
    }
    assert (offsets[TOPIC, 0], offsets[TOPIC, 1]) == (8, 4)


def test_verify_proves_it_and_its_truth(tenant: Pipeline, trino: TrinoClient) -> None:
    facts = verified(trino)
    assert facts.failures == []
    text = "\n".join(facts.lines())
    assert f"{tenant.records_table} snapshot" in text
    assert "12 = 10 admitted + 2 rejected (BAD_LEVEL 2)" in text
    assert "1 runs of the generator, 12 records: every count is equal" in text


def test_a_number_that_was_changed_beside_the_records_is_named(
    tenant: Pipeline, trino: TrinoClient
) -> None:
    truth = ProbeTruth(admitted_by={"probe": {"warm": 7, "cold": 3}})
    [failure] = verified(trino, truth).failures
    assert failure.problem == f"{tenant.records_table} is not what its producers sent"
    assert {"probe": "cold", "lake": 2, "truth": 3} in failure.rows


def test_the_audit_of_producers_knows_it(tenant: Pipeline, trino: TrinoClient) -> None:
    facts = TopicFacts(TOPIC, TOPIC_ID, {0: 0, 1: 0}, {0: 8, 1: 4})
    topic = AuditedTopic(TOPIC, tenant.records_table, lambda: facts, [SourceIncarnation(TOPIC)])
    counts = [ProducerCount("probe", TOPIC, 0, 8, 8), ProducerCount("probe", TOPIC, 1, 4, 4)]
    assert current_audit(trino, counts, topic).missing == ()
    more = [*counts, ProducerCount("other", TOPIC, 1, 3, 7)]
    assert current_audit(trino, more, topic).lost


def test_a_row_that_was_removed_is_missed(
    tenant: Pipeline, trino: TrinoClient, spark: SparkSession
) -> None:
    """The last test: what it breaks stays broken."""
    spark.sql(f"DELETE FROM {CATALOG}.{TABLE} WHERE kafka_partition = 0 AND kafka_offset = 3")
    problems = [failure.problem for failure in verified(trino).failures]
    assert any("Bronze misses 1 offsets of audit_probe partition 0" in one for one in problems)
    rows: list[Any] = [row for failure in verified(trino).failures for row in failure.rows]
    assert {"partition": 0, "lake": 7, "truth": 8} in rows
    assert {"probe": "warm", "lake": 7, "truth": 8} in rows
    [batch] = miscounted(trino)
    assert (batch["kafka_partition"], batch["admitted"], batch["held_admitted"]) == (0, 7, 6)
