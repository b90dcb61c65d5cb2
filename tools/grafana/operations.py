"""The dashboard of operations: does the stream keep up, and what waits to be done."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Panel

from adlake.contracts import gauges
from adlake.contracts.registry import ATTRIBUTION
from adlake.contracts.tables import GOLD_STATE
from adlake.io.sql.literals import SqlValue
from tools.grafana.frame import Row
from tools.grafana.panels import alerts, chart, listing, tile
from tools.grafana.queries import MINUTES_SHOWN, Prom, Sql, number, text

FRESHNESS: Final = (30.0, 60.0)
"""Seconds: the promise is 60."""
REJECTED_SHARE: Final = (0.01, 0.05)
LAG: Final = (50_000.0, 500_000.0)
"""Records: ten and a hundred seconds of the rate that one node is promised to bear."""
_ADS: Final = f'pipeline="{ATTRIBUTION}"'
_BATCHES: Final = f"{gauges.BATCHES.name}{{{_ADS}}}"
_RATE: Final = "[$__rate_interval]"


def rows() -> list[Row]:
    """From what is looked at first to what explains it."""
    return [
        Row("Is it well?", _tiles()),
        Row("Alerts", [alerts(
            "Alerts", "Rules of Prometheus and of Grafana that fire, wait to fire, or cannot be "
            "computed. The rules of Prometheus are in infra/prometheus, those that need SQL in "
            "grafana/provisioning/alerting.",
        )]),
        Row("KPI alerts", _kpi_alerts()),
        Row("Latency", _latency()),
        Row("Throughput and lag", _throughput()),
        Row("Batches", _batches()),
        Row("Input", _input()),
        Row("Tables", _tables()),
        Row("Process and machine", _machine()),
    ]  # fmt: skip


def _tiles() -> list[Builder[Panel]]:
    rejected, records = gauges.REJECTED.name, gauges.RECORDS.name
    return [
        tile("Since the last commit to Gold", "Now minus the time of the newest commit of a batch "
             "to Gold. By commit times alone: an event stamped ahead cannot hide a stall.",
             units.Seconds, Prom(
                 f'time() - max({gauges.LAST_COMMIT.name}{{{_ADS},table="{GOLD_STATE}"}})',
                 is_instant=True), FRESHNESS),
        tile("Latency, p95", "How old the events of the newest batch were when readers could see "
             "them, from Kafka's time to the last commit: 95 % were no older.",
             units.Seconds, Prom(
                 f'max({gauges.EVENT_LATENCY.name}{{{_ADS},quantile="0.95"}})',
                 is_instant=True), FRESHNESS),
        tile("Lag", "Records of all topics that are not in all tables of their pipeline yet.",
             units.Short, Prom(f"sum({gauges.LAG.name})", is_instant=True), LAG),
        tile("Throughput", "Records read per second, of all topics, over the last minute.",
             units.RecordsPerSecond, Prom(f"sum(rate({records}[1m]))", is_instant=True)),
        tile("Rejected", "Share of the records of the last 10 minutes that were refused.",
             units.PercentUnit, Prom(
                 f"(sum(increase({rejected}[10m])) or vector(0))"
                 f" / (sum(increase({records}[10m])) > 0)", is_instant=True), REJECTED_SHARE),
        tile("Completeness gaps", "Places where the counts of batches, broker and Iceberg do not "
             "agree, since the stream started. audit.completeness_gaps names them.",
             units.Short, Prom(f"sum({gauges.COMPLETENESS_GAPS.name})", is_instant=True),
             (1.0, 1.0)),
    ]  # fmt: skip


def _kpi_alerts() -> list[Builder[Panel]]:
    whole: dict[str, SqlValue] = {"campaign_id": None, "metric": None}
    return [
        listing("Open incidents by campaign", "KPI rules that fired and whose metric is not well "
                "again, with the numbers of the newest alert. The page Alerts has their history.",
                Sql("alerts_active", [
                    text("campaign", "campaign_id"), text("part", "segment"),
                    text("metric", "metric"), text("rule", "rule"), text("opened", "opened_at"),
                    number("windows", "fired_windows"), number("last", "last_value"),
                    number("threshold", "threshold"),
                ], order='1, "opened" DESC', fixed=whole | {"most": 500}), {}),
        chart("KPI alerts per hour", "Windows of five minutes in which a KPI rule fired, by kind; "
              "withdrawn: fired early and not confirmed an hour later.",
              units.Short, [Sql("alerts_over_time", [
                  text("time", "bucket_at"), number("performance drops", "performance_drops"),
                  number("volume drops", "volume_drops"), number("silences", "silences"),
                  number("withdrawn", "withdrawn"),
              ], order="1", fixed=whole | {"bucket": "hour"})], as_bars=True),
    ]  # fmt: skip


def _latency() -> list[Builder[Panel]]:
    percentiles = ("p50", "p95", "p99")
    return [
        chart("Latency of the newest batch", "How old the events of each batch were when readers "
              "could see them, from Kafka's time to the last commit; p95: 95 % were no older.",
              units.Seconds, [Prom(f"{gauges.EVENT_LATENCY.name}{{{_ADS}}}",
                                   "{{quantile}}")], limits=FRESHNESS),
        chart("Latency by batch, from the tables", "The same, read from the stamps of the commits, "
              "whatever Prometheus saw: as far back as Iceberg still lists snapshots.",
              units.Seconds, [Sql("batches", [
                  text("time", "committed_at"),
                  *(number(p, f"freshness_seconds_{p}") for p in percentiles),
              ], order="1", fixed={"minutes": MINUTES_SHOWN, "most": None})], limits=FRESHNESS),
        *(
            tile(f"Latency over all events, {p}", "Commit time minus Kafka time of every admitted "
                 "event of the last 10 minutes, event by event; nothing is estimated.",
                 units.Seconds, Sql("freshness_of_events", [number(p, f"freshness_seconds_{p}")],
                                    fixed={"minutes": 10}), FRESHNESS)
            for p in percentiles
        ),
        chart("Since the last commit, by table", "Now minus the time of the newest commit of a "
              "batch to each table. Topics without traffic commit nothing.",
              units.Seconds, [Prom(f"time() - {gauges.LAST_COMMIT.name}", "{{table}}")]),
    ]  # fmt: skip


def _throughput() -> list[Builder[Panel]]:
    return [
        chart("Lag per partition", "Records of each partition that are not in all tables of the "
              "pipeline: end offset minus the offset in the newest commit.",
              units.Short, [Prom(gauges.LAG.name, "{{topic}} {{partition}}")], limits=LAG),
        chart("Records per second", "Records read, whatever became of them, by pipeline.",
              units.RecordsPerSecond, [Prom(
                  f"sum by (pipeline) (rate({gauges.RECORDS.name}{_RATE}))", "{{pipeline}}")]),
        chart("Events per second by batch, from the tables", "Events of each batch divided by the "
              "time since the batch before it was committed; as far back as Iceberg still lists "
              "snapshots.",
              units.EventsPerSecond, [Sql("batches", [
                  text("time", "committed_at"), number("events per second", "events_per_second"),
              ], order="1", fixed={"minutes": MINUTES_SHOWN, "most": None})]),
        chart("Changed and untimed rows", "Rows of Gold that batches changed, per second, and the "
              "impressions whose id tells no day: each look-up of them reads more files.",
              units.RowsPerSecond, [
                  Prom(f"sum(rate({gauges.CHANGED_ROWS.name}{_RATE}))", "changed rows"),
                  Prom(f"sum(rate({gauges.UNTIMED_IMPRESSIONS.name}{_RATE}))",
                       "impressions without a time in their id"),
              ]),
    ]  # fmt: skip


def _batches() -> list[Builder[Panel]]:
    buckets = f"sum by (le, pipeline) (rate({gauges.BATCH_SECONDS.name}_bucket{_RATE}))"
    phases = f"sum by (phase) (rate({gauges.PHASE_SECONDS.name}{{{_ADS}}}{_RATE}))"
    return [
        chart("Phases of a batch", "Seconds that a batch of the attribution spends in each phase, "
              "on average, one upon the other.",
              units.Seconds, [Prom(
                  f"{phases} / on () group_left () sum(rate({_BATCHES}{_RATE}))", "{{phase}}")],
              is_stacked=True),
        chart("Duration of batches", "From reading to the last commit. Estimated from a histogram: "
              "right to the width of its buckets.",
              units.Seconds, [
                  Prom(f"histogram_quantile(0.5, {buckets})", "{{pipeline}} p50"),
                  Prom(f"histogram_quantile(0.95, {buckets})", "{{pipeline}} p95"),
              ]),
        chart("Maintenance between batches", "Share of the time that goes into merging small "
              "files, forgetting snapshots and counting.",
              units.PercentUnit, [Prom(
                  f"sum by (pipeline) (rate({gauges.MAINTENANCE_SECONDS.name}{_RATE}))",
                  "{{pipeline}}")]),
        chart("Batch at work, and failed attempts", "For how long the batch at work has been at "
              "it, and how many attempts failed and came again.",
              units.Short, [
                  Prom(gauges.BATCH_RUNNING.name, "{{pipeline}}: seconds so far"),
                  Prom(f"increase({gauges.BATCH_FAILURES.name}{_RATE})",
                       "{{pipeline}}: failed attempts"),
              ]),
    ]  # fmt: skip


def _input() -> list[Builder[Panel]]:
    return [
        chart("Rejected by reason, over time", "Records refused per second, by the reason of the "
              "first test of admission that they failed.",
              units.RecordsPerSecond, [Prom(
                  f"sum by (reason) (rate({gauges.REJECTED.name}{_RATE}))", "{{reason}}")],
              is_stacked=True, as_bars=True),
        listing("Rejected by reason, from the table", "Ad deliveries that arrived since the "
                "beginning of the time shown and were refused. `.venv/bin/adlake quarantine list` "
                "shows each of them.",
                Sql("rejected_by_reason", [
                    text("reason", "reject_reason"), number("deliveries", "deliveries"),
                    text("newest arrival", "newest_arrival_at"),
                ], order="2 DESC, 1"), {}),
        listing("What was read of each topic", "By the counts of the batches, from the beginning, "
                "and where they do not close. Batches are counted some time after their commit.",
                Sql("pipelines", [
                    text("topic", "topic"), number("batches", "batches"),
                    number("admitted", "admitted"), number("rejected", "rejected"),
                    number("gaps", "gaps"), text("counted until", "counted_until"),
                ], order="1"), {}, width=24),
    ]  # fmt: skip


def _tables() -> list[Builder[Panel]]:
    rows_and_deleted = f"{gauges.DELETED_ROWS.name} / ({gauges.TABLE_ROWS.name} > 0)"
    return [
        listing("Small files and delete debt", "Data files below 24 MiB, which compaction of Gold "
                "merges, and rows that every reader skips because a delete file says so.",
                Sql("small_files", [
                    text("table", "table_name"), number("data files", "data_files"),
                    number("small files", "small_files"),
                    number("small share", "small_file_share"),
                    number("mean size", "mean_file_bytes"),
                    number("stored rows", "stored_rows"), number("deleted rows", "deleted_rows"),
                    number("deleted share", "deleted_share"),
                    number("delete files", "delete_files"),
                ], order='"small files" DESC, 1', fixed={"small_mebibytes": 24}),
                {"small share": units.PercentUnit, "mean size": units.BytesIEC,
                 "deleted share": units.PercentUnit}, width=24),
        chart("Delete debt", "Share of the stored rows that are deleted and still read: what "
              "compaction pays.",
              units.PercentUnit, [Prom(rows_and_deleted, "{{table}}")], limits=(0.1, 0.3)),
        chart("Mean size of files", "Bytes of all files divided by data files: many small ones "
              "want compaction.",
              units.BytesIEC, [Prom(
                  f"{gauges.DATA_BYTES.name} / ({gauges.DATA_FILES.name} > 0)", "{{table}}")]),
        chart("Data files", "Files that a reader of the whole table opens.",
              units.Short, [Prom(gauges.DATA_FILES.name, "{{table}}")]),
        chart("Delete files", "Files of deletes that each read has to apply.",
              units.Short, [Prom(gauges.DELETE_FILES.name, "{{table}}")]),
    ]  # fmt: skip


def _machine() -> list[Builder[Panel]]:
    return [
        chart("JVM memory", "Memory in use in Spark's driver, by area, and the most that the heap "
              "may take.",
              units.BytesIEC, [
                  Prom(gauges.HEAP_USED.name, "{{area}}"),
                  Prom(f'{gauges.HEAP_MAX.name}{{area="heap"}}', "most heap"),
              ]),
        chart("Garbage collection", "Share of the time that Spark's driver spends in it.",
              units.PercentUnit, [Prom(f"rate({gauges.GC_SECONDS.name}{_RATE})", "driver")]),
        chart("Free disk", "Share of the disks of state and warehouse that is free.",
              units.PercentUnit, [Prom(
                  f"{gauges.DISK_FREE.name} / {gauges.DISK_SIZE.name}", "{{place}}")]),
        chart("Open operations", "Age of the oldest request to the stream that is not over (a "
              "replay, an erasure), by kind.",
              units.Seconds, [Prom(gauges.OPERATION_AGE.name, "{{kind}}")]),
        tile("Probes that do not answer", "Broker, control database, disk and JVM are asked every "
             "few seconds; what does not answer has no numbers.",
             units.Short, Prom(f"count({gauges.PROBE_UP.name} == 0) or vector(0)",
                               is_instant=True), (1.0, 1.0), width=6),
        tile("Take-overs", "Number of the run that holds the lease; each take-over raises it by 1.",
             units.Short, Prom(
                 f"max({gauges.LEASE_GENERATION.name})", is_instant=True), width=6),
        tile("Most crowded impression", "Events on the most crowded impression that the newest "
             "batches touched; 0: none is crowded. `.venv/bin/adlake query crowded_impressions` "
             "names them.",
             units.Short, Prom(f"max({gauges.CROWDED_EVENTS.name})", is_instant=True),
             (256.0, 10_000.0), width=6),
        tile("Stream is scraped", "1 while Prometheus reaches the stream's metrics.",
             units.Short, Prom(f'up{{job="{gauges.JOB}"}}', is_instant=True), width=6),
    ]  # fmt: skip
