"""Operations: does the stream keep up, and how big has the lake become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from adlake.contracts.source import topic_of_label
from adlake.dashboard import charts, formats
from adlake.dashboard.frame import head, seconds_since, section, tile
from adlake.dashboard.given_up import list_given_up
from adlake.dashboard.health import (
    FRESHNESS_PROMISE_SECONDS,
    Level,
    judge,
    lag_by_partition,
)
from adlake.dashboard.lake import Record, Sources
from adlake.dashboard.late import count_late
from adlake.dashboard.remote import Remote
from adlake.dashboard.topics import Topics, offer_topics
from adlake.folders import ADLAKE
from adlake.io.events_api.posts import Posts
from adlake.io.kafka.topic import TopicFacts

REFRESH_SECONDS: Final = 5
TILES: Final = (
    ("Events per second", "Freshness p50", "Freshness p95", "Freshness p99"),
    ("Since last commit", "Lag", "Last batch", "Batch size"),
)
CHART_MINUTES: Final = "30"
BASIS: Final = "By the time of the batch's commit to Gold (UTC), last 30 minutes."
MOST_BATCHES: Final = 400
"""Of one chart, which refuses more than 5,000 marks: three lines over batches of a second."""
MOST_PARTITIONS: Final = 24
AskPosts = Callable[[], Posts | None]


def show(sources: Sources, ask_posts: AskPosts, remote: Remote, topics: Topics) -> None:
    """Draw the frame at once; it fills by itself and stays fresh."""
    head(sources, "Operations")
    section(
        "Operations", lambda: ask_operations(sources, ask_posts),
        lambda found: _draw(found, sources.topics),
        seconds=REFRESH_SECONDS, tiles=TILES,
    )  # fmt: skip
    count_late(sources)
    list_given_up(remote)
    offer_topics(topics)


@dataclass(frozen=True)
class Answers:
    """Everything that the page shows."""

    metrics: dict[str, list[Record]]
    topics: dict[str, TopicFacts | None]
    mismatches: list[Record] | None
    reuse: Record | None
    counted: list[Record]
    posts: Posts | None


def ask_operations(sources: Sources, ask_posts: AskPosts = lambda: None) -> Answers:
    """Metrics, what Kafka says of the topics, and the API of what was posted to it."""
    metrics = sources.answers({
        "freshness": {}, "throughput": {}, "next_offsets": {}, "table_sizes": {},
        "batches": {"minutes": CHART_MINUTES, "most": str(MOST_BATCHES)},
        "rejected_by_reason": {},
    })  # fmt: skip
    return Answers(
        metrics, sources.topics_now(), sources.count_mismatches(), sources.recent_reuse(),
        sources.read_so_far(), ask_posts(),
    )  # fmt: skip


def _draw(answers: Answers, tables: Mapping[str, str]) -> None:
    found, topics = answers.metrics, answers.topics
    freshness, batches = found["freshness"][0], found["batches"]
    lags = {name: _lag(topic, found["next_offsets"]) for name, topic in topics.items()}
    lag = lags[next(iter(tables))]
    _health(None if lag is None else sum(lag.values()), freshness, batches)
    for topic in topics.values():
        if topic is not None and topic.pending:
            st.warning(topic.pending_in_words, icon=":material/hourglass_empty:")
    show_batch_counts(answers.mismatches)
    show_reuse(answers.reuse)
    show_posts(answers.posts)
    _tiles(freshness, found["throughput"][0], batches, lag)
    _batch_charts(batches)
    left, right = st.columns(2)
    with left.container(border=True):
        _lag_chart(lag)
    with right.container(border=True):
        show_rejected(found["rejected_by_reason"])
    show_pipelines(pipeline_rows(tables, lags, answers.counted))
    _sizes(found["table_sizes"])


def _lag(topic: TopicFacts | None, next_offsets: list[Record]) -> dict[int, int] | None:
    if topic is None:
        return None
    contained = {
        row["kafka_partition"]: row["next_offset"]
        for row in next_offsets
        if (topic_of_label(row["kafka_topic"]), row["topic_id"]) == (topic.name, topic.topic_id)
    }
    return lag_by_partition(topic.end_offsets, contained)


def _health(total_lag: int | None, freshness: Record, batches: list[Record]) -> None:
    newest_p95 = batches[0]["freshness_seconds_p95"] if batches else None
    health = judge(total_lag, seconds_since(freshness["last_commit_at"]), newest_p95)
    show_banner = {Level.GOOD: st.success, Level.NOTICE: st.warning, Level.ALARM: st.error}
    icons = {Level.GOOD: "check_circle", Level.NOTICE: "info", Level.ALARM: "error"}
    show_banner[health.level](health.sentence, icon=f":material/{icons[health.level]}:")


def show_batch_counts(gaps: list[Record] | None) -> None:
    """The check sql/checks/completeness.sql, also part of `adlake verify`."""
    if gaps is None:
        st.caption(
            "Completeness: no batch counts yet; the stream makes their table when it starts."
        )
    elif not gaps:
        st.caption(
            "Completeness: the batch counts agree. Every offset read was admitted or rejected."
        )
    else:
        st.error(
            "Completeness: the batch counts do not agree in "
            f"{formats.count(len(gaps))} places or more.",
            icon=":material/error:",
        )
        st.dataframe(gaps, hide_index=True)


def show_reuse(recent: Record | None) -> None:
    """Metric `recent_event_id_reuse`: an event id counts once in each of its impressions."""
    if recent is None:
        st.caption("Event ids used again: not known for the last 10 minutes.")
    elif not recent["reused_event_ids"]:
        st.caption("Event ids: none was used for two impressions in the last 10 minutes.")
    else:
        st.warning(
            f"{formats.count(recent['reused_event_ids'])} event ids of the last 10 minutes were "
            "used for more than one impression, so each counts more than once. "
            f"`{ADLAKE} query reused_event_ids` names them and the money at stake.",
            icon=":material/content_copy:",
        )


def show_posts(posts: Posts | None) -> None:
    """What was posted to the API and did not come to the lake in time."""
    if posts is None:
        st.caption("Posts of customers: the API does not answer.")
    elif not posts.overdue:
        st.caption(f"Posts of customers: {formats.count(posts.pending)} are on their way.")
    else:
        st.warning(
            f"{formats.count(posts.overdue)} posts of customers were not seen in the lake within "
            "ten minutes, since the API began: the stream stands still, or they changed nothing. "
            f"{formats.count(posts.pending)} are on their way.",
            icon=":material/hourglass_disabled:",
        )


def _tiles(
    freshness: Record, throughput: Record, batches: list[Record], lag: dict[int, int] | None
) -> None:
    first, second = st.columns(4), st.columns(4)
    tile(first[0], "Events per second", formats.rate(throughput["events_per_second"]),
         "Events that reached Gold in the last minute / 60 s")  # fmt: skip
    for column, percentile in zip(first[1:], ("p50", "p95", "p99"), strict=True):
        tile(column, f"Freshness {percentile}",
             formats.duration(freshness[f"freshness_seconds_{percentile}"]),
             "From Kafka time to visible in Gold: worst batch of the last 10 minutes, so no more "
             "than this over all events. A past that was published is left out")  # fmt: skip
    age = seconds_since(freshness["last_commit_at"])
    tile(second[0], "Since last commit",
         formats.duration(age),
         "Uses commit times only: an event stamped in the future cannot hide a stall")  # fmt: skip
    tile(second[1], "Lag", formats.UNKNOWN if lag is None else formats.count(sum(lag.values())),
         "Events in Kafka that Gold does not contain: end offset minus the offset in the newest "
         "commit, all partitions")  # fmt: skip
    newest = batches[0] if batches else {}
    rejected = formats.count(newest.get("rejected"))
    tile(second[2], "Last batch", formats.duration(newest.get("batch_seconds")),
         "From the start of the batch until it is visible in Gold")  # fmt: skip
    tile(second[3], "Batch size", formats.count(newest.get("events")),
         f"Events in the last batch, {rejected} of them rejected")  # fmt: skip


def _batch_charts(batches: list[Record]) -> None:
    if not batches:
        st.info("No batch in the last 30 minutes.", icon=":material/hourglass_empty:")
        return
    with st.container(border=True):
        _freshness_chart(batches)
    left, right = st.columns(2)
    with left.container(border=True):
        _rate_chart(batches)
    with right.container(border=True):
        st.markdown("**Batch time**")
        st.altair_chart(charts.columns_over_time(
            batches, "committed_at", "batch_seconds", title="seconds", colour=charts.BLUE,
            value_format=",.1f",
        ))  # fmt: skip
        st.caption(batches_basis(batches))


def _freshness_chart(batches: list[Record]) -> None:
    st.markdown(f"**Freshness** of each batch, dashed: promise of {FRESHNESS_PROMISE_SECONDS} s")
    waited = [batch for batch in batches if batch["freshness_seconds_p50"] is not None]
    if not waited:
        st.info(
            "Every batch was of a past that was published: it did not wait.",
            icon=":material/history:",
        )
        return
    lines = charts.lines(
        waited, "committed_at",
        [charts.Line("freshness_seconds_p50", "p50", charts.GREEN),
         charts.Line("freshness_seconds_p95", "p95", charts.ORANGE),
         charts.Line("freshness_seconds_p99", "p99", charts.RED)],
        value_format=",.1f", title="seconds", is_duration=True,
    )  # fmt: skip
    st.altair_chart(charts.threshold(lines, FRESHNESS_PROMISE_SECONDS))
    st.caption(
        f"{batches_basis(batches)} Logarithmic. A past that was published has no point: "
        "it did not wait."
    )


def batches_basis(batches: list[Record]) -> str:
    """What the charts of batches are drawn from; says so when it is not all."""
    if len(batches) == batches[0]["batches"]:
        return BASIS
    return f"{BASIS} The newest {len(batches)} of {formats.count(batches[0]['batches'])} batches."


def _rate_chart(batches: list[Record]) -> None:
    st.markdown("**Events per second** between batches")
    # The first batch of all has no batch before it, hence no rate.
    timed = [batch for batch in batches if batch["events_per_second"] is not None]
    if not timed:
        st.info("Known from the second batch on.", icon=":material/hourglass_empty:")
        return
    st.altair_chart(charts.lines(
        timed, "committed_at", [charts.Line("events_per_second", "events/s", charts.BLUE)],
        value_format=",.0f", title="events/s",
    ))  # fmt: skip
    st.caption(batches_basis(batches))


def _lag_chart(lag: dict[int, int] | None) -> None:
    st.markdown("**Kafka lag** per partition")
    if lag is None:
        st.warning("Kafka does not answer: see `make status`.", icon=":material/cloud_off:")
        return
    rows = [
        {"partition": f"partition {number}", "events": events} for number, events in largest(lag)
    ]
    st.altair_chart(charts.bars(rows, "partition", "events", title="events", colour=charts.ORANGE))
    which = "" if len(rows) == len(lag) else f" The {len(rows)} largest of {len(lag)} partitions."
    st.caption(f"End offset in Kafka minus the next offset stamped on the newest commit.{which}")


def largest(lag: dict[int, int]) -> list[tuple[int, int]]:
    """The partitions that lag most, in their own order; all when there are few."""
    most = sorted(lag.items(), key=lambda one: (-one[1], one[0]))[:MOST_PARTITIONS]
    return sorted(most)


def show_rejected(rejected: list[Record]) -> None:
    """Bars by reason."""
    st.markdown("**Rejected deliveries** by reason")
    if not rejected:
        st.info("Nothing was rejected.", icon=":material/check_circle:")
        return
    st.altair_chart(
        charts.bars(rejected, "reject_reason", "deliveries", title="deliveries", colour=charts.RED)
    )
    st.caption(
        f"All of Bronze. Payloads are kept: `{ADLAKE} quarantine list`, then fix and resubmit."
    )


def pipeline_rows(
    topics: Mapping[str, str],
    lags: Mapping[str, Mapping[int, int] | None],
    counted: list[Record],
) -> list[Record]:
    """One line a topic; what is not known yet is empty.

    Args:
        topics: topic -> the last table that its records reach.
        lags: topic -> events by partition that this table lacks; None: Kafka does not answer.
        counted: rows of metric `pipelines`.
    """
    counts = {row["topic"]: row for row in counted}
    rows = []
    for topic, table in topics.items():
        lag, told = lags[topic], counts.get(topic, {})
        rows.append({
            "Topic": topic,
            "Reaches": table,
            "Lag": None if lag is None else sum(lag.values()),
            "Admitted": told.get("admitted"),
            "Rejected": told.get("rejected"),
            "Gaps": told.get("gaps"),
            "Counted until": formats.clock(told["counted_until"]) if told else formats.UNKNOWN,
        })  # fmt: skip
    return rows


def show_pipelines(rows: list[Record]) -> None:
    """Lag now, and the batch counts so far."""
    st.subheader("Pipelines", anchor=False)
    number = st.column_config.NumberColumn
    st.dataframe(
        rows, hide_index=True,
        column_config={
            name: number(format="localized") for name in ("Lag", "Admitted", "Rejected", "Gaps")
        },
    )  # fmt: skip
    st.caption(
        "Lag: end offsets in Kafka minus those stamped on the newest commit of the table that the "
        "topic's records reach last. Admitted, rejected and gaps: by the batch counts, which are "
        "recorded some batches later."
    )


def _sizes(sizes: list[Record]) -> None:
    st.subheader("Tables", anchor=False)
    shown = [
        {
            "Table": row["table_name"],
            "Stored rows": row["stored_rows"],
            "Marked deleted": row["delete_marks"],
            "Data files": row["data_files"],
            "Delete files": row["delete_files"],
            "Size": formats.byte_size(row["total_bytes"]),
            "Newest commit": formats.clock(row["committed_at"]),
        }
        for row in sizes
    ]
    number = st.column_config.NumberColumn
    counts = ("Stored rows", "Marked deleted", "Data files", "Delete files")
    st.dataframe(
        shown, hide_index=True,
        column_config={name: number(format="localized") for name in counts},
    )  # fmt: skip
    st.caption("Superseded rows stay in the files, marked deleted, until compaction.")
