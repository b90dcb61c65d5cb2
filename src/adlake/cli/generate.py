"""`adlake generate`: simulated traffic into the topics."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from adlake.cli.application import DATA, app
from adlake.contracts.errors import AdlakeError
from adlake.generator.scenario import ScenarioName
from adlake.settings import Settings

if TYPE_CHECKING:
    from adlake.generator.options import GeneratorOptions
    from adlake.generator.run import ApiTarget, Target
    from adlake.generator.scenario import Scenario


class Via(StrEnum):
    """What takes the events."""

    KAFKA = "kafka"
    API = "api"


FAULT_NAMES = (
    "duplicates", "conflicting_duplicates", "late", "out_of_order", "missing_keys",
    "negative_values", "malformed", "future_clocks", "schema_drift", "missing_impression",
    "repeat_conversions", "click_fraud", "traffic_drop",
)  # fmt: skip
"""Those of `generator.faults.PROFILES`, which no help text loads; a test holds them equal."""
Rate = Annotated[float, typer.Option(help="events per second, all kinds together")]
Seed = Annotated[int | None, typer.Option(help="same seed, options and start: the same bytes")]
Events = Annotated[int | None, typer.Option(min=1, help="end after so many events")]
Duration = Annotated[str, typer.Option(help="end after so much virtual time, e.g. 10m")]
History = Annotated[
    str, typer.Option(help="first publish a compressed past of this length, e.g. 24h")
]
HistoryEvents = Annotated[int, typer.Option(min=0, help="events of that past; 0: 200,000")]
StartAt = Annotated[str, typer.Option(help="virtual start (ISO 8601) instead of now")]
Faults = Annotated[
    str,
    typer.Option(
        help="default, none or all; or name=share,... of " + ", ".join(FAULT_NAMES) + ". Left "
        "out: default, over the API as far as it can carry them",
        show_default=False,
    ),
]
ViaOption = Annotated[
    Via, typer.Option("--via", help="straight to the broker, or by POST /events of the running API")
]
Batch = Annotated[int, typer.Option(min=1, max=1_000, help="events of one post to the API")]
Unpaced = Annotated[
    bool, typer.Option("--unpaced", help="as fast as possible; virtual time runs at --rate")
]
Drain = Annotated[
    bool, typer.Option("--drain", help="at the end also send what is still due, days ahead")
]
DailyRhythm = Annotated[
    bool, typer.Option("--daily-rhythm", help="live rate follows day and night too")
]
Processes = Annotated[int, typer.Option(min=1, help="workers, an equal share each")]
TruthDetail = Annotated[
    bool, typer.Option("--truth-detail", help="write one line per event beside the truth")
]
Business = Annotated[
    bool, typer.Option("--business", help="also the business events that follow, to their topic")
]
Campaigns = Annotated[
    bool, typer.Option("--campaigns", help="also the updates of the campaigns, to their topic")
]
ScenarioOption = Annotated[
    ScenarioName | None,
    typer.Option(
        "--scenario",
        help="trouble of one campaign: a quarter of its clicks, no impressions, or clicks that "
        "come to twice the budget (with --business); the rest of the stream stays as it is",
    ),
]
ScenarioCampaign = Annotated[
    str, typer.Option(help="its id, e.g. cmp-0007; empty: the one with most traffic")
]
ScenarioAfter = Annotated[
    str,
    typer.Option(
        help="when it begins, from the first moment of the stream, past included, e.g. 20m; "
        "empty: where the past ends"
    ),
]
ScenarioFor = Annotated[str, typer.Option(help="how long it goes on; empty: 30m")]
Fresh = Annotated[bool, typer.Option("--fresh", help="forget an unfinished run")]


@app.command(rich_help_panel=DATA)
def generate(  # noqa: PLR0917
    rate: Rate = 1_000.0,
    seed: Seed = None,
    events: Events = None,
    duration: Duration = "",
    history: History = "",
    history_events: HistoryEvents = 0,
    start_at: StartAt = "",
    faults: Faults = "",
    via: ViaOption = Via.KAFKA,
    batch: Batch = 100,
    unpaced: Unpaced = False,
    drain: Drain = False,
    daily_rhythm: DailyRhythm = False,
    processes: Processes = 1,
    truth_detail: TruthDetail = False,
    business: Business = False,
    campaigns: Campaigns = False,
    scenario: ScenarioOption = None,
    scenario_campaign: ScenarioCampaign = "",
    scenario_after: ScenarioAfter = "",
    scenario_for: ScenarioFor = "",
    fresh: Fresh = False,
) -> None:
    """Publish simulated ad traffic and write the right answer beside it; resumes where it was."""
    from adlake.generator.options import GeneratorOptions, parse_duration_ms, parse_start_ms
    from adlake.generator.run import run_generator

    if scenario is ScenarioName.OVERSPEND and not business:
        raise typer.BadParameter("--scenario overspend is about billed clicks: add --business")
    settings = Settings()
    _prepare(settings)
    seed = settings.generator.generator_seed if seed is None else seed
    history_ms = parse_duration_ms(history) if history else 0
    options = GeneratorOptions(
        seed=seed, rate=rate, faults=_shares(faults, via), history_ms=history_ms,
        history_events=history_events, start_at_ms=parse_start_ms(start_at) if start_at else None,
        daily_rhythm=daily_rhythm, workers=processes, events=events,
        duration_ms=parse_duration_ms(duration) if duration else None, paced=not unpaced,
        drain=drain, truth_detail=truth_detail, fresh=fresh,
        scenario=_scenario(
            scenario, scenario_campaign, seed, after=scenario_after, length=scenario_for,
            history_ms=history_ms,
        ),
    )  # fmt: skip
    target = _target(settings, options.seed, business=business, campaigns=campaigns)
    if via is Via.API:
        target = replace(target, api=_api(settings, options, batch, campaigns=campaigns))
    raise typer.Exit(run_generator(options, target))


def _prepare(settings: Settings) -> None:
    from adlake.devstack.home import refuse_other_home
    from adlake.generator.run import set_up_logging
    from adlake.io import failpoints

    refuse_other_home(settings.paths.home.resolve())
    set_up_logging()
    failpoints.arm(settings.stream.failpoints, settings.paths.failpoint_dir, None)


def _shares(faults: str, via: Via) -> dict[str, float]:
    from adlake.generator.faults import parse_faults
    from adlake.generator.over_http import CARRIED_SHARES

    if via is Via.API and not faults:
        return dict(CARRIED_SHARES)
    return parse_faults(faults or "default")


def _api(
    settings: Settings, options: GeneratorOptions, batch: int, *, campaigns: bool
) -> ApiTarget:
    from adlake.contracts.address import Address
    from adlake.generator.over_http import refuse_what_http_cannot_carry
    from adlake.generator.run import ApiTarget

    try:
        refuse_what_http_cannot_carry(options, has_campaigns=campaigns)
    except AdlakeError as error:
        raise typer.BadParameter(str(error)) from None
    address = Address(settings.ports.api_host, settings.ports.api_port)
    return ApiTarget(address, settings.api_key(), batch)


def _scenario(
    name: ScenarioName | None,
    campaign: str,
    seed: int,
    *,
    after: str,
    length: str,
    history_ms: int,
) -> Scenario | None:
    from adlake.generator.options import parse_duration_ms
    from adlake.generator.scenario import DEFAULT_LENGTH_MS, Scenario, campaign_named

    if name is None:
        if campaign or after or length:
            raise typer.BadParameter("--scenario-campaign, -after and -for need --scenario")
        return None
    try:
        return Scenario(
            name,
            campaign_named(campaign, seed),
            parse_duration_ms(after) if after else history_ms,
            parse_duration_ms(length) if length else DEFAULT_LENGTH_MS,
        )
    except AdlakeError as error:
        raise typer.BadParameter(str(error)) from None


def _target(settings: Settings, seed: int, *, business: bool, campaigns: bool) -> Target:
    """Where the events go; topics that are not asked for get none."""
    from adlake.generator.run import Target
    from adlake.provision.outside import kafka_access

    home = settings.paths.home.resolve()
    target = Target(kafka_access(settings), settings.kafka.topic, home)
    if business:
        from adlake.generator.dimensions import advertisers_of

        target = replace(
            target,
            business_topic=settings.kafka.business_topic,
            advertisers=advertisers_of(seed),
        )
    if campaigns:
        target = replace(target, campaign_topic=settings.kafka.campaign_topic)
    return target
