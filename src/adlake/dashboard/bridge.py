"""Bridge: where the value of all conversions went, to the last micro."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import streamlit as st

from adlake.dashboard import charts, formats
from adlake.dashboard.filters import Choice, chosen
from adlake.dashboard.frame import (
    Change,
    answered,
    csv_button,
    explained_rows,
    head,
    section,
    shown_of,
    table_height,
    tile,
)
from adlake.dashboard.lake import Record, Sources

REFRESH_SECONDS: Final = 20
MOST_DAYS: Final = 62
MOST_CONVERSIONS: Final = 100
ROWS_SHOWN: Final = 12
NAMES: Final = {
    "ATTRIBUTED": "Attributed", "ORPHAN": "Orphan", "REPEAT_CONVERSION": "Repeat",
    "OUT_OF_WINDOW": "Out of window", "CONVERSION_BEFORE_CLICK": "Before click",
    "NO_CLICK": "No click", "REJECTED": "Rejected",
}  # fmt: skip
_BUCKETS: Final = {name: bucket for bucket, name in NAMES.items()}
"""What a person reads, also in the address, and the parameter of the metric."""
MEANINGS: Final = {
    "ATTRIBUTED": "first conversion within the lookback of its click; ROAS counts it",
    "ORPHAN": "attributed, but its impression never arrived, so it has no cost",
    "REPEAT_CONVERSION": "the impression has its attributed conversion already",
    "OUT_OF_WINDOW": "later after its click than the lookback",
    "CONVERSION_BEFORE_CLICK": "every click of the impression came later",
    "NO_CLICK": "the impression was never clicked",
    "REJECTED": "refused at admission, and never admitted since",
}  # fmt: skip
BASIS: Final = (
    "By conversion time (UTC), so Attributed is not the revenue by impression time of the page "
    "Campaigns. Every distinct conversion is in exactly one bucket."
)
TILES: Final = (("All conversions", "Attributed", "Not attributed", "Rejected"),)


def show(sources: Sources) -> None:
    """Draw the frame at once; its parts fill by themselves."""
    head(sources, "Bridge")
    choice = chosen(sources)
    section(
        "Bridge", lambda: ask_bridge(sources, choice), lambda found: draw_bridge(*found, choice),
        seconds=REFRESH_SECONDS, tiles=TILES,
    )  # fmt: skip
    section(
        "Days", lambda: ask_days(sources, choice), draw_days, seconds=3 * REFRESH_SECONDS,
        tells_of_outages=False,
    )  # fmt: skip
    st.subheader("Conversions of a bucket", anchor=False)
    bucket = st.segmented_control(
        "Bucket", list(_BUCKETS), default=NAMES["NO_CLICK"], required=True,
        key="bucket", bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    section(
        "Conversions", lambda: ask_conversions(sources, choice, _BUCKETS[str(bucket)]),
        draw_conversions, tells_of_outages=False,
    )  # fmt: skip


def ask_bridge(sources: Sources, choice: Choice) -> tuple[list[Record], list[Record]]:
    """The buckets of the period, and of the same elapsed part of the one before, if any."""
    now = answered(sources, "bridge", choice.parameters())
    if choice.period().before is None:
        return now, []
    return now, answered(sources, "bridge", choice.parameters_before())


def draw_bridge(buckets: list[Record], past: list[Record], choice: Choice) -> None:
    """Tiles, the bridge and its table."""
    _tiles(buckets, past)
    with st.container(border=True):
        st.markdown("**Bridge** from the value of all conversions to what is attributed")
        st.altair_chart(charts.waterfall(steps_of(buckets), title="currency of the bids"))
        st.caption(BASIS)
    with st.container(border=True):
        _table(buckets)
    if past:
        st.caption(f"Changes are against {choice.period().in_words}.")


def total_of(buckets: list[Record]) -> Decimal:
    """The value of all buckets."""
    return sum((row["value"] for row in buckets), Decimal(0))


def steps_of(buckets: list[Record]) -> list[charts.Step]:
    """From the total down to the attributed value, bucket by bucket; last first."""
    left = total_of(buckets)
    steps = [charts.Step("All conversions", Decimal(0), left, charts.GREY)]
    attributed, *others = buckets
    for row in reversed(others):
        colour = charts.RED if row["bucket"] == "REJECTED" else charts.ORANGE
        steps.append(charts.Step(NAMES[row["bucket"]], left - row["value"], left, colour))
        left -= row["value"]
    steps.append(charts.Step(NAMES[attributed["bucket"]], Decimal(0), left, charts.GREEN))
    return steps


def _tiles(buckets: list[Record], past: list[Record]) -> None:
    columns = st.columns(4)

    def change(now: Decimal, before: Decimal, *, is_good: bool | None) -> Change | None:
        return Change(now, before, is_good) if past else None

    total, total_before = total_of(buckets), total_of(past)
    value = {row["bucket"]: row["value"] for row in buckets}
    value_before = dict.fromkeys(NAMES, Decimal(0)) | {r["bucket"]: r["value"] for r in past}
    count = formats.count(sum(row["conversions"] for row in buckets))
    tile(columns[0], "All conversions", formats.money(total),
         f"Value of {count} distinct conversion events",
         change(total, total_before, is_good=True))  # fmt: skip
    tile(columns[1], "Attributed", formats.money(value["ATTRIBUTED"]), MEANINGS["ATTRIBUTED"],
         change(value["ATTRIBUTED"], value_before["ATTRIBUTED"], is_good=True))  # fmt: skip
    rest, rest_before = total - value["ATTRIBUTED"], total_before - value_before["ATTRIBUTED"]
    tile(columns[2], "Not attributed", formats.money(rest), "All other buckets together",
         change(rest, rest_before, is_good=False))  # fmt: skip
    tile(columns[3], "Rejected", formats.money(value["REJECTED"]), MEANINGS["REJECTED"],
         change(value["REJECTED"], value_before["REJECTED"], is_good=False))  # fmt: skip


def _table(buckets: list[Record]) -> None:
    st.markdown("**Buckets**")
    rows = [
        {
            "bucket": NAMES[row["bucket"]], "conversions": row["conversions"],
            "value": row["value"], "share": row["share"], "meaning": MEANINGS[row["bucket"]],
            "without_value": row["without_value"],
        }
        for row in buckets
    ]  # fmt: skip
    table = charts.frame(rows, list(rows[0]))
    table["share"] = table["share"].astype(float) * 100
    number = st.column_config.NumberColumn
    st.dataframe(
        table, hide_index=True, height=table_height(len(rows), len(rows)),
        column_config={
            "bucket": "Bucket", "conversions": number("Conversions", format="localized"),
            "value": number("Value", format="accounting"),
            "share": number("Share", format="%.2f %%"), "meaning": "Meaning",
            "without_value": number("Without an amount", format="localized"),
        },
    )  # fmt: skip
    total = f"{total_of(buckets):,.6f}"
    st.caption(f"Together exactly {total}. Without an amount: refused, and naming no money.")
    csv_button("CSV of the bridge", buckets, "bridge")


def ask_days(sources: Sources, choice: Choice) -> list[Record]:
    """The buckets of each day."""
    given = choice.parameters() | {"split_by": "day", "most": str(MOST_DAYS)}
    return answered(sources, "bridge", given)


def draw_days(rows: list[Record]) -> None:
    """What became of the value of each day; of one day alone the bridge says it."""
    days = {row["split_value"] for row in rows}
    drawn = [row | {"bucket": NAMES[row["bucket"]]} for row in rows if row["value"]]
    if len(days) <= 1 or not drawn:
        return
    with st.container(border=True):
        st.markdown("**Value of each day** by bucket")
        st.altair_chart(charts.stacked_days(
            drawn, "split_value", "bucket", "value", title="currency of the bids",
            colours=dict(zip(NAMES.values(), charts.BUCKETS, strict=True)),
        ))  # fmt: skip
        st.caption(
            f"{shown_of(len(days), rows[0]['splits'], 'days', 'newest first')} A late click or "
            "impression may still move conversions into Attributed."
        )
        csv_button("CSV of the days", rows, "bridge-by-day")


def ask_conversions(sources: Sources, choice: Choice, bucket: str) -> list[Record]:
    """The conversions of one bucket."""
    given = choice.parameters() | {"bucket": bucket, "most": str(MOST_CONVERSIONS)}
    return answered(sources, "bridge_conversions", given)


def draw_conversions(rows: list[Record]) -> None:
    """One row a conversion, with the way to its explanation."""
    if not rows:
        st.info("No conversion of this range is in this bucket.", icon=":material/check_circle:")
        return
    shown = [{name: row[name] for name in row if name != "conversions"} for row in rows]
    is_refused = rows[0]["bucket"] == "REJECTED"
    st.dataframe(
        explained_rows(shown), hide_index=True, height=table_height(len(rows), ROWS_SHOWN),
        column_config={
            "impression_id": "Impression", "event_id": "Event", "campaign_id": "Campaign",
            "geo_country": "Country", "platform": "Platform", "bucket": None,
            "conversion_at": st.column_config.DatetimeColumn("At (UTC)"),
            "reject_reason": "Refused for" if is_refused else None,
            "value": st.column_config.NumberColumn("Value", format="accounting"),
            "explain": st.column_config.LinkColumn("Why", display_text="explain"),
        },
    )  # fmt: skip
    st.caption(shown_of(len(rows), rows[0]["conversions"], "conversions", "largest value first"))
    csv_button("CSV of these conversions", shown, "bridge-conversions")
