"""Events over HTTP: what is published, under which key and spelling, and when it is answered."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

JUDGING = "tests/unit/collector/test_judging.py"
EVENTS = "tests/unit/api/test_events.py"
GROUPS = "tests/unit/io/test_collecting.py"

COLLECTOR: tuple[Mutation, ...] = (
    Mutation(
        "a time of nobody's zone is taken for UTC", "adlake.collector.aliases:_ISO",
        r"(Z|[+-]\d\d:\d\d)", r"(Z|[+-]\d\d:\d\d)?",
        f"{JUDGING}::test_another_time_is_refused",
    ),
    Mutation(
        "every event has the key of an ad event", "adlake.collector.judging:_business_event",
        "TYPES[BusinessType(event_type)].key", '"event_id"',
        f"{JUDGING}::test_each_type_goes_to_its_topic_under_its_key",
    ),
    Mutation(
        "a cost counts on every type", "adlake.collector.aliases:_given_price",
        "event_type == EventType.IMPRESSION and", "",
        f"{JUDGING}::test_a_cost_elsewhere_is_an_extra",
    ),
    Mutation(
        "the other spelling of a time goes first", "adlake.collector.aliases:_given_time",
        'not is_missing(member(members, "event_timestamp"))', "False",
        f"{JUDGING}::test_the_time_of_the_contract_comes_first_and_null_is_none",
    ),
    Mutation(
        "the answer does not wait for the broker", "adlake.api.publishing:published",
        "error = await asyncio.wait_for(ended, parts.ack_seconds)", "error = None",
        f"{EVENTS}::test_no_acknowledgement_in_time",
    ),
    Mutation(
        "what the broker refused is called accepted", "adlake.api.publishing:published",
        "if error is not None:", "if False:",
        f"{EVENTS}::test_what_the_broker_refused_or_has_no_room_for",
    ),
    Mutation(
        "a group is done with its first record", "adlake.io.kafka.collecting:_Group.one_ended",
        "self.left == 0", "True", f"{GROUPS}::test_a_group_is_done_once_and_when_all_of_it_is",
    ),
    Mutation(
        "nothing bounds what waits for the broker",
        "adlake.io.kafka.collecting:GroupPublisher._reserve",
        "if self.unacked and", "if False and",
        f"{GROUPS}::test_what_waits_is_bounded_and_a_lone_large_group_passes",
    ),
    Mutation(
        "bytes of an answered request stay in the budget", "adlake.api.routes.events:post_events",
        "parts.budget.give_back(len(body))", "len(body)",
        f"{EVENTS}::test_a_burst_is_held_within_the_budget",
    ),
)  # fmt: skip
