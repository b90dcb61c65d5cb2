"""Every metric of `/metrics`, of the stream and of the API: name, kind, labels, meaning, source.

Data alone. Dashboards, alert rules and the documentation are held against this list by tests.
Nothing here reads a table on the way of a batch: each help text says where the number comes from.
Counters begin at 0 with each run.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

JOB: Final = "stream"
"""What Prometheus calls the streaming application: `up{job="stream"}`; the API is `api`."""


class Kind(StrEnum):
    """How a metric moves."""

    COUNTER = "counter"
    """Only grows while the application runs."""
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True)
class Metric:
    """One family of time series."""

    name: str
    """As Prometheus stores it, base unit and `_total` included."""
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    """seconds, bytes, or what is counted."""
    buckets: tuple[float, ...] = ()
    """Of a histogram: upper limits."""


def _counter(name: str, unit: str, text: str, *labels: str) -> Metric:
    return Metric(f"adlake_{name}_total", Kind.COUNTER, text, labels, unit)


def _gauge(name: str, unit: str, text: str, *labels: str) -> Metric:
    return Metric(f"adlake_{name}", Kind.GAUGE, text, labels, unit)


BATCHES: Final = _counter(
    "batches", "batches", "Batches that are in all tables (counted when one is done).", "pipeline"
)
BATCH_FAILURES: Final = _counter(
    "batch_failures", "attempts",
    "Attempts of a batch that failed and come again (counted when one fails).", "pipeline",
)  # fmt: skip
RECORDS: Final = _counter(
    "records", "records", "Records read, with any verdict (from what each batch counts).",
    "pipeline",
)  # fmt: skip
ADMITTED: Final = _counter(
    "admitted_records", "records", "Records admitted (from what each batch counts).", "pipeline"
)
REJECTED: Final = _counter(
    "rejected_records", "records",
    "Records rejected, by reason; a reason appears with its first record (from what each batch "
    "counts).",
    "pipeline", "reason",
)  # fmt: skip
IMPRESSIONS: Final = _counter(
    "impressions", "impressions",
    "Impressions that batches spoke of, each once a batch (counted while the batch is merged).",
    "pipeline", "table",
)  # fmt: skip
UNTIMED_IMPRESSIONS: Final = _counter(
    "untimed_impressions", "impressions",
    "Of these, the ones whose id tells no day: each look-up of them reads more files (counted "
    "while the batch is merged).",
    "pipeline", "table",
)  # fmt: skip
CHANGED_ROWS: Final = _counter(
    "changed_rows", "rows",
    "Stored rows that batches changed (counted while the batch is merged).", "pipeline", "table",
)  # fmt: skip
CROWDED_EVENTS: Final = _gauge(
    "crowded_impression_events", "events",
    "Events on the most crowded impression that the newest batch touched; 0: none is crowded "
    "(counted while the batch is merged).",
    "pipeline", "table",
)  # fmt: skip

BATCH_SECONDS: Final = Metric(
    "adlake_batch_seconds", Kind.HISTOGRAM,
    "Wall time of a batch, from reading to its last commit (measured).", ("pipeline",), "seconds",
    (0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300),
)  # fmt: skip
PHASE_SECONDS: Final = _counter(
    "batch_phase_seconds", "seconds",
    "Wall time of batches by phase: admit, records, and what the writers of derived tables name. "
    "Divide its rate by that of adlake_batches_total (measured).",
    "pipeline", "phase",
)  # fmt: skip
MAINTENANCE_SECONDS: Final = _counter(
    "maintenance_seconds", "seconds",
    "Wall time of maintenance between batches (measured).", "pipeline",
)  # fmt: skip
BATCH_RUNNING: Final = _gauge(
    "batch_running_seconds", "seconds",
    "For how long the batch at work, its maintenance included, has been at it; 0: none is "
    "(measured when asked).",
    "pipeline",
)  # fmt: skip
LAST_COMMIT: Final = _gauge(
    "last_commit_timestamp_seconds", "seconds",
    "Unix time of the newest commit of a batch to the table; `time() - ` it is how long ago. Taken "
    "from the table when a run begins, then from each commit.",
    "pipeline", "table",
)  # fmt: skip
EVENT_LATENCY: Final = _gauge(
    "event_latency_seconds", "seconds",
    "How old the events of the newest batch were when readers could see them, from Kafka's time to "
    "the last commit; quantile 0.5, 0.95 or 0.99 (from the stamp of the batch).",
    "pipeline", "quantile",
)  # fmt: skip

END_OFFSET: Final = _gauge(
    "end_offset", "records",
    "First offset of the topic that is not written yet (asked of the broker every few seconds; "
    "absent while it does not answer).",
    "pipeline", "topic", "partition",
)  # fmt: skip
CONTAINED_OFFSET: Final = _gauge(
    "contained_offset", "records",
    "First offset that some table of the pipeline does not contain (from the stamps).",
    "pipeline", "topic", "partition",
)  # fmt: skip
LAG: Final = _gauge(
    "lag_records", "records",
    "Records of the topic that are not in all tables of the pipeline: end offset minus contained "
    "offset, both of one moment (absent while the broker does not answer).",
    "pipeline", "topic", "partition",
)  # fmt: skip

COUNTED_BATCHES: Final = _counter(
    "counted_batches", "batches",
    "Batches whose own counts were compared with the broker's and Iceberg's (by maintenance).",
    "table",
)  # fmt: skip
COMPLETENESS_GAPS: Final = _counter(
    "completeness_gaps", "gaps",
    "Places where these counts do not agree (by maintenance; audit.completeness_gaps keeps them).",
    "table",
)  # fmt: skip
CHECKED_DELIVERIES: Final = _counter(
    "checked_deliveries", "records",
    "Admitted deliveries whose event ids maintenance compared with each other: those of the "
    "batches since it looked before, or a sample by id when they are many (by maintenance).",
    "table",
)  # fmt: skip
DUPLICATES: Final = _counter(
    "duplicate_deliveries", "records",
    "Of these, the ones that repeat an event of another one; a repeat of something older is not "
    "seen (by maintenance).",
    "table",
)  # fmt: skip
REUSED_IDS: Final = _counter(
    "reused_event_ids", "ids",
    "Event ids that came under more than one impression among these (by maintenance).", "table",
)  # fmt: skip
TABLE_ROWS: Final = _gauge(
    "table_rows", "rows",
    "Rows stored, deleted ones included (by maintenance, from the newest commit).", "table",
)  # fmt: skip
DATA_FILES: Final = _gauge(
    "table_data_files", "files", "Data files (by maintenance, from the newest commit).", "table"
)
DATA_BYTES: Final = _gauge(
    "table_data_bytes", "bytes",
    "Bytes of all files; divide by adlake_table_data_files for the mean: many small ones want "
    "compaction (by maintenance, from the newest commit).",
    "table",
)  # fmt: skip
DELETE_FILES: Final = _gauge(
    "table_delete_files", "files",
    "Files of deletes that each read has to apply (by maintenance, from the newest commit).",
    "table",
)  # fmt: skip
DELETED_ROWS: Final = _gauge(
    "table_deleted_rows", "rows",
    "Rows that these delete: the debt that compaction pays (by maintenance, from the newest "
    "commit).",
    "table",
)  # fmt: skip

HEAP_USED: Final = _gauge(
    "jvm_memory_used_bytes", "bytes",
    "Memory in use in Spark's driver, by area: heap or nonheap (asked of the JVM).", "area",
)  # fmt: skip
HEAP_MAX: Final = _gauge(
    "jvm_memory_max_bytes", "bytes",
    "Most memory that the area may take; absent where there is no limit (asked of the JVM).",
    "area",
)  # fmt: skip
GC_SECONDS: Final = _counter(
    "jvm_gc_seconds", "seconds",
    "Time that Spark's driver has spent in garbage collection (asked of the JVM).",
)  # fmt: skip
DISK_FREE: Final = _gauge(
    "disk_free_bytes", "bytes",
    "Free bytes where the state (home) and the tables (warehouse, if on a disk) lie (asked of the "
    "system).",
    "place",
)  # fmt: skip
DISK_SIZE: Final = _gauge(
    "disk_size_bytes", "bytes", "Size of these disks (asked of the system).", "place"
)
OPEN_OPERATIONS: Final = _gauge(
    "open_operations", "requests",
    "Requests to the stream that are not over, by kind (asked of the control database).", "kind",
)  # fmt: skip
OPERATION_AGE: Final = _gauge(
    "open_operation_seconds", "seconds",
    "Age of the oldest request that is not over, by kind; absent when there is none (asked of the "
    "control database).",
    "kind",
)  # fmt: skip
LEASE_GENERATION: Final = _gauge(
    "lease_generation", "generation",
    "Number of the run that holds the lease; each take-over raises it by 1 (asked of the control "
    "database).",
    "lease",
)  # fmt: skip
LEASE_HELD: Final = _gauge(
    "lease_held_seconds", "seconds",
    "For how long one holder has had the lease, as far as this run has seen; absent while nobody "
    "holds it. Lease replay: a replay is being built, published or undone (asked of the control "
    "database).",
    "lease",
)  # fmt: skip
PROBE_UP: Final = _gauge(
    "probe_up", "0 or 1",
    "1: what is asked every few seconds answered the last time; 0: it did not, and its numbers are "
    "absent. Probes: broker, control, disk, jvm.",
    "probe",
)  # fmt: skip
API_ACCEPTED: Final = _counter(
    "api_accepted_events", "events",
    "Events that the API judged good, by type; a type appears with its first event (counted by the "
    "API, before they are sent).",
    "event_type",
)  # fmt: skip
API_REFUSED: Final = _counter(
    "api_refused_events", "events",
    "Events that the API refused and did not publish, by reason; a reason appears with its first "
    "event (counted by the API).",
    "reason",
)  # fmt: skip
API_UNACKED: Final = _gauge(
    "api_unacknowledged_events",
    "events",
    "Events that the API sent and the broker has not acknowledged yet (asked of the API).",
)
NOTIFICATIONS_SENT: Final = _counter(
    "notifications_sent", "messages",
    "Transitions of KPI alerts that a channel took (counted by the API).", "channel",
)  # fmt: skip
NOTIFICATIONS_FAILED: Final = _counter(
    "notifications_failed", "rounds",
    "Rounds of requests after which a channel had not taken one (counted by the API).", "channel",
)  # fmt: skip
BUDGETS_CURRENT: Final = _gauge(
    "budgets_current_timestamp_seconds", "seconds",
    "Unix time of the newest look after which the budget tables had all records of then; "
    "`time() - ` it is how old what they say of serving may be (by their keeper).",
)  # fmt: skip
BUDGETS_SECONDS: Final = _counter(
    "budgets_seconds", "seconds",
    "Wall time of bringing the budget tables up to the records (measured).",
)  # fmt: skip
BUDGETS_ADVERTISERS: Final = _counter(
    "budgets_advertisers", "advertisers",
    "Advertisers whose rows were made again, each once a time (counted when their tables are "
    "written).",
)  # fmt: skip
PUBLISHED_TO_TOPIC: Final = _counter(
    "published_records", "records",
    "Records of customers and serving decisions that were sent to their topic (counted by the run "
    "that sent them).",
    "topic",
)  # fmt: skip
API_PENDING: Final = _gauge(
    "api_pending_events", "events",
    "Events of customers that were posted here and are not in the lake yet (asked of the API).",
)  # fmt: skip
API_OVERDUE: Final = _counter(
    "api_overdue_events", "events",
    "Of those, what the lake did not show within ten minutes: told no longer (counted by the API).",
)  # fmt: skip
API_CACHED_CUSTOMERS: Final = _gauge(
    "api_cached_customers", "customers",
    "Customers that the API has at hand (asked of the API).",
)  # fmt: skip
BUILD: Final = _gauge("build_info", "1", "Always 1; the version of the code.", "version")

METRICS: Final[tuple[Metric, ...]] = tuple(
    value for value in list(globals().values()) if isinstance(value, Metric)
)
"""All of them, in this order."""
