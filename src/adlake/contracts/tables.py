"""Names and columns of the lake's tables. DDL lives in sql/ddl, one table per file."""

from __future__ import annotations

from typing import Final

CATALOG: Final = "lakehouse"
BRONZE_EVENTS: Final = "bronze.ad_events"
BUSINESS_EVENTS: Final = "bronze.business_events"
CAMPAIGN_UPDATES: Final = "bronze.campaign_updates"
GOLD_STATE: Final = "gold.ad_performance_state"
GOLD_REPLAY: Final = "gold.ad_performance_replay"
"""A shadow of Gold, built by `adlake replay`; exists only until it is published or rebuilt."""
GOLD_HOURS: Final = "gold.rollup_hourly"
"""Sums over Gold by hour; made from what each batch changed."""
GOLD_CONVERSIONS: Final = "gold.rollup_conversions"
"""Every conversion of Gold with what became of it; made from what each batch changed."""
GOLD_WINDOWS: Final = "gold.rollup_5m"
"""Events of Gold by windows of five minutes; made from what each batch changed."""
ATTRIBUTION_CREDITS: Final = "gold.attribution_credits"
"""What each attribution model credits each touch with; made by `adlake models build`."""
REMOVAL_EFFECTS: Final = "gold.campaign_removal_effects"
"""What the chain of the Markov model says of each campaign; made with the credits."""
FUNNEL_EVENTS: Final = "gold.funnel_events"
"""Each admitted event of the funnel once, with its winning content."""
CUSTOMER_EVENTS: Final = "gold.customer_events"
"""Each admitted event about a customer once, with its winning content."""
CUSTOMER_360: Final = "gold.customer_360"
"""Each customer as one row, with stage, score and segments; made from the events of a batch."""
ALERTS_LOG: Final = "gold.alerts_log"
"""Windows in which a KPI rule fired; made as windows end."""
ALERT_INCIDENTS: Final = "gold.alert_incidents"
"""Alerts that belong together; made with the log."""
ACCOUNT_CONTENTS: Final = "gold.account_contents"
"""What was said in each admitted event about an advertiser; kept up beside the batches."""
SPEND_LEDGER: Final = "gold.spend_ledger"
"""Each billed click once, with what credits and overdelivery take off; made with the contents."""
SERVING_FLIPS: Final = "gold.serving_flips"
SPEND_HOURS: Final = "gold.advertiser_spend_hourly"
"""Both made with the billed clicks."""
PUBLISHED_RECORDS: Final = "gold.published_records"
"""What was sent to topics for others to read: of each record the newest one."""
DIM_CAMPAIGNS: Final = "dims.dim_campaigns"
DIM_BUDGETS: Final = "dims.dim_budgets"
DIM_ADVERTISERS: Final = "dims.dim_advertisers"
"""Made with the billed clicks, like the budgets."""
ALERT_RULES: Final = "dims.alert_rules"
DIM_USERS: Final = "dims.dim_users"
DIM_CREATIVES: Final = "dims.dim_creatives"
BATCH_COUNTS: Final = "audit.completeness_ledger"
NAMESPACES: Final = ("bronze", "gold", "dims", "audit")
BRONZE_COLUMNS: Final = (
    "event_id",
    "event_type",
    "event_timestamp",
    "impression_id",
    "campaign_id",
    "user_id",
    "raw_payload",
    "raw_bytes",
    "kafka_topic",
    "kafka_partition",
    "kafka_offset",
    "kafka_key",
    "ingest_ts",
    "reject_reason",
    "reject_detail",
    "partition_ts",
    "channel",
    "region",
)
"""`raw_payload` is the exact text when the bytes are valid UTF-8, else `raw_bytes` holds them;
both are NULL for a null value (tombstone)."""

GOLD_LAW_COLUMNS: Final = (
    "impression_id",
    "campaign_id",
    "creative_id",
    "user_id",
    "geo_country",
    "platform",
    "is_clicked",
    "is_converted",
    "impression_time",
    "click_time",
    "conversion_time",
    "cost",
    "revenue",
    "eligible",
    "late_by_ms",
    "is_late",
    "revenue_out_of_window",
    "last_updated_ts",
)
"""The contract with every reader: the columns of the law's projection, in its order."""

