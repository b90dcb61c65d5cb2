"""Keys of the properties that every commit of the streaming job writes into its snapshot summary.

The stamp is the job's memory: offsets already contained in a table are read from the newest
stamped snapshot among the ancestors of `main`, never from a checkpoint.
"""

from __future__ import annotations

from typing import Final

SINK: Final = "adlake.sink"
"""`bronze`, `gold` or COUNTS_SINK."""
COUNTS_SINK: Final = "ledger"
"""The sink of batch counts."""
QUERY_ID: Final = "adlake.query-id"
BATCH_ID: Final = "adlake.batch-id"
TOPIC: Final = "adlake.topic"
"""Label of the topic's history (contracts.source), as in Bronze's kafka_topic."""
TOPIC_ID: Final = "adlake.topic-id"
START_OFFSETS: Final = "adlake.start-offsets"
"""First offset read in this source incarnation by partition; absent in the first incarnation."""
NEXT_OFFSETS: Final = "adlake.next-offsets"
"""JSON object, partition (decimal string) -> first offset NOT yet contained."""
LEASE_GENERATION: Final = "adlake.epoch"
"""Lease generation of the writer."""
BRONZE_SNAPSHOT: Final = "adlake.bronze-snapshot"
"""On Gold: id of the Bronze snapshot whose rows it contains. On batch counts: id of the newest
Bronze snapshot whose counts they hold."""
BATCH_COUNTS: Final = "adlake.ledger"
"""On Bronze only: JSON object, partition -> [first offset, next offset, admitted, rejected] of the
records that this commit appended."""
RECORDS_TABLE: Final = "adlake.records-table"
"""On batch counts: the table of records whose counts they hold up to BRONZE_SNAPSHOT;
absent means bronze.ad_events."""
LAST_RECORDS: Final = "adlake.last-records"
"""On Bronze only: JSON object, partition -> [offset, Kafka timestamp (ms), CRC-32 of the payload]
of the last record contained. A broker that holds another one there lost its tail, and was written
to since."""
LAW_VERSION: Final = "adlake.law-version"
"""On Gold: version of the law its rows were made with; absent means 1. The newest stamp's is the
law in force, so a publication and its law come into force by the same commit."""
SLOT_LAW: Final = "adlake.slot-law"
"""On Gold: version of the function that placed its rows (contracts.slot); absent means 1."""
STATE_FORMAT: Final = "adlake.state-format"
"""On Gold: highest version of `events_state` among its rows (contracts.tables); absent means 1."""
STATES_UNTIL: Final = "adlake.states-until-slot"
"""On Gold, only while its rows are brought to a later version of `events_state`: those below this
slot are of STATE_FORMAT."""
OPERATION: Final = "adlake.operation"
"""Id of the operation that made the commit (table adlake.operations): on Gold a publication or
undo, on the tables of the models their build."""
REPLAY_SLOTS: Final = "adlake.replay-slots"
"""On the replayed table: `first:end` slots that were rebuilt (end exclusive); empty means all."""
REPLAY_GOLD_SNAPSHOT: Final = "adlake.replay-gold-snapshot"
"""On the replayed table: the Gold snapshot with the same deliveries, which the diff compares."""
SOURCE_SNAPSHOT: Final = "adlake.source-snapshot"
"""On a table that is made of a derived one: id of that table's snapshot whose rows it contains."""
MADE_OF: Final = "adlake.made-of"
"""On the alert log, its incidents and spend by hour: JSON object, table -> id of the snapshot whose
rows they are made of, beside SOURCE_SNAPSHOT."""
READ_UNTIL_MS: Final = "adlake.read-until-ms"
"""Likewise: what arrived later (epoch ms, by the broker's clock) judged no window."""
ROLLUP_FORMAT: Final = "adlake.rollup-format"
"""On sums by hour: version of what is summed, and how; another one is built again."""
HALF_LIFE_MS: Final = "adlake.half-life-ms"
"""On the tables of the attribution models: the half-life of time decay that they were made with."""
BATCH_STARTED_MS: Final = "adlake.batch-started-ms"
"""Wall clock (epoch ms) when the batch began. Operations only, never part of a result."""
BATCH_ROWS: Final = "adlake.batch-rows"
BATCH_REJECTED: Final = "adlake.batch-rejected"
INGEST_MS_P01: Final = "adlake.ingest-ms-p01"
"""Percentiles of the batch's Kafka timestamps (epoch ms): p99, p95 and p50 of freshness are
`committed_at` minus these. Absent when the batch is empty."""
INGEST_MS_P05: Final = "adlake.ingest-ms-p05"
INGEST_MS_P50: Final = "adlake.ingest-ms-p50"
