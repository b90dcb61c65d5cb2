"""The dashboard of trust: which traffic people cannot have made, and what money hangs on it."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Panel

from adlake.contracts import gauges
from tools.grafana.frame import Row
from tools.grafana.panels import alerts, chart, listing, tile
from tools.grafana.queries import Prom, Sql, number, text

SHARE: Final = (0.02, 0.05)
"""Of traffic, from where on it is looked at, and from where on alarming."""
MOST: Final = 50
"""Rows of a list."""
_RATE: Final = "[$__rate_interval]"
_CHECKED: Final = f"sum(rate({gauges.CHECKED_DELIVERIES.name}{_RATE}))"


def rows() -> list[Row]:
    """Shares first, then when, then who."""
    return [
        Row("How much?", _tiles()),
        Row("When?", _over_time()),
        Row("Who?", _lists()),
        Row("Alerts", [alerts(
            "Alerts", "Rules of Prometheus and of Grafana that fire, wait to fire, or cannot be "
            "computed.",
        )]),
    ]  # fmt: skip


def _tiles() -> list[Builder[Panel]]:
    return [
        tile("Invalid traffic", "Share of impressions whose events contradict each other, as the "
             "law sees it: shown twice, clicked before it was shown, another campaign or user.",
             units.PercentUnit, Sql("invalid_traffic_share", [
                 number("share", "invalid_traffic_share")]), SHARE),
        tile("Click bursts", "Runs of clicks by one user that follow each other faster than a "
             "person finds ads to click.",
             units.Short, Sql("click_bursts", [number("bursts", "coalesce(max(bursts), 0)")],
                              fixed={"most": 1})),
        tile("Double clicks", "Share of clicks that come right after another one on the same "
             "impression.",
             units.PercentUnit, Sql("double_clicks", [
                 number("share", _share_of_sums("double_clicks", "clicks"))],
                 fixed={"most": None}), SHARE),
        tile("Too fast conversions", "Share of attributed conversions that follow their click "
             "faster than a person can buy.",
             units.PercentUnit, Sql("fast_conversions", [
                 number("share", _share_of_sums("fast_conversions", "conversions"))],
                 fixed={"most": None}), SHARE),
        tile("CTR outliers", "How many values of the chosen column have a click rate too far from "
             "that of all traffic to be chance.",
             units.Short, Sql("ctr_outliers", [number("outliers", "coalesce(max(outliers), 0)")],
                              fixed={"most": 1})),
        tile("Duplicates", "Share of the deliveries of the last 10 minutes that repeat an event "
             "of the same 10 minutes.",
             units.PercentUnit, Sql("recent_duplicates", [number("share", "duplicate_share")],
                                    fixed={"minutes": 10}), (0.05, 0.2)),
        tile("Revenue of invalid traffic", "Attributed revenue of the impressions whose events "
             "contradict each other.",
             units.LocaleFormat, Sql("invalid_traffic_share", [
                 number("revenue", "invalid_revenue")]), width=8),
        tile("Revenue of too fast conversions", "Attributed revenue of conversions that follow "
             "their click faster than a person can buy.",
             units.LocaleFormat, Sql("fast_conversions", [
                 number("revenue", "coalesce(sum(fast_revenue), 0)")], fixed={"most": None}),
             width=8),
        tile("Reused event ids", "Event ids of the last 10 minutes that came under more than one "
             "impression, so that each counts more than once. "
             "`.venv/bin/adlake query reused_event_ids` names them and the money at stake.",
             units.Short, Sql("recent_event_id_reuse", [number("ids", "reused_event_ids")],
                              fixed={"minutes": 10}), (1.0, 100.0), width=8),
    ]  # fmt: skip


def _over_time() -> list[Builder[Panel]]:
    return [
        chart("Clicks and conversions of machines", "Clicks in bursts, double clicks and too fast "
              "conversions, by the time they happened.",
              units.Short, [Sql("click_fraud_over_time", [
                  text("time", "bucket_at"), number("clicks in bursts", "burst_clicks"),
                  number("double clicks", "double_clicks"),
                  number("too fast conversions", "fast_conversions"),
              ], order="1")], as_bars=True),
        chart("Share of clicks and conversions of machines", "The same as shares of all clicks "
              "and of all attributed conversions.",
              units.PercentUnit, [Sql("click_fraud_over_time", [
                  text("time", "bucket_at"), number("clicks in bursts", _share("burst_clicks")),
                  number("double clicks", _share("double_clicks")),
                  number("too fast conversions", _share("fast_conversions", "conversions")),
              ], order="1")]),
        chart("Duplicate rate", "Share of the admitted deliveries that maintenance compared and "
              "that repeat an event of another one; a repeat of something older is not seen.",
              units.PercentUnit, [Prom(
                  f"sum(rate({gauges.DUPLICATES.name}{_RATE})) / ({_CHECKED} > 0)",
                  "duplicates")], limits=(0.05, 0.2)),
        chart("Reused and untimed ids", "Of the ids that were compared, the share that came under "
              "more than one impression; of the impressions, the share whose id tells no day.",
              units.PercentUnit, [
                  Prom(f"sum(rate({gauges.REUSED_IDS.name}{_RATE})) / ({_CHECKED} > 0)",
                       "reused event ids"),
                  Prom(f"sum(rate({gauges.UNTIMED_IMPRESSIONS.name}{_RATE}))"
                       f" / (sum(rate({gauges.IMPRESSIONS.name}{_RATE})) > 0)",
                       "impression ids without a time"),
              ]),
    ]  # fmt: skip


def _lists() -> list[Builder[Panel]]:
    share = units.PercentUnit
    return [
        listing("Largest click bursts", "Who clicked, when it began, and how many impressions and "
                "campaigns were hit. No user: clicks of nobody on one impression.",
                Sql("click_bursts", [
                    text("user", "user_id"), text("first click", "first_click_at"),
                    number("lasted", "burst_seconds"), number("clicks", "clicks"),
                    number("impressions", "impressions"), number("campaigns", "campaigns"),
                ], order='"clicks" DESC, "first click" DESC, 1', fixed={"most": MOST}),
                {"lasted": units.Seconds}),
        listing("CTR outliers", "Values of the chosen column whose click rate is too far from that "
                "of all traffic to be chance, farthest first; below 0: too few clicks.",
                Sql("ctr_outliers", [
                    text("value", "outlier"), number("impressions", "impressions"),
                    number("clicked", "clicked_impressions"), number("CTR", "ctr"),
                    number("CTR of all", "ctr_of_all"),
                    number("standard deviations", "sigmas_away"),
                ], order="abs(sigmas_away) DESC, 1", fixed={"most": MOST}),
                {"CTR": share, "CTR of all": share}),
        listing("Double clicks by campaign", "Clicks that come right after another one on the same "
                "impression. Gold counts a clicked impression once: they raise no CTR.",
                Sql("double_clicks", [
                    text("campaign", "campaign_id"), number("clicks", "clicks"),
                    number("double clicks", "double_clicks"),
                    number("share", "double_click_share"),
                ], order='"double clicks" DESC, 1', fixed={"most": MOST}), {"share": share}),
        listing("Too fast conversions by campaign", "Attributed conversions that follow their "
                "click faster than a person can buy, and their revenue.",
                Sql("fast_conversions", [
                    text("campaign", "campaign_id"), number("conversions", "conversions"),
                    number("too fast", "fast_conversions"),
                    number("share", "fast_conversion_share"),
                    number("revenue", "revenue"), number("revenue of these", "fast_revenue"),
                ], order='"too fast" DESC, 1', fixed={"most": MOST}), {"share": share}),
        listing("Invalid traffic by kind", "Impressions by what contradicts them; several "
                "contradictions make one invalid impression.",
                Sql("invalid_traffic_share", [
                    number("impressions", "impressions"),
                    number("invalid", "invalid_impressions"),
                    number("shown twice", "duplicate_impressions"),
                    number("clicked before shown", "clicks_before_impression"),
                    number("other campaign or user", "dim_mismatches"),
                    number("spend", "spend"), number("invalid spend", "invalid_spend"),
                ]), {}, width=24),
    ]  # fmt: skip


def _share(part: str, whole: str = "clicks") -> str:
    return f"CAST({part} AS double) / nullif({whole}, 0)"


def _share_of_sums(part: str, whole: str) -> str:
    return f"CAST(sum({part}) AS double) / nullif(sum({whole}), 0)"