GOLD_STORAGE_COLUMNS: Final = ("events_state", "law_version", "slot", "engaged")
"""What the MERGE needs beside them."""
GOLD_SEGMENT_COLUMNS: Final = ("channel", "region")
"""Those of the row's donor, NULL where unknown; the last ones, as lakes got them later."""
GOLD_COLUMNS: Final = (*GOLD_LAW_COLUMNS, *GOLD_STORAGE_COLUMNS, *GOLD_SEGMENT_COLUMNS)

EVENTS_STATE_SCHEMA: Final = (
    "array<struct<e:string,t:bigint,r:int,m:bigint,c:string,cr:string,u:string,"
    "g:string,p:string,i:bigint,ch:string,rg:string>>"
)
"""`events_state` is a JSON array of objects sorted by `e` in UTF-8 byte order, NULL members
left out: e event_id, t event ts_ms, r type rank, m micros, c campaign_id, cr creative_id,
u user_id, g geo_country, p platform, i first_ingest_ms, ch channel, rg region: each the smallest
that a delivery with the winning content names."""
STATE_FORMAT: Final = 2
"""Version of that encoding; Gold's stamps name it. Version 1 had no `ch` and no `rg`, and the text
of an event without either is the same in both."""

HOUR_GRAIN: Final = (
    "date_basis", "hour_at", "campaign_id", "creative_id", "platform", "geo_country", "channel",
)  # fmt: skip
"""What a row of GOLD_HOURS sums over; several rows of one grain are to be added up."""
HOUR_SUMS: Final = (
    "impressions",
    "clicked_impressions",
    "converted_impressions",
    "conversions",
    "cost",
    "revenue",
    "orphan_revenue",
    "revenue_out_of_window",
    "lag_ms",
)
CONVERSION_GRAIN: Final = (
    "bucket", "conversion_at", "impression_id", "event_id", "campaign_id", "geo_country",
    "platform", "impression_time", "delay_ms",
)  # fmt: skip
"""What a row of GOLD_CONVERSIONS is about; a conversion that changed has rows that cancel out."""
CONVERSION_SUMS: Final = ("conversions", "value")
WINDOW_GRAIN: Final = ("window_start", "campaign_id", "channel", "region")
"""What a row of GOLD_WINDOWS sums over; what is not known of it is UNKNOWN."""
UNKNOWN: Final = "unknown"
WINDOW_SUMS: Final = (
    *(f"{part}{name}" for part in ("", "early_", "late_")
      for name in ("impressions", "clicks", "conversions")),
    "attributed_conversions",
    "total_cost",
    "revenue",
)  # fmt: skip
FOLDED_DAY: Final = "folded_day"
"""Column of a table of sums: the day of the rows that were folded, NULL for those of a batch."""

BATCH_COUNT_COLUMNS: Final = (
    "kafka_topic",
    "topic_id",
    "epoch",
    "batch_id",
    "kafka_partition",
    "first_offset",
    "next_offset",
    "admitted",
    "rejected",
    "bronze_snapshot_id",
    "bronze_sequence",
    "bronze_rows_added",
    "bronze_rows",
    "committed_at",
    "empty_before",
    "empty_within",
)
LATER_COLUMNS: Final = {
    BRONZE_EVENTS: ("channel", "region"),
    GOLD_STATE: GOLD_SEGMENT_COLUMNS,
    GOLD_HOURS: ("channel",),
    GOLD_WINDOWS: ("channel", "region"),
    BATCH_COUNTS: ("empty_before", "empty_within"),
    DIM_CAMPAIGNS: ("updates_state",),
}
"""Columns of sql/ddl that tables of older lakes lack: the stream adds them when it starts."""
FORMER_COLUMNS: Final = {GOLD_WINDOWS: ("geo_country",)}
"""Columns that sql/ddl has no more: an older table of sums loses them when it is built again."""
BATCH_COUNT_KEY: Final = ("topic_id", "epoch", "batch_id", "kafka_partition")
