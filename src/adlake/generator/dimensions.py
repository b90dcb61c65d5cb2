"""The campaigns, creatives and users that events refer to."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from faker import Faker

from adlake.contracts.law import MICROS_PER_UNIT
from adlake.generator.encode import channel_of
from adlake.generator.model import (
    CAMPAIGNS,
    CREATIVES,
    CREATIVES_PER_CAMPAIGN,
    PLACES,
    USERS,
    Market,
    campaign_id,
    campaign_of,
    creative_id,
    user_id,
)

FIRST_START: Final = datetime(2024, 1, 1, tzinfo=UTC)
ADVERTISERS: Final = 18
OBJECTIVES: Final = ("AWARENESS", "TRAFFIC", "LEADS", "SALES")
BUDGET_TYPES: Final = ("DAILY", "MONTHLY", "LIFETIME")
FORMATS: Final = ("banner", "carousel", "video", "playable")
LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "ja")
AGE_BANDS: Final = OrderedDict(
    [("18-24", 0.2), ("25-34", 0.3), ("35-44", 0.22), ("45-54", 0.15), ("55+", 0.13)]
)
GENDERS: Final = OrderedDict([("female", 0.49), ("male", 0.48), ("other", 0.03)])
SEGMENTS: Final = OrderedDict(
    [("new", 0.35), ("casual", 0.3), ("loyal", 0.2), ("dormant", 0.1), ("vip", 0.05)]
)

CREATIVE_SCHEMA: Final = pa.schema(
    [(name, pa.string()) for name in ("creative_id", "campaign_id", "name", "format", "language")]
)
USER_SCHEMA: Final = pa.schema(
    [
        ("user_id", pa.string()),
        ("age_band", pa.string()),
        ("gender", pa.string()),
        ("country", pa.string()),
        ("segment", pa.string()),
        ("signup_date", pa.date32()),
    ]
)


def write_dimension_seeds(directory: Path, seed: int) -> None:
    """Write `dim_creatives` and `dim_users` as Parquet files, the same per seed.

    Args:
        directory: made when missing; its two files are replaced.
        seed: of the market; the generator must run with the same one.
    """
    directory.mkdir(parents=True, exist_ok=True)
    market = Market(seed)
    tables = {
        "dim_creatives": (creative_rows(seed), CREATIVE_SCHEMA),
        "dim_users": (user_rows(seed, market), USER_SCHEMA),
    }
    for name, (rows, schema) in tables.items():
        draft = directory / f"{name}.draft"
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), draft)
        draft.replace(directory / f"{name}.parquet")


def _faker(seed: int, table: str) -> Faker:
    fake = Faker("en_US", use_weighting=True)
    fake.seed_instance(f"{seed}|{table}")
    return fake


def advertisers_of(seed: int) -> tuple[str, ...]:
    """Id of the advertiser by campaign, as in `dim_campaigns`."""
    return tuple(str(row["advertiser_id"]) for row in campaign_rows(seed, Market(seed)))


def campaign_rows(seed: int, market: Market) -> list[dict[str, Any]]:
    """One row per campaign; budgets follow its traffic and bids."""
    fake = _faker(seed, "campaigns")
    traffic = [0] * CAMPAIGNS
    for creative in market.creative_table:
        traffic[campaign_of(creative)] += 1
    rows = []
    for campaign in range(CAMPAIGNS):
        objective = fake.random_element(OBJECTIVES)
        budget_micros = traffic[campaign] * market.bid_micros[campaign] * fake.random_int(10, 60)
        start = FIRST_START + timedelta(days=fake.random_int(0, 365))
        rows.append(
            {
                "campaign_id": campaign_id(campaign),
                "name": f"{fake.catch_phrase()} / {objective.lower()}",
                "advertiser_id": f"adv-{fake.random_int(1, ADVERTISERS):03d}",
                "channel": channel_of(campaign * CREATIVES_PER_CAMPAIGN),
                "objective": objective,
                "budget_type": fake.random_element(BUDGET_TYPES),
                "budget_amount": Decimal(budget_micros // MICROS_PER_UNIT),
                "status": "ACTIVE",
                "start_ts": start,
            }
        )
    return rows


def creative_rows(seed: int) -> list[dict[str, Any]]:
    """One row per creative."""
    fake = _faker(seed, "creatives")
    return [
        {
            "creative_id": creative_id(creative),
            "campaign_id": campaign_id(campaign_of(creative)),
            "name": f"{fake.color_name()} {fake.bs()}",
            "format": fake.random_element(FORMATS),
            "language": fake.random_element(LANGUAGES),
        }
        for creative in range(CREATIVES)
    ]


def user_rows(seed: int, market: Market) -> list[dict[str, Any]]:
    """One row per user; the country is the one most of the user's events come from."""
    fake = _faker(seed, "users")
    first, last = date(2018, 1, 1), date(2024, 12, 31)
    return [
        {
            "user_id": user_id(user),
            "age_band": fake.random_element(AGE_BANDS),
            "gender": fake.random_element(GENDERS),
            "country": PLACES[market.home_place[user]][0],
            "segment": fake.random_element(SEGMENTS),
            "signup_date": fake.date_between_dates(first, last),
        }
        for user in range(USERS)
    ]
