"""What the generator is told to send, and what it says of it."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

BUSINESS = "tests/unit/business/test_business_generator.py"
FUNNEL = "tests/unit/business/test_business_funnel.py"
HTTP = "tests/unit/generator/test_over_http.py"
SENDER = "tests/unit/io/test_events_api.py"
SCENARIO = "tests/unit/generator/test_scenario.py"
ACCOUNTS = "tests/unit/proof/test_accounts_truth.py"
LAWFUL = f"{BUSINESS}::test_the_truth_is_what_the_admission_says"
CREDITED = f"{BUSINESS}::test_each_click_of_a_bot_and_each_repeat_is_credited_in_full_once"
PAYS = f"{SCENARIO}::test_overspending_changes_who_pays_and_nothing_else"
STOPPED = f"{SCENARIO}::test_who_overspends_is_stopped_and_goes_on_with_the_next_budget"

TRAFFIC: tuple[Mutation, ...] = (
    Mutation(
        "the truth credits more than a click cost", "adlake.generator.account_totals:spend_of",
        'min(one.micros, credited.get(one.fields["click_id"], 0))',
        'credited.get(one.fields["click_id"], 0)', LAWFUL,
    ),
    Mutation(
        "the truth keeps the first status of a message",
        "adlake.generator.account_totals:customers_of", "max(known, one", "min(known, one", LAWFUL,
    ),
    Mutation(
        "the truth of accounts takes the larger content",
        "adlake.generator.account_totals:winners_of",
        "event.variant < known.variant", "event.variant > known.variant", LAWFUL,
    ),
    Mutation(
        "what is admitted is added to the truth again",
        "adlake.generator.account_totals:AccountTotals.replace", "(-1, before)", "(0, before)",
        LAWFUL,
    ),
    Mutation(
        "a customer with a profile alone is not in the truth",
        "adlake.generator.account_totals:customers_of", "if one.event_type is _PROFILE",
        "if one.event_type is None",
        f"{BUSINESS}::test_who_has_a_profile_alone_is_a_customer_with_nothing",
    ),
    Mutation(
        "a run that goes on has sums of its second part",
        "adlake.generator.account_totals:AccountTotals.from_state",
        "None if state is None else cls(**json.loads(state))",
        'cls(**json.loads(state or "{}"))',
        f"{BUSINESS}::test_a_run_from_before_the_sums_of_accounts_says_that_it_has_none",
    ),
    Mutation(
        "bots are billed", "adlake.generator.invalid_traffic:flagged_clicks",
        "click.user >= USERS", "click.user < 0", CREDITED,
    ),
    Mutation(
        "repeats are billed", "adlake.generator.invalid_traffic:flagged_clicks",
        "<= REPEAT_MS", "< 0", CREDITED,
    ),
    Mutation(
        "a flagged click is credited by half", "adlake.generator.business_events:_givt_credit",
        "billed.micros)", "billed.micros // 2)", CREDITED,
    ),
    Mutation(
        "who overspends pays for all clicks of the campaign",
        "adlake.generator.overspend:Overspender.payers",
        "if not self.played.concerns(campaign, impression_ms)", "if campaign < 0", PAYS,
    ),
    Mutation(
        "the budget is enough", "adlake.generator.overspend:overspender_of",
        "/ BUDGET_DIVISOR", "* BUDGET_DIVISOR", STOPPED,
    ),
    Mutation(
        "the next budget is no larger", "adlake.generator.overspend:Overspender.events",
        "self.budget_micros * RAISED_TO", "self.budget_micros", STOPPED,
    ),
    Mutation(
        "who has too much is right", "adlake.proof.accounts_truth:_problems",
        "is_less or (is_all and lake != truth)", "is_less",
        f"{ACCOUNTS}::test_an_advertiser_that_is_moved_by_one_is_named",
    ),
    Mutation(
        "what others sent is called wrong", "adlake.proof.accounts_truth:_facts",
        "is_all=unknown <= 0", "is_all=True",
        f"{ACCOUNTS}::test_records_of_others_hide_no_loss",
    ),
    Mutation(
        "a generator that still sends is called wrong", "adlake.proof.accounts_truth:_facts",
        "problems and _records_sent(load()) != _records_sent(truths)", "problems and False",
        f"{ACCOUNTS}::test_what_is_being_sent_is_not_compared",
    ),
    Mutation(
        "a customer that nobody sent is right", "adlake.proof.accounts_truth:_problems",
        "sorted({*held, *told} if is_all else told)", "sorted(told)",
        f"{ACCOUNTS}::test_a_row_too_many_or_too_few_is_named",
    ),
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
        f"{FUNNEL}::test_the_rates_of_the_funnel_are_those_that_were_meant",
    ),
    Mutation(
        "a step has a region that its impression has not",
        "adlake.generator.business_events:_step_of",
        'return fields | {"region": region} if region else fields',
        'return fields | {"region": region or PLACES[scene.place][0]}',
        f"{FUNNEL}::test_steps_of_the_funnel_have_the_campaign_channel_and_region_of_their_impression",
    ),
    Mutation(
        "what is shared is shared at once", "adlake.generator.business_events:audience_events",
        "at_ms += value_at(SHARE_DELAY_MS, draws.u32())", "at_ms += draws.u32() % 2",
        f"{FUNNEL}::test_shares_come_after_their_impression_and_after_what_was_watched_to_the_end",
    ),
    Mutation(
        "what may have arrived is sent again without a word",
        "adlake.io.events_api.publisher:ApiPublisher._tell",
        "isinstance(error, EventsApiAwayError) and error.may_have_arrived", "error is None",
        f"{HTTP}::test_events_that_may_be_there_twice_are_in_the_truth",
    ),
    Mutation(
        "refused events are taken for sent", "adlake.io.events_api.client:EventsApi.post",
        'code != ACCEPTED or said.get("accepted") != len(events)',
        "code not in (ACCEPTED, PARTLY_REFUSED)",
        f"{SENDER}::test_what_was_refused_ends_the_run_and_is_named",
    ),
    Mutation(
        "the API is asked longer than was meant",
        "adlake.io.events_api.publisher:ApiPublisher._post",
        "stop_after_delay(patience_seconds)", "stop_after_delay(patience_seconds + 5)",
        f"{SENDER}::test_an_api_that_stays_away_ends_it_after_a_while",
    ),
    Mutation(
        "a resend saves what was not acknowledged", "adlake.generator.worker:Worker._note_resend",
        "saved = Checkpoint.load(self._path)", "saved = self._checkpoint",
        f"{HTTP}::test_a_resend_leaves_the_checkpoint_where_it_was",
    ),
    Mutation(
        "what is still to be read explains a loss", "adlake.proof.producer_audit:_lost_in_total",
        "all(one.is_pending for one in missing)", "not missing",
        f"{HTTP}::test_the_producers_audit_counts_such_a_run_in_total",
    ),
    Mutation(
        "a run without partitions is compared by partition",
        "adlake.proof.records_truth:_counts_by_place",
        "if UNPLACED not in told:", "if told:",
        "tests/unit/proof/test_records_truth.py::"
        "test_a_run_without_partitions_is_compared_in_total",
    ),
)  # fmt: skip
