"""How `adlake verify` proves derived tables: the files of sql/checks, by table. Data alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from adlake.contracts.tables import (
    ACCOUNT_CONTENTS,
    ALERT_INCIDENTS,
    ALERTS_LOG,
    ATTRIBUTION_CREDITS,
    CUSTOMER_360,
    CUSTOMER_EVENTS,
    DIM_ADVERTISERS,
    DIM_BUDGETS,
    DIM_CAMPAIGNS,
    FUNNEL_EVENTS,
    GOLD_CONVERSIONS,
    GOLD_HOURS,
    GOLD_WINDOWS,
    REMOVAL_EFFECTS,
    SERVING_FLIPS,
    SPEND_HOURS,
    SPEND_LEDGER,
)

ROWS_PER_SLICE: Final = 125_000
"""Of Bronze, that a proof compares at once: about half of what a query of Trino has memory for."""


@dataclass(frozen=True)
class LawCheck:
    """A file of sql/checks that gives the rows of a derived table which its records do not.

    Its parameters: table_snapshot, records_snapshot, timestamp_utc, row_limit, upper_case and
    lower_case (contracts/letters.py); of a table that is made of another one (`TableSpec.source`)
    source_snapshot, and what its stamp says of the law.
    """

    problem: str
    """What it means when there are any."""
    file: str
    relations: tuple[str, ...] = ()
    """Files of sql/oracles that it reads, each after those that it reads itself."""
    reads_source: bool = True
    """False: it looks at the table alone, and holds also when its source has expired."""
    is_sliced: bool = False
    """It compares one of slice_count slices; what memory does not hold at once is cut smaller."""
    stands_on: str = ""
    """A table that is proven before. Where it was, of the same records, its rows are read (file of
    sql/oracles/stored) instead of the relation of its name and those before that."""


_PATHS: Final = tuple(
    f"models/{name}" for name in ("gold_rows", "touches", "conversions", "path_steps")
)
_ALERTS: Final = ("alert_windows", "alert_baselines", "alert_verdicts", "alert_spans")
_CONTENTS: Final = ("budgets/account_deliveries", "budgets/account_contents")
_ACCOUNTS: Final = (*_CONTENTS, "budgets/account_events")
_BILLED: Final = (
    *_ACCOUNTS, "budgets/known_budgets", "budgets/known_advertisers", "budgets/billed_clicks",
)  # fmt: skip
_FLIPS: Final = (
    *_CONTENTS, "budgets/account_changes", "budgets/account_stories", "budgets/serving_moments",
    "budgets/serving_turns", "budgets/serving_flips",
)  # fmt: skip
_EFFECTS: Final = (*_PATHS, "models/removal_effects")

LAW_CHECKS: Final[Mapping[str, tuple[LawCheck, ...]]] = MappingProxyType({
    DIM_CAMPAIGNS: (
        LawCheck(
            "versions of campaigns are not what their updates give", "campaign_versions",
            ("campaign_updates", "campaign_versions"),
        ),
        LawCheck(
            "versions of a campaign leave a gap, overlap, or are not current once",
            "campaign_spans",
        ),
    ),
    FUNNEL_EVENTS: (
        LawCheck(
            "events of the funnel are not what their records give", "funnel_events",
            ("funnel_deliveries", "funnel_events"),
        ),
    ),
    CUSTOMER_EVENTS: (
        LawCheck(
            "events of customers are not what their records give", "customer_events",
            ("customer_deliveries", "customer_events"),
        ),
    ),
    CUSTOMER_360: (
        LawCheck(
            "customers are not what their records give", "customer_360",
            ("customer_deliveries", "customer_events", "customer_moments", "customers"),
            stands_on=CUSTOMER_EVENTS,
        ),
    ),
    ALERTS_LOG: (
        LawCheck(
            "alerts are not those of the rules", "alerts_log", (*_ALERTS, "alert_log"),
            is_sliced=True,
        ),
    ),
    ALERT_INCIDENTS: (
        LawCheck(
            "incidents are not those of the rules", "alert_incidents",
            (*_ALERTS, "alert_incidents"), is_sliced=True,
        ),
    ),
    GOLD_HOURS: (LawCheck("sums by hour are not those of Gold's rows", "rollup_hourly"),),
    GOLD_CONVERSIONS: (
        LawCheck("conversions are not those in Gold's states", "rollup_conversions"),
    ),
    GOLD_WINDOWS: (LawCheck("sums by window are not those of Gold's events", "rollup_5m"),),
    REMOVAL_EFFECTS: (
        LawCheck(
            "removal effects are not what the paths in Gold give", "removal_effects", _EFFECTS
        ),
    ),
    ATTRIBUTION_CREDITS: (
        LawCheck(
            "credits are not what the models give for Gold", "attribution_credits",
            (*_EFFECTS, "models/weighted_steps", "models/credits"),
        ),
        LawCheck(
            "the credits of a conversion do not sum to its value, or its path has a gap",
            "credit_sums", reads_source=False,
        ),
    ),
    ACCOUNT_CONTENTS: (
        LawCheck(
            "contents of advertisers' events are not what the records give", "account_contents",
            _CONTENTS,
        ),
    ),
    DIM_BUDGETS: (
        LawCheck(
            "budgets in force are not what the records give", "dim_budgets",
            (*_ACCOUNTS, "budgets/known_budgets"), stands_on=ACCOUNT_CONTENTS,
        ),
    ),
    DIM_ADVERTISERS: (
        LawCheck(
            "versions of advertisers are not what the records give", "dim_advertisers",
            (*_ACCOUNTS, "budgets/known_advertisers"), stands_on=ACCOUNT_CONTENTS,
        ),
    ),
    SERVING_FLIPS: (
        LawCheck(
            "serving decisions are not what the records give", "serving_flips", _FLIPS,
            is_sliced=True, stands_on=ACCOUNT_CONTENTS,
        ),
    ),
    SPEND_LEDGER: (
        LawCheck(
            "billed clicks are not what the records give", "spend_ledger", _BILLED,
            stands_on=ACCOUNT_CONTENTS,
        ),
    ),
    SPEND_HOURS: (
        LawCheck(
            "spend by hour is not what the records and the flips give", "advertiser_spend_hourly",
            (*_BILLED, "budgets/spend_hours"), stands_on=ACCOUNT_CONTENTS,
        ),
    ),
})  # fmt: skip
"""How `adlake verify` proves the derived tables; Gold, which is large, is compared slice by slice
(proof.gold_check)."""
