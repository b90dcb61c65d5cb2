"""Campaigns: what was spent, what came back, and how far to trust it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import streamlit as st

from adlake.dashboard import charts, formats
from adlake.dashboard.frame import data_as_of, guarded, tile
from adlake.dashboard.lake import Record, Sources

REFRESH_SECONDS: Final = 10
RANGES: Final[dict[str, tuple[timedelta | None, str]]] = {
    "Last hour": (timedelta(hours=1), "minute"),
    "24 hours": (timedelta(days=1), "hour"),
    "7 days": (timedelta(days=7), "hour"),
    "30 days": (timedelta(days=30), "day"),
    "All": (None, "day"),
}
BASIS: Final = "By impression time (UTC). The last 7 days are provisional."
FEWEST_POINTS: Final = 3
MOST_POINTS: Final = 400
"""Of one line: a year of days. A range that needs more is drawn in longer buckets."""
BUCKET_LENGTHS: Final = {
    "minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1),
    "month": timedelta(days=31), "year": timedelta(days=366),
}  # fmt: skip
ROWS_SHOWN: Final = 12
MOST_CAMPAIGNS: Final = 100
"""Rows that a page holds; however many campaigns there are, it takes no more memory."""


def show(sources: Sources) -> None:
    """Draw the page and keep it fresh."""
    title, control = st.columns([3, 2], vertical_alignment="bottom")
    title.title("Campaigns", anchor=False)
    chosen = control.container(horizontal_alignment="right").segmented_control(
        "Impressions of the", list(RANGES), default="Last hour", required=True
    )

    @st.fragment(run_every=REFRESH_SECONDS)
    def refreshed() -> None:
        with guarded("Campaigns"):
            _draw(sources, str(chosen))

    refreshed()


def since_of(range_name: str, now: datetime) -> dict[str, str]:
    """The `since` parameter of a range, cut to the minute so that answers can be cached."""
    length, _ = RANGES[range_name]
    if length is None:
        return {}
    return {"since": (now - length).replace(second=0, microsecond=0).isoformat()}


def bucket_that_fits(bucket: str, first: datetime | None, last: datetime | None) -> str:
    """The bucket, or the first longer one that cuts first to last into `MOST_POINTS` at most."""
    if first is None or last is None:
        return bucket
    lengths = list(BUCKET_LENGTHS)
    longer = lengths[lengths.index(bucket) :]
    fitting = (name for name in longer if (last - first) / BUCKET_LENGTHS[name] < MOST_POINTS)
    return next(fitting, lengths[-1])


def end_of(bucket_at: datetime, bucket: str) -> datetime:
    """When a bucket that began at `bucket_at` is over."""
    end = bucket_at + BUCKET_LENGTHS[bucket]
    if bucket == "month":
        return end.replace(day=1)
    return end.replace(month=1, day=1) if bucket == "year" else end


def complete_buckets(
    records: list[Record], bucket: str, since: datetime | None, now: datetime
) -> list[Record]:
    """Without buckets cut by the range or still filling, whose fall or jump would mislead.

    All are kept when too few would be left to draw.
    """
    complete = [
        row
        for row in records
        if (since is None or row["bucket_at"] >= since) and end_of(row["bucket_at"], bucket) <= now
    ]
    return complete if len(complete) >= FEWEST_POINTS else records


def _draw(sources: Sources, range_name: str) -> None:
    now = datetime.now(UTC)
    since = since_of(range_name, now)
    found = sources.answers({
        "performance_totals": since,
        "campaign_performance": {**since, "most": str(MOST_CAMPAIGNS)},
        "orphan_revenue": {},
        "freshness": {},
    })  # fmt: skip
    totals = found["performance_totals"][0]
    data_as_of(found["freshness"][0])
    _tiles(totals, found["orphan_revenue"][0])
    bucket = bucket_that_fits(
        RANGES[range_name][1], totals["first_impression_at"], totals["last_impression_at"]
    )
    asked = {"performance_over_time": {**since, "bucket": bucket}}
    buckets = sources.answers(asked)["performance_over_time"]
    if not buckets or not found["campaign_performance"]:
        st.info(
            f"No impressions in this range ({range_name.lower()}).",
            icon=":material/hourglass_empty:",
        )
        return
    since_at = datetime.fromisoformat(since["since"]) if since else None
    drawn = complete_buckets(buckets, bucket, since_at, now)
    _charts(drawn, bucket)
    _table(found["campaign_performance"])


def _tiles(totals: Record, orphans: Record) -> None:
    first, second = st.columns(4), st.columns(4)
    tile(first[0], "ROAS", formats.ratio(totals["roas"]), "Attributed revenue / spend")
    tile(first[1], "Revenue", formats.money(totals["revenue"]),
         "Revenue of attributed conversions, in the currency of the bids")  # fmt: skip
    tile(first[2], "Spend", formats.money(totals["spend"]), "Sum of the bid prices of impressions")
    tile(first[3], "Orphan revenue", formats.money(orphans["orphan_revenue"]),
         "Attributed revenue whose impression never arrived (all time). It has no impression date "
         f"and no cost, so no other tile contains it. Older than 6 h: "
         f"{formats.money(orphans['confirmed_orphan_revenue'])}")  # fmt: skip
    tile(second[0], "Impressions", formats.count(totals["impressions"]), "Rows with an impression")
    clicked = formats.count(totals["clicked_impressions"])
    converted = formats.count(totals["converted_impressions"])
    tile(second[1], "CTR", formats.percent(totals["ctr"]),
         f"Clicked impressions ({clicked}) / impressions")  # fmt: skip
    tile(second[2], "CVR", formats.percent(totals["cvr"]),
         f"Converted ({converted}) / clicked impressions")  # fmt: skip
    tile(second[3], "Attribution lag", formats.duration(totals["attribution_lag_seconds"]),
         "Average time from impression to attributed conversion")  # fmt: skip


def _charts(records: list[Record], bucket: str) -> None:
    caption = f"{BASIS} Incomplete {bucket}s are left out once {FEWEST_POINTS} are complete."
    left, right = st.columns(2)
    with left.container(border=True):
        st.markdown(f"**Spend and revenue** per {bucket}")
        st.altair_chart(charts.lines(
            records, "bucket_at",
            [charts.Line("spend", "Spend", charts.ORANGE),
             charts.Line("revenue", "Revenue", charts.BLUE)],
            value_format=",.2f", title="currency of the bids", bucket=bucket,
        ))  # fmt: skip
        st.caption(caption)
    with right.container(border=True):
        st.markdown(f"**ROAS** per {bucket}, dashed: break-even")
        st.altair_chart(charts.threshold(charts.lines(
            records, "bucket_at", [charts.Line("roas", "ROAS", charts.GREEN)],
            value_format=".2f", title="revenue / spend", bucket=bucket,
        ), 1.0))  # fmt: skip
        st.caption(caption)
    with st.container(border=True):
        st.markdown(f"**CTR and CVR** per {bucket}")
        st.altair_chart(charts.lines(
            records, "bucket_at",
            [charts.Line("ctr", "CTR", charts.BLUE), charts.Line("cvr", "CVR", charts.ORANGE)],
            value_format=".1%", title="share", bucket=bucket,
        ))  # fmt: skip
        st.caption(caption)


def _table(records: list[Record]) -> None:
    st.subheader("By campaign", anchor=False)
    shares = {"ctr": 100, "cvr": 100}
    table = charts.frame(records, [name for name in records[0] if name != "campaigns"])
    for column, factor in shares.items():
        table[column] = table[column].astype(float) * factor
    number = st.column_config.NumberColumn
    st.dataframe(
        table, hide_index=True, height=3 + 35 * (1 + min(len(table), ROWS_SHOWN)),
        column_config={
            "campaign_id": "Campaign", "campaign_name": "Name", "channel": "Channel",
            "impressions": number("Impressions", format="localized"),
            "clicked_impressions": number("Clicked", format="localized"),
            "converted_impressions": number("Converted", format="localized"),
            "spend": number("Spend", format="accounting"),
            "revenue": number("Revenue", format="accounting"),
            "ctr": number("CTR", format="%.2f %%"), "cvr": number("CVR", format="%.2f %%"),
            "roas": number("ROAS", format="%.2fx"),
        },
    )  # fmt: skip
    st.caption(f"{shown_of(len(records), records[0]['campaigns'])} {BASIS} Names as of now.")


def shown_of(shown: int, campaigns: int) -> str:
    """How many of the campaigns a table holds, and which."""
    if shown == campaigns:
        return f"{formats.count(campaigns)} campaigns, largest spend first."
    return (
        f"The {formats.count(shown)} largest by spend of {formats.count(campaigns)} campaigns; "
        "`adlake query campaign_performance --format csv` has all."
    )
