"""docs/simulator.md: what is simulated, with which shares, from the generator's constants."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from adlake.contracts.law import MICROS_PER_UNIT
from adlake.generator import business_events as business
from adlake.generator import campaign_updates as updates
from adlake.generator import dimensions, model, scenario
from adlake.generator.damage import DRIFTS, MALFORMATIONS
from adlake.generator.draws import U32, Quantiles, value_at
from adlake.generator.faults import (
    ALL_SHARES,
    CORRECTED_SHARE,
    DEFAULT_SHARES,
    DELIVERY_FAULTS,
    DROP_LENGTH_MS,
    DROP_PERIOD_MS,
    PROFILES,
)
from adlake.settings import GeneratorSettings
from tools.pages.markdown import as_table
from tools.pages.moments import span

_WHAT: Final = {
    "duplicates": ("events", "delivered one to three times more, up to six hours later"),
    "conflicting_duplicates": ("events", "delivered with two contents under one event id"),
    "late": ("events", "arrives more than an hour, up to eight days after it happened"),
    "out_of_order": ("events", "arrives up to 50 minutes after what happened later"),
    "missing_keys": ("events", "a required field is absent, null or blank"),
    "negative_values": ("events", "a price or value below zero"),
    "malformed": ("events", f"one of {len(MALFORMATIONS)} ways to be no JSON object"),
    "future_clocks": ("events", "stamped ahead of its arrival; a third within the tolerance"),
    "schema_drift": ("events", f"one of {len(DRIFTS)} changes of form, some of them admitted"),
    "missing_impression": ("journeys with a click", "the impression is never sent"),
    "repeat_conversions": ("journeys with a conversion", "one to three conversions more"),
    "click_fraud": ("impressions", "a burst, a double click, a bot or a conversion too fast"),
    "traffic_drop": (
        "campaigns",
        f"silent for {span(DROP_LENGTH_MS)} of every {span(DROP_PERIOD_MS)}",
    ),
}
_DELAYS: Final[dict[str, Quantiles]] = {
    "click, after the impression": model.CLICK_DELAY_MS,
    "conversion, after the click": model.CONVERSION_DELAY_MS,
    "delivery of an event, after it happened": model.DELIVERY_LATENCY_MS,
    "sign-up, after the click": business.SIGNUP_DELAY_MS,
    "activation, after the sign-up": business.ACTIVATION_DELAY_MS,
    "order, after the sign-up": business.ORDER_DELAY_MS,
    "message, after the one before": business.MESSAGE_DELAY_MS,
    "watched to the end, without a click": business.COMPLETION_DELAY_MS,
    "shared, without a click": business.SHARE_DELAY_MS,
    "credit for a billed click": business.CREDIT_DELAY_MS,
}


def parts() -> dict[str, str]:
    """Each generated part of the page by its name."""
    return {
        "default traffic": default_traffic(),
        "market": market(),
        "shares of users": user_shares(),
        "delays": delays(),
        "business shares": business_shares(),
        "campaign updates": campaign_updates(),
        "faults": faults(),
        "scenarios": scenarios(),
    }


def default_traffic() -> str:
    """What `make up` sends, as the settings say."""
    wanted = {name: field.default for name, field in GeneratorSettings.model_fields.items()}
    return as_table(("setting", "default"), (
        ("`ADLAKE_GENERATOR_RATE`", f"{wanted['generator_rate']:,.0f} events a second"),
        ("`ADLAKE_GENERATOR_SEED`", wanted["generator_seed"]),
        ("`ADLAKE_GENERATOR_HISTORY`", f"{wanted['generator_history']}, sent first"),
        ("`ADLAKE_GENERATOR_HISTORY_EVENTS`",
         f"{wanted['generator_history_events']:,} events in that past"),
        ("`ADLAKE_GENERATOR_BUSINESS`", str(wanted["generator_business"]).lower()),
    ))  # fmt: skip


def market() -> str:
    """Who is in the market of the default seed, and what it costs."""
    seed = GeneratorSettings.model_fields["generator_seed"].default
    bids = [micros / MICROS_PER_UNIT for micros in model.Market(seed).bid_micros]
    return as_table(("what", "how many"), (
        ("advertisers", dimensions.ADVERTISERS),
        ("campaigns", f"{model.CAMPAIGNS}, `{model.campaign_id(0)}` "
         f"to `{model.campaign_id(model.CAMPAIGNS - 1)}`"),
        ("creatives", f"{model.CREATIVES}, {model.CREATIVES_PER_CAMPAIGN} a campaign"),
        ("users", f"{model.USERS:,}, `{model.user_id(0)}` "
         f"to `{model.user_id(model.USERS - 1)}`"),
        ("bots", f"{model.BOTS}, `{model.user_id(model.USERS)}` on; in no dimension"),
        ("countries", _weights(dict(model.COUNTRIES))),
        ("platforms", _weights(dict(model.PLATFORMS))),
        ("channels of campaigns", ", ".join(model.CHANNELS)),
        (f"base price of an impression, by campaign (seed {seed})",
         f"{min(bids):.3f} to {max(bids):.3f} units"),
    ))  # fmt: skip


def user_shares() -> str:
    """How often something happens."""
    return as_table(("what", "share"), (
        ("impressions that are clicked, over all campaigns", _share(model.CLICK_SHARE)),
        ("clicked ones that convert", _share(model.CONVERSION_SHARE)),
        ("impressions watched to the end or shared, without a click",
         _share(model.ENGAGED_SHARE)),
        ("impressions seen outside of the user's country", _share(model.TRAVEL_SHARE)),
        ("events stamped in seconds instead of milliseconds", _share(model.SECONDS_SHARE)),
    ))  # fmt: skip


def delays() -> str:
    """When something happens: half, 95 of 100, and all of it within."""
    return as_table(("what", "half within", "95 % within", "all within"), (
        (what, *(_rounded(value_at(quantiles, int(share * (U32 - 1)))) for share in (0.5, 0.95)),
         _rounded(quantiles[-1][1]))
        for what, quantiles in _DELAYS.items()
    ))  # fmt: skip


def business_shares() -> str:
    """What users and advertisers do beside the ads."""
    return as_table(("what", "share"), (
        ("clicked impressions that lead to a sign-up", _share(business.SIGNUP_SHARE)),
        ("sign-ups that lead to an activation", _share(business.ACTIVATION_SHARE)),
        ("clicked impressions that are watched to the end", _share(business.COMPLETION_SHARE)),
        ("clicked impressions that are shared", _share(business.SHARE_SHARE)),
        ("sign-ups that order", _share(business.ORDER_SHARE)),
        ("those that order a second time", _share(business.SECOND_ORDER_SHARE)),
        ("messages that are delivered", _share(business.DELIVERED_SHARE)),
        ("failed messages that are delivered later", _share(business.RETRY_SHARE)),
        ("billed clicks that are credited back by hand", _share(business.CREDIT_SHARE)),
    ))  # fmt: skip


def campaign_updates() -> str:
    """What happens to the campaigns themselves."""
    return as_table(("what", "share"), (
        ("days of a campaign with another budget", _share(updates.BUDGET_SHARE)),
        ("days of a campaign with a pause", _share(updates.PAUSE_SHARE)),
        (f"updates that come late, up to {span(updates.MOST_LATE_MS)}",
         _share(updates.LATE_SHARE)),
        ("updates that come twice", _share(updates.TWICE_SHARE)),
        ("updates that are damaged", _share(updates.DAMAGED_SHARE)),
        ("past of each campaign before the run", f"{updates.PAST_DAYS} days"),
    ))  # fmt: skip


def faults() -> str:
    """Every fault profile with its shares."""
    rows = (
        (f"`{name}`", _WHAT[name][1], _WHAT[name][0], _share(DEFAULT_SHARES.get(name, 0)),
         _share(ALL_SHARES.get(name, 0)))
        for name in PROFILES
    )  # fmt: skip
    total = sum(DEFAULT_SHARES.get(name, 0) for name in DELIVERY_FAULTS)
    told = (
        f"{_share(total)} of all events have a delivery fault by default. "
        f"{_share(CORRECTED_SHARE)} of the damaged ones are followed by a sound delivery."
    )
    head = ("profile", "what it does", "share of", "`default`", "`all`")
    return f"{as_table(head, rows)}\n\n{told}"


def scenarios() -> str:
    """Every scenario with what it does."""
    docs = _attribute_docs(scenario.ScenarioName)
    return as_table(
        ("scenario", "what happens to the campaign"),
        ((f"`{one}`", docs[one.name]) for one in scenario.ScenarioName),
    )


def _attribute_docs(kind: type) -> dict[str, str]:
    """The text below each member of an enumeration."""
    lines = [line.strip() for line in inspect.getsource(kind).splitlines()]
    return {
        line.partition(" = ")[0]: after.strip('"')
        for line, after in pairwise(lines)
        if " = " in line and after.startswith('"""')
    }


def _share(share: float) -> str:
    return f"{share * 100:.4g} %" if share else "-"


def _weights(weights: Mapping[str, int]) -> str:
    total = sum(weights.values())
    return ", ".join(f"{name} {_share(weight / total)}" for name, weight in weights.items())


def _rounded(length_ms: int) -> str:
    """Of a long time the two largest units are enough."""
    if length_ms < 10_000:
        return span(length_ms)
    unit_ms = 1_000 if length_ms < 3_600_000 else 60_000
    return span((length_ms + unit_ms // 2) // unit_ms * unit_ms)
