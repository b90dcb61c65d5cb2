"""Campaigns: what was spent, what came back, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import streamlit as st

from adlake.dashboard import charts, formats
from adlake.dashboard.alert_strip import strip
from adlake.dashboard.filters import Choice, chosen
from adlake.dashboard.frame import (
    Change,
    csv_button,
    head,
    section,
    shown_of,
    table_height,
    tile,
)
from adlake.dashboard.lake import Record, Sources
from adlake.folders import ADLAKE

REFRESH_SECONDS: Final = 10
BASIS: Final = "By impression time (UTC)."
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
TILES: Final = (
    ("ROAS", "Revenue", "Spend", "Orphan revenue"),
    ("Impressions", "CTR", "CVR", "Attribution lag"),
)


def show(sources: Sources) -> None:
    """Draw the frame at once; its parts fill by themselves and stay fresh."""
    head(sources, "Campaigns")
    strip(sources)
    choice = chosen(sources)
    section(
        "Numbers", lambda: ask_numbers(sources, choice), lambda found: draw_numbers(found, choice),
        seconds=REFRESH_SECONDS, tiles=TILES,
    )  # fmt: skip
    section(
        "Charts", lambda: ask_buckets(sources, choice), lambda found: draw_charts(found, choice),
        seconds=REFRESH_SECONDS, tells_of_outages=False,
    )  # fmt: skip
    section(
        "By campaign", lambda: ask_campaigns(sources, choice),
        lambda found: draw_table(found, choice), seconds=REFRESH_SECONDS, tells_of_outages=False,
    )  # fmt: skip


@dataclass(frozen=True)
class Numbers:
    """Answers for the tiles, of the period and of the same elapsed part of the one before."""

    totals: Record
    orphans: Record
    maturity: list[Record]
    totals_before: Record
    """Empty: there is no period before."""
    maturity_before: list[Record]


def ask_numbers(sources: Sources, choice: Choice) -> Numbers:
    """One row of sums each, and how mature they are."""
    now, before = choice.parameters(), choice.parameters_before()
    found = sources.answers({
        "performance_totals": now, "orphan_revenue": {}, "maturity": now | {"bucket": "year"},
    })  # fmt: skip
    past: dict[str, list[Record]] = {"performance_totals": [{}], "maturity": []}
    if choice.period().before is not None:
        past = sources.answers({
            "performance_totals": before, "maturity": before | {"bucket": "year"},
        })  # fmt: skip
    return Numbers(
        found["performance_totals"][0], found["orphan_revenue"][0], found["maturity"],
        past["performance_totals"][0], past["maturity"],
    )  # fmt: skip


def draw_numbers(found: Numbers, choice: Choice) -> None:
    """Tiles with their change, how far to trust them, and the way to their rows."""
    _tiles(found.totals, found.totals_before, found.orphans)
    st.caption(_said_of_both(choice, found.maturity, found.maturity_before))
    _links(choice)


def _tiles(totals: Record, past: Record, orphans: Record) -> None:
    first, second = st.columns(4), st.columns(4)

    def change(name: str, *, is_good: bool | None = True) -> Change | None:
        return Change(totals[name], past[name], is_good) if past else None

    tile(first[0], "ROAS", formats.ratio(totals["roas"]), "Attributed revenue / spend",
         change("roas"))  # fmt: skip
    tile(first[1], "Revenue", formats.money(totals["revenue"]),
         "Revenue of attributed conversions, in the currency of the bids",
         change("revenue"))  # fmt: skip
    tile(first[2], "Spend", formats.money(totals["spend"]), "Sum of the bid prices of impressions",
         change("spend", is_good=None))  # fmt: skip
    tile(first[3], "Orphan revenue", formats.money(orphans["orphan_revenue"]),
         "Attributed revenue whose impression never arrived (all time, all campaigns). It has no "
         "impression date and no cost, so no other tile contains it. Older than 6 h: "
         f"{formats.money(orphans['confirmed_orphan_revenue'])}")  # fmt: skip
    tile(second[0], "Impressions", formats.count(totals["impressions"]), "Rows with an impression",
         change("impressions"))  # fmt: skip
    clicked = formats.count(totals["clicked_impressions"])
    converted = formats.count(totals["converted_impressions"])
    tile(second[1], "CTR", formats.percent(totals["ctr"]),
         f"Clicked impressions ({clicked}) / impressions", change("ctr"))  # fmt: skip
    tile(second[2], "CVR", formats.percent(totals["cvr"]),
         f"Converted ({converted}) / clicked impressions", change("cvr"))  # fmt: skip
    tile(second[3], "Attribution lag", formats.duration(totals["attribution_lag_seconds"]),
         "Average time from impression to attributed conversion",
         change("attribution_lag_seconds", is_good=None))  # fmt: skip


def overall(buckets: list[Record]) -> Decimal | None:
    """Maturity of several buckets together, by their impressions; None: not known."""
    impressions: int = sum(row["impressions"] for row in buckets)
    if not impressions or any(row["maturity"] is None for row in buckets):
        return None
    shares = (Decimal(row["maturity"] * row["impressions"]) for row in buckets)
    return sum(shares, Decimal(0)) / impressions


def maturity_in_words(buckets: list[Record]) -> str:
    """How far the conversions of these impressions are in."""
    if not buckets:
        return "no impressions"
    if all(row["is_mature"] for row in buckets):
        return "mature: every conversion of the lookback is in"
    share = overall(buckets)
    if share is None:
        return "provisional: too few conversions are older than the lookback to say how far"
    return f"provisional: {formats.percent(share)} of the expected conversions are in"


def _said_of_both(choice: Choice, now: list[Record], past: list[Record]) -> str:
    period = choice.period()
    said = f"{BASIS} {maturity_in_words(now).capitalize()}."
    if period.before is None:
        return said
    return f"{said} Changes are against {period.in_words} ({maturity_in_words(past)})."


def _links(choice: Choice) -> None:
    """From the numbers to their rows."""
    words = {"Impressions": "impressions", "Clicked": "clicked ones", "Converted": "conversions"}
    links = (f"[{text}]({choice.address('rows', only=only)})" for only, text in words.items())
    st.caption(f"Rows behind these numbers: {', '.join(links)}.")


@dataclass(frozen=True)
class Buckets:
    """Answers for the charts; every row with its maturity."""

    length: str
    rows: list[Record]


def ask_buckets(sources: Sources, choice: Choice) -> Buckets:
    """Delivery and return over time."""
    period, now = choice.period(), choice.parameters()
    bucket = period.bucket
    if period.since is None:
        [totals] = sources.answers({"performance_totals": now})["performance_totals"]
        bucket = bucket_that_fits(bucket, totals["first_hour_at"], totals["last_hour_at"])
    given = now | {"bucket": bucket}
    found = sources.answers({"performance_over_time": given, "maturity": given})
    maturity = {row["bucket_at"]: row["maturity"] for row in found["maturity"]}
    return Buckets(bucket, [
        row | {"maturity": maturity.get(row["bucket_at"])} for row in found["performance_over_time"]
    ])  # fmt: skip


def draw_charts(found: Buckets, choice: Choice) -> None:
    """Lines over time; what is not mature yet is marked."""
    period = choice.period()
    if not found.rows:
        st.info(
            f"No impressions in this range ({period.name.lower()}).",
            icon=":material/hourglass_empty:",
        )
        return
    drawn = complete_buckets(found.rows, found.length, period.since, datetime.now(UTC))
    _charts(drawn, found.length)
    csv_button("CSV of the charts", found.rows, "over-time")


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


def _charts(records: list[Record], bucket: str) -> None:
    caption = f"{BASIS} Incomplete {bucket}s are left out once {FEWEST_POINTS} are complete."
    left, right = st.columns(2)
    money = [
        charts.Line("spend", "Spend", charts.ORANGE),
        charts.Line("revenue", "Revenue", charts.BLUE),
    ]
    rates = [charts.Line("ctr", "CTR", charts.BLUE), charts.Line("cvr", "CVR", charts.ORANGE)]
    with left.container(border=True):
        st.markdown(f"**Spend and revenue** per {bucket}")
        st.altair_chart(charts.marked_young(charts.lines(
            records, "bucket_at", money, value_format=",.2f", title="currency of the bids",
            bucket=bucket, beside="maturity",
        ), records, "bucket_at"))  # fmt: skip
        st.caption(f"{caption} {charts.YOUNG}")
    with right.container(border=True):
        st.markdown(f"**ROAS** per {bucket}, dashed: break-even")
        st.altair_chart(charts.threshold(charts.marked_young(charts.lines(
            records, "bucket_at", [charts.Line("roas", "ROAS", charts.GREEN)],
            value_format=".2f", title="revenue / spend", bucket=bucket, beside="maturity",
        ), records, "bucket_at"), 1.0))  # fmt: skip
        st.caption(f"{caption} {charts.YOUNG}")
    with st.container(border=True):
        st.markdown(f"**CTR and CVR** per {bucket}")
        st.altair_chart(charts.marked_young(charts.lines(
            records, "bucket_at", rates, value_format=".1%", title="share", bucket=bucket,
            beside="maturity",
        ), records, "bucket_at"))  # fmt: skip
        st.caption(f"{caption} {charts.YOUNG}")


def ask_campaigns(sources: Sources, choice: Choice) -> dict[str, list[Record]]:
    """The largest campaigns, and the maturity of each."""
    given = choice.parameters() | {"most": str(MOST_CAMPAIGNS)}
    return sources.answers({"campaign_performance": given, "campaign_maturity": given})


def draw_table(found: dict[str, list[Record]], choice: Choice) -> None:
    """One row a campaign, with the way to its rows."""
    records = found["campaign_performance"]
    if not records:
        return
    maturity = {row["campaign_id"]: row for row in found["campaign_maturity"]}
    rows = [_table_row(row, maturity.get(row["campaign_id"]), choice) for row in records]
    st.subheader("By campaign", anchor=False)
    _table(rows)
    counted = shown_of(len(rows), records[0]["campaigns"], "campaigns", "largest spend first")
    st.caption(
        f"{counted} {BASIS} Names as of now. Maturity: share of the expected conversions that "
        f"are in. `{ADLAKE} query campaign_performance --format csv` has all campaigns."
    )
    csv_button("CSV of this table", [_exported(row) for row in rows], "campaigns")


def _table_row(row: Record, maturity: Record | None, choice: Choice) -> Record:
    link = choice.address("rows", campaign_id=row["campaign_id"])
    known = maturity or {"maturity": None, "is_mature": None}
    shown = {name: value for name, value in row.items() if name != "campaigns"}
    return shown | {
        "maturity": known["maturity"], "is_mature": known["is_mature"], "rows": link,
    }  # fmt: skip


def _exported(row: Record) -> Record:
    return {name: value for name, value in row.items() if name != "rows"}


def _table(rows: list[Record]) -> None:
    table = charts.frame(rows, list(rows[0]))
    for column in ("ctr", "cvr", "maturity"):
        table[column] = table[column].astype(float) * 100
    number = st.column_config.NumberColumn
    st.dataframe(
        table, hide_index=True, height=table_height(len(table), ROWS_SHOWN),
        column_config={
            "campaign_id": "Campaign", "campaign_name": "Name", "channel": "Channel",
            "impressions": number("Impressions", format="localized"),
            "clicked_impressions": number("Clicked", format="localized"),
            "converted_impressions": number("Converted", format="localized"),
            "spend": number("Spend", format="accounting"),
            "revenue": number("Revenue", format="accounting"),
            "ctr": number("CTR", format="%.2f %%"), "cvr": number("CVR", format="%.2f %%"),
            "roas": number("ROAS", format="%.2fx"),
            "maturity": st.column_config.ProgressColumn(
                "Maturity", format="%.0f %%", min_value=0, max_value=100
            ),
            "is_mature": st.column_config.CheckboxColumn("Mature"),
            "rows": st.column_config.LinkColumn("Rows", display_text="show"),
        },
    )  # fmt: skip
