"""All alert logs of a lake from its distinct events, in plain Python: the reference form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from adlake.alerts.contract import (
    AD_COUNTS,
    JUDGED_DAYS,
    RATES,
    RECOVERED,
    Evaluation,
    Multiplicity,
    Rule,
    Z,
)
from adlake.alerts.contract import Segment as Kind
from adlake.alerts.incidents import AlertLog, Key, log_of
from adlake.alerts.rule_rows import DEFAULT_ROWS, RuleRow, in_force
from adlake.alerts.rules import (
    Verdict,
    count_floor,
    relative_rate,
    silence,
    static_rate,
    volume_drop,
)
from adlake.alerts.series import Seen, Series
from adlake.alerts.statistics import z_among
from adlake.contracts.law import DAY_MS
from adlake.contracts.tables import UNKNOWN
from adlake.contracts.windows import EARLY_MS, WINDOW_MS

ACTIVE: Final = "ACTIVE"
Windows = Sequence[int]


@dataclass(frozen=True)
class DistinctEvent:
    """An ad event of a row of Gold, or an event of the funnel."""

    campaign_id: str | None
    name: str
    """What it is counted as."""
    event_ms: int
    arrived_ms: int
    channel: str = UNKNOWN
    """Of an ad event, whose row of Gold does not know it, it is the campaign's."""
    region: str = UNKNOWN


@dataclass(frozen=True)
class CampaignVersion:
    """What dims.dim_campaigns says of a campaign in [start, end)."""

    campaign_id: str
    start_ms: int
    end_ms: int
    channel: str | None = None
    status: str | None = ACTIVE


@dataclass(frozen=True)
class _Judged:
    """One campaign and segment value, and what the others of the same value do."""

    campaign_id: str
    segment: str
    series: Series
    others: Sequence[Series]
    """Of all campaigns with this segment value, itself among them."""
    windows: Windows
    is_active: Callable[[int], bool]


def alert_logs(
    events: Iterable[DistinctEvent],
    until_ms: int,
    rules: Sequence[RuleRow] = DEFAULT_ROWS,
    campaigns: Sequence[CampaignVersion] = (),
) -> dict[Key, AlertLog]:
    """The log of each campaign, segment value, metric and rule in which something fired.

    Args:
        events: each once; an event that was delivered twice counts by its first arrival.
        until_ms: up to here all topics have been read; verdicts with a later cutoff are not there.
        rules: every version of every row.
        campaigns: every version of every campaign.
    """
    versions: dict[str, list[CampaignVersion]] = {}
    for version in campaigns:
        versions.setdefault(version.campaign_id, []).append(version)
    subjects: dict[tuple[Rule, str, Kind], list[RuleRow]] = {}
    for row in rules:
        subjects.setdefault((row.rule, row.metric, row.segment), []).append(row)
    known, logs = list(events), {}
    for kind in {one.segment for one in rules if one.enabled}:
        for judged in _all_judged(_seen(known, kind, versions), until_ms, versions):
            for (rule, metric, segment), rows in subjects.items():
                if segment is not kind:
                    continue
                key = Key(judged.campaign_id, judged.segment, metric, rule)
                verdicts = _verdicts(judged, rule, metric, rows)
                log = log_of(key, (one for one in verdicts if one.cutoff_ms <= until_ms))
                if log.alerts:
                    logs[key] = log
    return logs


Versions = Mapping[str, Sequence[CampaignVersion]]
"""Of each campaign."""


def _seen(
    events: Iterable[DistinctEvent], kind: Kind, versions: Versions
) -> dict[str, dict[str, list[Seen]]]:
    """Segment value -> campaign -> its events; without events that name no campaign."""
    found: dict[str, dict[str, list[Seen]]] = {}
    for one in events:
        campaign = UNKNOWN if one.campaign_id is None else one.campaign_id
        if campaign == UNKNOWN:
            continue
        value = _segment(one, kind, versions.get(campaign, ()))
        seen = Seen(one.event_ms, one.name, one.arrived_ms)
        found.setdefault(value, {}).setdefault(campaign, []).append(seen)
    return found


