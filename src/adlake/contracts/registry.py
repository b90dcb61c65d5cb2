"""Every table of the lake with its policies: one entry makes a table known to the whole engine.

Provisioning, the fence, recorded heads, maintenance and `adlake verify` read this list; a test
fails for a table of sql/ddl that is not in it. Data alone: what a policy means is told where it is
applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from adlake.contracts.compaction import HOT_ROWS, RECORD_FILES, Compaction, Due
from adlake.contracts.tables import (
    ACCOUNT_CONTENTS,
    ALERT_INCIDENTS,
    ALERT_RULES,
    ALERTS_LOG,
    ATTRIBUTION_CREDITS,
    BATCH_COUNT_KEY,
    BATCH_COUNTS,
    BRONZE_EVENTS,
    BUSINESS_EVENTS,
    CAMPAIGN_UPDATES,
    CONVERSION_GRAIN,
    CONVERSION_SUMS,
    CUSTOMER_360,
    CUSTOMER_EVENTS,
    DIM_ADVERTISERS,
    DIM_BUDGETS,
    DIM_CAMPAIGNS,
    DIM_CREATIVES,
    DIM_USERS,
    FUNNEL_EVENTS,
    GOLD_CONVERSIONS,
    GOLD_HOURS,
    GOLD_REPLAY,
    GOLD_STATE,
    GOLD_WINDOWS,
    HOUR_GRAIN,
    HOUR_SUMS,
    PUBLISHED_RECORDS,
    REMOVAL_EFFECTS,
    SERVING_FLIPS,
    SPEND_HOURS,
    SPEND_LEDGER,
    WINDOW_GRAIN,
    WINDOW_SUMS,
)

STREAM_LEASE: Final = "attribution"
"""The lease of the streaming application; named after its first pipeline, as lakes know it."""
REPLAY_LEASE: Final = "replay"
"""Held while a replay is built, published or undone."""
ATTRIBUTION: Final = "attribution"
"""Name of the pipeline of ad events."""
BUSINESS: Final = "business"
"""Name of the pipeline of business events."""
CAMPAIGNS: Final = "campaigns"
"""Name of the pipeline of campaign updates."""


class Filling(StrEnum):
    """How rows get into a table."""

    APPEND = "append"
    """Records of a topic, each once; rows are only added."""
    LOG = "log"
    """What the engine did to others: no record tells it."""
    MERGE = "merge"
    """Derived from an append table by key; can be built again from it."""
    SUMS = "sums"
    """Sums over a derived table: each batch appends what it changed; can be built again from it."""
    COUNTS = "counts"
    """What the engine counts of its own work."""
    LOAD = "load"
    """From files."""
    BUILD = "build"
    """Whole, from another table, by a command; can be built again."""
    FOLLOW = "follow"
    """Derived from an append table by key, beside its batches; can be built again from it."""
    SHADOW = "shadow"
    """A copy that exists only while something is built."""


class Check(StrEnum):
    """What `adlake verify` proves of a table."""

    OFFSETS = "offsets"
    """Every offset of its topic exactly once, each with a verdict, as stamp and broker say."""
    COUNTS = "counts"
    """What its batches counted closes, commit by commit."""
    LAW = "law"
    """Every row again from the records, by the SQL form of the law."""


class Erasure(StrEnum):
    """What becomes of a table when a person is to be forgotten."""

    REWRITE = "rewrite"
    """Rows whose `person` it is are written again without what names them."""
    REBUILD = "rebuild"
    """Built again from records that were rewritten."""
    DROP = "drop"
    """Dropped: who needs it builds it again."""
    NOBODY = "nobody"
    """No row is about a person."""


@dataclass(frozen=True)
class TableSpec:
    """One table and everything the engine does with it without knowing what it is about."""

    name: str
    """`namespace.table`."""
    grain: str
    """One row per ..."""
    key: tuple[str, ...]
    filling: Filling
    erasure: Erasure
    checks: tuple[Check, ...] = ()
    unchecked: str = ""
    """Why `adlake verify` proves nothing of it."""
    source: str = ""
    """Table that it is built of, by its stamp; empty: the records of its pipeline, or nothing."""
    pipeline: str = ATTRIBUTION
    """Whose batches wear the table: its maintenance is due after so many of them."""
    lease: str = STREAM_LEASE
    """Only the holder of this lease commits (the fence of the control database)."""
    has_recorded_head: bool = False
    """What was committed last is on record outside of the lake, so that a loss is a named stop."""
    expires: bool = False
    """Old snapshots are forgotten by maintenance."""
    compaction: Compaction | None = None
    rebuild: str = ""
    """Command that builds it again from its source, where it has one."""
    sums: tuple[str, ...] = ()
    """Columns to add up over rows of one key: its compaction folds such rows into one."""
    folded_by: str = ""
    """Of a table of sums: the time by whose day folded rows are filed."""
    event_id: str = ""
    """Column that names the event of a record; empty: none does."""
    event_owner: str = ""
    """Column that says what an event belongs to: ids are unique under one owner alone."""
    person: str = ""
    """Column that says whose row it is; empty: no row is about a person."""
    has_ddl: bool = True
    """Made by provisioning from sql/ddl; a shadow is made by who builds it."""


_OF_ACCOUNTS: Final[dict[str, Any]] = {
    "source": BUSINESS_EVENTS, "pipeline": BUSINESS, "expires": True,
    "rebuild": "adlake budgets build",
    "compaction": Compaction(Due.BATCHES, "advertiser_id ASC NULLS LAST", HOT_ROWS),
}  # fmt: skip
"""Of each table about advertisers; their rows are looked up by whose they are."""
_SEED: Final = "loaded whole from a seed file, and not changed since"

SPECS: Final[tuple[TableSpec, ...]] = (
    TableSpec(
        BRONZE_EVENTS, "record of topic ad_events",
        ("kafka_topic", "kafka_partition", "kafka_offset"), Filling.APPEND,
        Erasure.REWRITE, (Check.OFFSETS, Check.COUNTS),
        has_recorded_head=True, expires=True, person="user_id",
        event_id="event_id", event_owner="impression_id", compaction=RECORD_FILES,
    ),
    TableSpec(
        BUSINESS_EVENTS, "record of topic business_events",
        ("kafka_topic", "kafka_partition", "kafka_offset"), Filling.APPEND,
        Erasure.REWRITE, (Check.OFFSETS, Check.COUNTS), pipeline=BUSINESS,
        has_recorded_head=True, expires=True, person="user_id", event_id="event_id",
        compaction=RECORD_FILES,
    ),
    TableSpec(
        GOLD_STATE, "impression id", ("impression_id",), Filling.MERGE,
        Erasure.REBUILD, (Check.LAW,),
        has_recorded_head=True, expires=True, person="user_id",
        compaction=Compaction(
            Due.BATCHES, "slot ASC NULLS LAST, impression_id ASC NULLS LAST", HOT_ROWS
        ),
    ),
    TableSpec(
        GOLD_HOURS, "date basis, hour, campaign, creative, platform, country and channel",
        HOUR_GRAIN, Filling.SUMS, Erasure.NOBODY, (Check.LAW,), source=GOLD_STATE, expires=True,
        rebuild="adlake rollups build", compaction=Compaction(Due.BATCHES), sums=HOUR_SUMS,
        folded_by="hour_at",
    ),
    TableSpec(
        GOLD_CONVERSIONS, "conversion and what became of it", CONVERSION_GRAIN,
        Filling.SUMS, Erasure.NOBODY, (Check.LAW,), source=GOLD_STATE, expires=True,
        rebuild="adlake rollups build", compaction=Compaction(Due.BATCHES), sums=CONVERSION_SUMS,
        folded_by="conversion_at",
    ),
    TableSpec(
        GOLD_WINDOWS, "window, campaign, channel and region", WINDOW_GRAIN,
        Filling.SUMS, Erasure.NOBODY, (Check.LAW,), source=GOLD_STATE, expires=True,
        rebuild="adlake rollups build", compaction=Compaction(Due.BATCHES), sums=WINDOW_SUMS,
        folded_by="window_start",
    ),
    TableSpec(
        GOLD_REPLAY, "impression id", ("impression_id",), Filling.SHADOW, Erasure.DROP,
        unchecked="gone after it was published; the replay compares it with Gold",
        lease=REPLAY_LEASE, person="user_id", has_ddl=False,
    ),
    TableSpec(
        REMOVAL_EFFECTS, "campaign on a path of a user", ("campaign_id",), Filling.BUILD,
        Erasure.NOBODY, (Check.LAW,), source=GOLD_STATE, expires=True,
        rebuild="adlake models build",
    ),
    TableSpec(
        ATTRIBUTION_CREDITS, "attributed conversion and touch of its path",
        ("conversion_id", "impression_id"), Filling.BUILD,
        Erasure.REBUILD, (Check.LAW,), source=GOLD_STATE, expires=True, person="user_id",
        rebuild="adlake models build",
    ),
    TableSpec(
        BATCH_COUNTS, "batch and partition", BATCH_COUNT_KEY, Filling.COUNTS,
        Erasure.NOBODY, (Check.COUNTS,), expires=True,
        # It grows by one small file a time: so many are merged into one.
        compaction=Compaction(Due.EXPIRY, options={"min-input-files": "40"}),
    ),
    TableSpec(
        FUNNEL_EVENTS, "event of the funnel", ("event_type", "event_id"), Filling.MERGE,
        Erasure.REBUILD, (Check.LAW,), pipeline=BUSINESS,
        has_recorded_head=True, expires=True, person="user_id",
        # So that a reader of some windows skips the files of other times.
        compaction=Compaction(Due.BATCHES, "event_time ASC NULLS LAST", HOT_ROWS),
    ),
    TableSpec(
        CUSTOMER_EVENTS, "event about a customer, and customer",
        ("event_type", "counted_id", "user_id"), Filling.MERGE,
        Erasure.REBUILD, (Check.LAW,), pipeline=BUSINESS,
        has_recorded_head=True, expires=True, person="user_id",
        compaction=Compaction(Due.BATCHES, "user_id ASC NULLS LAST", HOT_ROWS),
    ),
    TableSpec(
        CUSTOMER_360, "customer", ("user_id",), Filling.MERGE,
        Erasure.REBUILD, (Check.LAW,), pipeline=BUSINESS,
        has_recorded_head=True, expires=True, person="user_id",
        compaction=Compaction(Due.BATCHES, "user_id ASC NULLS LAST", HOT_ROWS),
    ),
    TableSpec(
        ALERTS_LOG, "campaign, segment, metric, window and rule",
        ("campaign_id", "segment", "metric", "window_start", "rule"), Filling.BUILD,
        Erasure.NOBODY, (Check.LAW,), source=GOLD_WINDOWS, expires=True,
        rebuild="adlake alerts build",
    ),
    TableSpec(
        ALERT_INCIDENTS, "incident", ("incident_id",), Filling.BUILD, Erasure.NOBODY,
        (Check.LAW,), source=GOLD_WINDOWS, expires=True, rebuild="adlake alerts build",
    ),
    TableSpec(
        CAMPAIGN_UPDATES, "record of topic campaign_updates",
        ("kafka_topic", "kafka_partition", "kafka_offset"), Filling.APPEND,
        Erasure.NOBODY, (Check.OFFSETS, Check.COUNTS), pipeline=CAMPAIGNS,
        has_recorded_head=True, expires=True, event_id="event_id", compaction=RECORD_FILES,
    ),
    TableSpec(
        DIM_CAMPAIGNS, "campaign and version", ("campaign_key",), Filling.MERGE,
        Erasure.NOBODY, (Check.LAW,), pipeline=CAMPAIGNS, has_recorded_head=True, expires=True,
        # New versions come in a small file of their own.
        compaction=Compaction(Due.BATCHES, options={"min-input-files": "8"}),
    ),
    TableSpec(
        ALERT_RULES, "rule and its version", ("rule_id", "rule_version"), Filling.LOAD,
        Erasure.NOBODY, unchecked="a copy of adlake.alert_rules in the control database",
    ),
    TableSpec(
        DIM_CREATIVES, "creative", ("creative_id",), Filling.LOAD, Erasure.NOBODY, unchecked=_SEED
    ),
    TableSpec(
        DIM_USERS, "user", ("user_id",), Filling.LOAD, Erasure.REWRITE, unchecked=_SEED,
        person="user_id",
    ),
    TableSpec(
        ACCOUNT_CONTENTS, "content of an event about an advertiser",
        ("event_type", "owner", "counted_id", "ts_ms", "micros", "content"), Filling.FOLLOW,
        Erasure.NOBODY, (Check.LAW,), **_OF_ACCOUNTS,
    ),
    TableSpec(
        DIM_BUDGETS, "advertiser and budget in force", ("budget_key",), Filling.FOLLOW,
        Erasure.NOBODY, (Check.LAW,), **_OF_ACCOUNTS,
    ),
    TableSpec(
        DIM_ADVERTISERS, "advertiser and version", ("advertiser_key",), Filling.FOLLOW,
        Erasure.NOBODY, (Check.LAW,), **_OF_ACCOUNTS,
    ),
    TableSpec(
        SERVING_FLIPS, "decision that serving stops or goes on", ("flip_id",), Filling.FOLLOW,
        Erasure.NOBODY, (Check.LAW,), **_OF_ACCOUNTS,
    ),
    TableSpec(
        SPEND_LEDGER, "billed click of an advertiser", ("advertiser_id", "click_id"),
        Filling.FOLLOW, Erasure.NOBODY, (Check.LAW,), **_OF_ACCOUNTS,
    ),
    TableSpec(
        SPEND_HOURS, "advertiser and local hour", ("advertiser_id", "spend_hour"), Filling.FOLLOW,
        Erasure.NOBODY, (Check.LAW,), **_OF_ACCOUNTS,
    ),
    TableSpec(
        PUBLISHED_RECORDS, "topic and record", ("topic", "record_id"), Filling.LOG, Erasure.DROP,
        unchecked="what was sent is told by no record; without it everything is sent again, "
        "with the same bytes",
        pipeline=BUSINESS, expires=True, person="record_key",
        compaction=Compaction(Due.BATCHES, "topic ASC, record_id ASC", HOT_ROWS),
    ),
)  # fmt: skip
"""A derived table stands behind the one it is derived from."""
FIRST_RECORDS: Final = BRONZE_EVENTS
"""What stamps are about that were written before there was a second table of records."""

VIEWS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({
    ATTRIBUTION: (
        "audit.rejected_deliveries",
        "audit.admitted_deliveries",
        "audit.delivery_findings",
        "audit.gold_events",
        "audit.event_outcomes",
        "audit.lookbacks",
        "audit.reused_event_ids",
        "audit.orphans",
        "audit.completeness_gaps",
        "audit.batch_completeness",
        "gold.credit_by_model",
    ),
    BUSINESS: (
        "audit.admitted_business_events",
        "gold.business_events_audit",
        "gold.funnel_metrics_5m",
        "gold.campaign_metrics_5m",
        "gold.campaign_funnel_5m",
        "gold.campaign_kpis_5m",
        "gold.campaign_metrics_rolling_1h",
        "gold.campaign_metrics_by_hour_of_day",
        "gold.campaign_metrics_hourly",
        "gold.campaign_metrics_daily",
        "gold.campaign_launch_curve",
        "gold.customer_stage_history",
        "gold.customer_segments",
        "gold.customer_360_with_ads",
        "gold.ad_clicks",
        "gold.hourly_spend",
        "gold.daily_spend",
        "gold.advertisers",
        "gold.latest_serving_status",
        "gold.latest_changed_budgets",
        "gold.hourly_average_budget",
        "gold.combined_spend_budget",
        "gold.monthly_spend",
        "gold.aggregated_advertiser_spend",
    ),
    CAMPAIGNS: ("gold.ad_performance_with_campaigns", "gold.hourly_performance", "gold.raw_events"),
})  # fmt: skip
"""Pipeline: the views that it makes when it starts. SQL in sql/views; a view that reads another
one comes after it."""


def spec_of(name: str) -> TableSpec:
    """The entry of a table; KeyError for one that nobody entered."""
    return {spec.name: spec for spec in SPECS}[name]


def checked_by(check: Check) -> tuple[str, ...]:
    """Names of the tables that `adlake verify` proves this of."""
    return tuple(spec.name for spec in SPECS if check in spec.checks)


def pipelines() -> tuple[str, ...]:
    """Names of the pipelines, in the order of the list."""
    return tuple(dict.fromkeys(spec.pipeline for spec in SPECS))


def records_of(pipeline: str) -> str:
    """Name of the table that keeps every record of a pipeline's topic."""
    [name] = names_of(pipeline=pipeline, filling=Filling.APPEND)
    return name


def last_table(pipeline: str) -> str:
    """The table that a pipeline's records reach last: readers see them once they are there."""
    return (records_of(pipeline), *names_of(pipeline=pipeline, filling=Filling.MERGE))[-1]


def names_of(**wanted: object) -> tuple[str, ...]:
    """Names of the tables whose entries have these values, in the order of the list."""
    return tuple(spec.name for spec in specs_of(**wanted))


def specs_of(**wanted: object) -> list[TableSpec]:
    """The entries that have these values, in the order of the list."""
    return [
        spec
        for spec in SPECS
        if all(getattr(spec, field_name) == value for field_name, value in wanted.items())
    ]
