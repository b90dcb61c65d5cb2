"""What the generator is told to send, and what it says of it."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

BUSINESS = "tests/unit/business/test_business_generator.py"
SCENARIO = "tests/unit/generator/test_scenario.py"

TRAFFIC: tuple[Mutation, ...] = (
    Mutation(
        "a scenario is drawn anew for each of its runs",
        "adlake.generator.options:GeneratorOptions.run_key", "self._draws()", "self.identity()",
        f"{SCENARIO}::test_the_events_of_other_campaigns_stay_the_same_at_the_same_moments",
    ),
    Mutation(
        "a scenario concerns all campaigns", "adlake.generator.scenario:PlayedScenario.concerns",
        "is_within and campaign == self.scenario.campaign", "is_within",
        f"{SCENARIO}::test_the_events_of_other_campaigns_stay_the_same_at_the_same_moments",
    ),
    Mutation(
        "what follows from a click that was not made is sent",
        "adlake.generator.scenario:PlayedScenario.played_on",
        "self.is_silence or delivery.event.rank != IMPRESSION",
        "self.is_silence or delivery.event.rank == 1",
        f"{SCENARIO}::test_a_quarter_of_the_clicks_is_left_and_all_impressions",
    ),
    Mutation(
        "a click that was not made is billed",
        "adlake.generator.business_stream:BusinessStream._events",
        "if not one.is_withheld", "if one.event",
        f"{SCENARIO}::test_no_click_is_billed_that_was_not_made",
    ),
    Mutation(
        "the truth counts what a scenario left out", "adlake.generator.timeline:Timeline._send",
        "if delivery.is_withheld: self.withheld += 1 elif reason is None:", "if reason is None:",
        f"{SCENARIO}::test_the_truth_is_that_of_what_was_sent",
    ),    Mutation(
        "who does not click does nothing", "adlake.generator.timeline:Timeline._births",
        "row[7] < ENGAGED_BELOW_U16", "row[5] < ENGAGED_BELOW_U16",
        f"{BUSINESS}::test_the_rates_of_the_funnel_are_those_that_were_meant",
    ),
    Mutation(
        "a step has a region that its impression has not",
        "adlake.generator.business_events:_step_of",
        'return fields | {"region": region} if region else fields',
        'return fields | {"region": region or PLACES[scene.place][0]}',
        f"{BUSINESS}::test_steps_of_the_funnel_have_the_campaign_channel_and_region_of_their_impression",
    ),
    Mutation(
        "what is shared is shared at once", "adlake.generator.business_events:audience_events",
        "at_ms += value_at(SHARE_DELAY_MS, draws.u32())", "at_ms += draws.u32() % 2",
        f"{BUSINESS}::test_shares_come_after_their_impression_and_after_what_was_watched_to_the_end",
    ),
)  # fmt: skip
