"""Spend and customers that Spark wrote, against the generator's truth, read by a real Trino."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from adlake.budgets.build import build_budgets
from adlake.business.pipeline import BusinessPipeline
from adlake.contracts.tables import CATALOG, CUSTOMER_360, SPEND_LEDGER
from adlake.customers.event_writer import CustomerEventWriter
from adlake.customers.writer import CustomerWriter
from adlake.generator.business_desk import BusinessTopic
from adlake.generator.business_truth import BusinessTruth, load_business_truth
from adlake.generator.dimensions import advertisers_of
from adlake.generator.faults import parse_faults
from adlake.generator.options import GeneratorOptions
from adlake.generator.worker import Worker
from adlake.io.iceberg.table import IcebergTable
from adlake.io.kafka.acks import PartitionAcks
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.trino.client import connect
from adlake.proof.accounts_truth import AccountsFacts, verify_accounts
from adlake.settings import Settings
from adlake.streaming.batch import BatchProcessor, WriterIdentity
from tests.fixtures.business.parity import records
from tests.fixtures.generated_streams import START_MS, RecordingPublisher
from tests.fixtures.made_tables import MadeTables
from tests.fixtures.trino.audited_lake import Engines

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.timeout(600)]

SEED = 5
FAULTS = "default,duplicates=0.1,conflicting_duplicates=0.1,late=0.05,click_fraud=0.01"
PIPELINE = BusinessPipeline(derived=(CustomerEventWriter, CustomerWriter))
TOLD: list[BusinessTruth] = []
"""Of the run that the lake was filled with."""


@pytest.fixture(scope="module")
def engines(
    private_lake: Settings, spark: SparkSession, made_tables: MadeTables,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Engines]:  # fmt: skip
    """Both engines on the tables made of a run of the generator."""
    home = tmp_path_factory.mktemp("generator")
    sent = generated(home)
    made_tables.provision(spark)
    identity = WriterIdentity(SourceIncarnation("business_events"), "t", generation=1, query_id="q")
    deliveries = [(value, key, stamp) for key, value, stamp in sent.records]
    BatchProcessor(spark, PIPELINE, identity, lambda: None).process(records(spark, deliveries), 0)
    build_budgets(spark, PIPELINE)
    (truth,) = load_business_truth(home / "truth")
    # The records of a test lie in partition 1.
    count = len(deliveries)
    TOLD[:] = [replace(truth, topic_id="", acks={1: PartitionAcks(count, count)})]
    with connect(private_lake.ports.trino_port) as client:
        yield Engines(client, spark)


def generated(home: Path) -> RecordingPublisher:
    options = GeneratorOptions(
        seed=SEED, rate=40.0, faults=parse_faults(FAULTS), start_at_ms=START_MS, events=6_000,
        paced=False, drain=True,
    )  # fmt: skip
    sent = RecordingPublisher()
    topic = BusinessTopic("business_events", "", sent, advertisers_of(SEED))
    Worker(options, home, "ad_events", RecordingPublisher(), business=topic).run()
    return sent


def verdicts(engines: Engines) -> dict[str, AccountsFacts]:
    return {one.table: one for one in verify_accounts(engines.trino, lambda: TOLD)}


def test_every_sum_of_the_lake_is_that_of_the_generator(engines: Engines) -> None:
    found = verdicts(engines)
    assert set(found) == {SPEND_LEDGER, CUSTOMER_360}
    for facts in found.values():
        assert facts.failures == ()
        assert facts.sentence.endswith("every sum is equal")
    assert len(TOLD[0].customers or ()) > 20


SPOILT = {
    "a micro more": (SPEND_LEDGER, "UPDATE {t} SET amount = amount + 0.000001", "gross_micros"),
    "a credit less": (SPEND_LEDGER, "UPDATE {t} SET credit_amount = -0.000001", "credit_micros"),
    "a click is gone": (SPEND_LEDGER, "DELETE FROM {t}", "clicks"),
    "a micro less": (
        CUSTOMER_360, "UPDATE {t} SET lifetime_value = lifetime_value - 0.000001",
        "lifetime_micros",
    ),
    "a message more": (CUSTOMER_360, "UPDATE {t} SET failed_count = failed_count + 1", "failed"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_a_row_that_is_moved_is_named(spark: SparkSession, engines: Engines, name: str) -> None:
    table, statement, wanted = SPOILT[name]
    key = "click_id" if table == SPEND_LEDGER else "user_id"
    before = IcebergTable(spark, table).current_snapshot_id()
    try:
        one = f"{key} = (SELECT min({key}) FROM {CATALOG}.{table})"
        spark.sql(f"{statement.format(t=f'{CATALOG}.{table}')} WHERE {one}")
        [failure] = verdicts(engines)[table].failures
        assert wanted in {row.get("sum") for row in failure.rows}
    finally:
        spark.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{table}', {before})")
