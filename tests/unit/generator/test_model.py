"""The stream looks like ad traffic: funnel, delays, skew, prices, ids, rhythm."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from adlake.contracts.law import LAW_V1, SECONDS_BELOW
from adlake.contracts.slot import MS_PER_SLOT, slot_of
from adlake.generator import model
from adlake.generator.clock import VirtualClock
from adlake.generator.draws import U16, U32, Draws, RowStream, value_at, weighted_table
from adlake.generator.journey import civil_date
from adlake.generator.options import GeneratorOptions
from tests.fixtures.generated_streams import (
    START_MS,
    drained,
    options_with,
    records_of,
    timeline_of,
)

EVENTS = 60_000


@pytest.fixture(scope="module")
def events() -> list[dict[str, object]]:
    timeline = timeline_of(options_with("none"))
    records = records_of(timeline, EVENTS) + drained(timeline)
    events = [json.loads(value or b"") for _, value, _ in records]
    for event, (key, _, timestamp_ms) in zip(events, records, strict=True):
        assert (key or b"").decode() == event["impression_id"]
        event["kafka_ms"] = timestamp_ms
        stamp = event["event_timestamp"]
        event["ts_ms"] = stamp * 1_000 if stamp < SECONDS_BELOW else stamp
    return events


def of_type(events: list[dict[str, object]], name: str) -> dict[str, dict[str, object]]:
    return {str(e["impression_id"]): e for e in events if e["event_type"] == name}


def test_funnel_has_five_percent_clicks_and_ten_percent_conversions(
    events: list[dict[str, object]],
) -> None:
    impressions, clicks = of_type(events, "IMPRESSION"), of_type(events, "CLICK")
    conversions = of_type(events, "CONVERSION")
    assert len(clicks) / len(impressions) == pytest.approx(0.05, abs=0.004)
    assert len(conversions) / len(clicks) == pytest.approx(0.10, abs=0.02)
    assert set(conversions) <= set(clicks) <= set(impressions)


def test_delays_follow_their_distributions(events: list[dict[str, object]]) -> None:
    impressions, clicks = of_type(events, "IMPRESSION"), of_type(events, "CLICK")
    delays = [int(c["ts_ms"]) - int(impressions[k]["ts_ms"]) for k, c in clicks.items()]
    assert sum(d <= 60_000 for d in delays) / len(delays) == pytest.approx(0.85, abs=0.03)
    assert max(delays) > 3_600_000
    lags = [value_at(model.CONVERSION_DELAY_MS, step << 20) for step in range(4_096)]
    assert sum(lag <= 3_600_000 for lag in lags) / 4_096 == pytest.approx(0.75, abs=0.001)
    assert sum(lag <= 86_400_000 for lag in lags) / 4_096 == pytest.approx(0.95, abs=0.001)
    beyond = sum(lag > LAW_V1.attribution_window_ms for lag in lags) / 4_096
    assert 0.005 < beyond < 0.02
    assert max(lags) <= 9 * 86_400_000


def test_fields_and_types_follow_the_contract(events: list[dict[str, object]]) -> None:
    common = {
        "event_id", "event_type", "event_timestamp", "impression_id", "campaign_id", "creative_id",
        "user_id", "geo_country", "platform", "channel", "meta_pixels", "kafka_ms", "ts_ms",
    }  # fmt: skip
    money = {"IMPRESSION": {"bid_price"}, "CLICK": set(), "CONVERSION": {"conversion_value"}}
    for event in events:
        assert set(event) - {"region"} == common | money[str(event["event_type"])]
        assert isinstance(event["meta_pixels"], dict)
    seconds = sum(int(str(e["event_timestamp"])) < SECONDS_BELOW for e in events) / len(events)
    assert seconds == pytest.approx(model.SECONDS_SHARE, abs=0.01)
    assert len({e["event_id"] for e in events}) == len(events)
    assert 0 < sum("region" in e for e in events) < len(events)


def test_impression_ids_carry_their_time(events: list[dict[str, object]]) -> None:
    for key, event in of_type(events, "IMPRESSION").items():
        assert abs(slot_of(key) * MS_PER_SLOT - int(str(event["ts_ms"]))) < 2 * MS_PER_SLOT
        assert len(key) == 31


def test_traffic_is_skewed_and_refers_to_known_ids(events: list[dict[str, object]]) -> None:
    for field, distinct, top_share in (
        ("campaign_id", model.CAMPAIGNS, 0.06),
        ("creative_id", model.CREATIVES, 0.015),
        ("geo_country", len(model.COUNTRIES), 0.3),
        ("platform", len(model.PLATFORMS), 0.35),
    ):
        counts = Counter(str(event[field]) for event in events)
        assert len(counts) == distinct
        assert counts.most_common(1)[0][1] / len(events) > top_share
    users = Counter(str(event["user_id"]) for event in events)
    assert set(users) <= {model.user_id(user) for user in range(model.USERS)}
    assert 5 < users.most_common(1)[0][1] * model.USERS / EVENTS < 100


def test_return_differs_between_campaigns() -> None:
    market = model.Market(42)
    expected_roas = [
        market.value_micros[c] * market.click_threshold[c] / U16 / 10 / market.bid_micros[c]
        for c in range(model.CAMPAIGNS)
    ]
    assert min(expected_roas) < 0.6
    assert max(expected_roas) > 4.5


def test_bids_use_up_to_six_decimals_and_stay_positive() -> None:
    market = model.Market(42)
    bids = [market.bid(c, draw) for c in range(model.CAMPAIGNS) for draw in range(0, U16, 997)]
    assert min(bids) > 0
    assert any(bid % 10 for bid in bids)


def test_history_ends_at_the_start_and_follows_the_day() -> None:
    day = 86_400_000
    clock = VirtualClock(START_MS, 1_000_000, history_ms=2 * day, history_events=48_000)
    times = [clock.time_of(n) for n in range(0, 48_000, 10)]
    assert times[0] == START_MS - 2 * day
    assert all(a <= b for a, b in pairwise(times))
    assert START_MS - 900_000 < times[-1] <= START_MS
    by_hour: dict[int, int] = defaultdict(int)
    for epoch_ms in times:
        by_hour[epoch_ms // 3_600_000 % 24] += 1
    assert by_hour[20] > 3 * by_hour[3]
    assert clock.time_of(48_000) == START_MS
    assert clock.time_of(48_000 + 5_000) == START_MS + 5_000


def test_daily_rhythm_keeps_the_mean_rate() -> None:
    clock = VirtualClock(START_MS, 10_000, daily_rhythm=True)
    assert clock.time_of(864_000) - START_MS == pytest.approx(86_400_000, rel=0.01)


def test_live_rate_is_exact() -> None:
    timeline = timeline_of(GeneratorOptions(seed=1, rate=250.0))
    records = records_of(timeline, 2_501)
    assert records[2_500][2] - records[0][2] == 10_000


def test_draws_are_the_same_forever() -> None:
    pinned = int.from_bytes(hashlib.shake_128(b"key|name|" + bytes(4)).digest(128)[-4:], "little")
    assert [Draws(b"key", b"name").u32() for _ in range(2)] == [pinned] * 2
    assert pinned == 3_060_078_460
    assert RowStream(b"key").row(65) == RowStream(b"key").block(1)[1]
    assert value_at(((0, 0), (5_000, 10), (10_000, 1_000)), U32 // 4) == 5
    shares = Counter(weighted_table([1, 0, 3]))
    assert shares[1] == 1
    assert shares[2] == pytest.approx(3 * shares[0], rel=0.001)
    assert len(weighted_table([5] * 7)) == U16


@pytest.mark.parametrize(
    ("day", "text"), [(0, "19700101"), (19_782, "20240229"), (20_453, "20251231")]
)
def test_civil_date_names_the_day(day: int, text: str) -> None:
    assert civil_date(day) == text