def _segment(one: DistinctEvent, kind: Kind, versions: Sequence[CampaignVersion]) -> str:
    """`all`, or the channel or region of an event."""
    if kind is Kind.ALL:
        return kind
    if kind is Kind.REGION:
        return f"{kind}={one.region}"
    if one.name not in AD_COUNTS or one.channel != UNKNOWN:
        return f"{kind}={one.channel}"
    begin_ms = one.event_ms - one.event_ms % WINDOW_MS
    told = [it.channel for it in versions if it.start_ms <= begin_ms < it.end_ms]
    channel = told[0] if told else None
    return f"{kind}={UNKNOWN if channel is None else channel}"


def _all_judged(
    seen: Mapping[str, Mapping[str, Sequence[Seen]]], until_ms: int, versions: Versions
) -> Iterator[_Judged]:
    for value, campaigns in seen.items():
        series = {one: Series(events) for one, events in campaigns.items()}
        for campaign, own in series.items():
            if not own.is_empty:
                yield _Judged(
                    campaign, value, own, list(series.values()), _windows(own, until_ms),
                    _activity(versions.get(campaign, ())),
                )  # fmt: skip


def _windows(series: Series, until_ms: int) -> Windows:
    """From the first one with events until weeks after the last one, as far as topics are read."""
    judged_ms = series.last_ms + JUDGED_DAYS * DAY_MS
    read_ms = until_ms - EARLY_MS - WINDOW_MS
    return range(series.first_ms, min(judged_ms, read_ms) + 1, WINDOW_MS)


def _activity(versions: Sequence[CampaignVersion]) -> Callable[[int], bool]:
    """Whether a campaign is active all through a window; nothing known of a moment: it is."""
    paused = [one for one in versions if (one.status or ACTIVE) != ACTIVE]
    return lambda window: (
        not any(one.start_ms < window + WINDOW_MS and one.end_ms > window for one in paused)
    )


def _verdicts(
    judged: _Judged, rule: Rule, metric: str, rows: Sequence[RuleRow]
) -> Iterator[Verdict]:
    """What a rule says of the windows in which it has a row in force."""
    row_of = {
        window: row
        for window in judged.windows
        if (row := in_force(rows, judged.campaign_id, window)) is not None
    }
    by_row: dict[RuleRow, list[int]] = {}
    for window, row in row_of.items():
        by_row.setdefault(row, []).append(window)
    if rule is Rule.RELATIVE_RATE:  # its sum goes on from one row to the next
        found: Iterable[Verdict] = relative_rate(judged.series, metric, list(row_of))
    else:
        found = (one for row, windows in by_row.items() for one in _by_row(judged, row, windows))
    for one in found:
        row = row_of[one.window_ms]
        yield replace(one, rule_version=row.rule_version, channels=row.channels)


def _by_row(judged: _Judged, row: RuleRow, windows: Windows) -> Iterator[Verdict]:
    """What one row says of the windows in which it is in force."""
    series, metric, is_active = judged.series, row.metric, judged.is_active
    factor = RECOVERED if row.resolve_factor is None else row.resolve_factor
    if row.rule is Rule.VOLUME_DROP:
        return volume_drop(series, metric, windows, is_active)
    if row.rule is Rule.SILENCE:
        return silence(series, metric, windows, is_active)
    if row.threshold is None:
        return iter(())
    if row.rule is Rule.STATIC_RATE:
        z_of = _z_of(judged, row)
        return static_rate(series, metric, row.threshold, windows, z_of=z_of, resolve_factor=factor)
    return count_floor(series, metric, row.threshold, windows, is_active, resolve_factor=factor)


def _z_of(judged: _Judged, row: RuleRow) -> Callable[[int, Evaluation], float]:
    """That of the row, or the one that keeps all campaigns of a window together."""
    cases = RATES[row.metric][1]

    def among_all(window: int, evaluation: Evaluation) -> float:
        return z_among(sum(one.count(cases, window, evaluation) > 0 for one in judged.others))

    own = Z if row.z is None else row.z
    is_shared = row.multiplicity is Multiplicity.BONFERRONI
    return among_all if is_shared else lambda _window, _evaluation: own
