"""Records through the job's own batches into both real tables, without a broker."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from adlake.contracts.tables import BRONZE_EVENTS, COMPLETENESS_LEDGER
from adlake.domain.admission import Rejected, admit
from adlake.io.iceberg import IcebergTable
from adlake.io.views import view_texts
from adlake.maintenance.batch_counts import record_batches
from tests.fixtures.corpus.case import KEY
from tests.fixtures.engine import attribution_processor
from tests.golden import DeliveryFixture
from tests.spark.lawful_rows import admitted_deliveries, differences, python_rows, spark_rows

Record = tuple[bytes | None, int] | tuple[bytes | None, int, bytes | None]
"""Payload, Kafka time (epoch ms), and the Kafka key where it is not `KEY`."""
_SCHEMA = (
    "value binary, kafka_topic string, kafka_partition int, kafka_offset bigint, "
    "kafka_key binary, ingest_ms bigint"
)


@dataclass
class Feed:
    """A topic of one partition in front of the real batch processor."""

    session: SparkSession
    sent: list[DeliveryFixture] = field(default_factory=list)
    keys: list[bytes | None] = field(default_factory=list)
    batches: int = 0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A new driver: it knows what the tables' stamps say, and nothing else."""
        self._processor = attribution_processor(self.session)

    def batch(self, *records: Record) -> None:
        """One micro-batch."""
        first = len(self.sent)
        fixtures = [
            DeliveryFixture(record[0], record[1], 0, first + n)  # type: ignore[arg-type]
            for n, record in enumerate(records)
        ]
        keys = [record[2] if len(record) == 3 else KEY for record in records]
        self.sent += fixtures
        self.keys += keys
        rows = [
            (None if f.payload is None else bytearray(f.payload), "ad_events", 0, f.offset, key,
             f.ingest_ms)
            for f, key in zip(fixtures, keys, strict=True)
        ]  # fmt: skip
        frame = self.session.createDataFrame(rows, _SCHEMA)
        stamped = frame.withColumn("ingest_ts", F.timestamp_millis("ingest_ms")).drop("ingest_ms")
        facts = self._processor.process(stamped, self.batches)
        assert facts is not None
        assert facts.rows == len(records)
        self.batches += 1

    def assert_exact(self) -> None:
        """Bronze and Gold hold exactly what was sent, and the ledger counts it."""
        # Times beyond the year 9999 have no Python form: only what is compared is fetched.
        bronze = self.session.table("lakehouse.bronze.ad_events").select(
            "kafka_offset",
            "kafka_key",
            "raw_payload",
            "raw_bytes",
            "reject_reason",
            "reject_detail",
        )
        rows = {row.kafka_offset: row for row in bronze.collect()}
        assert bronze.count() == len(rows) == len(self.sent)
        for sent, key in zip(self.sent, self.keys, strict=True):
            row, verdict = rows[sent.offset], admit(sent.payload, sent.ingest_ms)
            text = None if row.raw_payload is None else row.raw_payload.encode()
            assert (text if row.raw_bytes is None else bytes(row.raw_bytes)) == sent.payload
            assert (None if row.kafka_key is None else bytes(row.kafka_key)) == key
            found = (row.reject_reason, row.reject_detail)
            if isinstance(verdict, Rejected):
                assert found == (str(verdict.reason), str(verdict.detail))
            else:
                assert found == (None, None)
        self._assert_ledger_closes()
        gold = self.session.table("lakehouse.gold.ad_performance_state")
        assert differences(python_rows(admitted_deliveries(self.sent)), spark_rows(gold)) == []

    def _assert_ledger_closes(self) -> None:
        record_batches(self.session, IcebergTable(self.session, BRONZE_EVENTS))
        assert self.session.sql(view_texts("completeness_gaps")["spark"]).collect() == []
        told = self.session.table(f"lakehouse.{COMPLETENESS_LEDGER}").selectExpr(
            "sum(admitted) AS admitted", "sum(rejected) AS rejected"
        )
        verdicts = [admit(one.payload, one.ingest_ms) for one in self.sent]
        rejected = sum(isinstance(one, Rejected) for one in verdicts)
        assert told.first() == (len(verdicts) - rejected, rejected)
