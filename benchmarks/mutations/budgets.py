"""Budgets: what counts once, what is owed, what is in force, and when serving stops."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

EXAMPLES = "tests/unit/budgets/test_worked_examples.py"
SPEND = "tests/unit/budgets/test_spend.py"
FLIPS = "tests/unit/budgets/test_flips.py"
SPARK = "tests/spark/budgets/test_build.py"
PARITY = f"{SPARK}::test_the_tables_are_those_of_plain_python"
BUILT = f"{SPARK}::test_a_build_says_what_the_records_of_one_snapshot_say"
KEEPER = "tests/unit/budgets/test_keeper.py"
KEEPING = "tests/spark/budgets/test_keeping.py"
KEPT = f"{KEEPING}::test_each_step_gives_the_rows_of_all_that_was_sent"
KILLED = f"{KEEPING}::test_reversed_doubled_and_killed_steps_give_the_rows_of_a_build"
MISMATCH = (
    "tests/unit/business/test_business_audit.py"
    "::test_a_click_that_carries_another_budget_than_the_change_in_force_has_a_remark"
)
PROVEN = "tests/contract/budgets/test_budget_proof.py"
PROOF = f"{PROVEN}::test_what_spark_built_is_what_trino_makes"
FLIPS_SQL = (
    "tests/contract/budgets/test_flips_in_duckdb.py::test_decisions_are_those_of_plain_python"
)
CHANGES = "sql/oracles/budgets/account_changes.sql"
STORIES = "sql/oracles/budgets/account_stories.sql"
MOMENTS = "sql/oracles/budgets/serving_moments.sql"
TURNS = "sql/oracles/budgets/serving_turns.sql"
FLIP_ROWS = "sql/oracles/budgets/serving_flips.sql"
RESERVES = "sql/fragments/reserves.sql"
RESERVED = "tests/contract/budgets/test_reserves_in_duckdb.py"

BUDGETS: tuple[Mutation, ...] = (
    Mutation(
        "the content that comes last counts", "adlake.budgets.events:winners_of",
        "(one.rank, one.place) < (known.rank, known.place)", "one.place > known.place",
        f"{EXAMPLES}::test_b1_distinct_clicks_and_a_credit",
    ),
    Mutation(
        "a repeat decides anew", "adlake.budgets.events:changes_of",
        "known.rank <= one.rank", "known.rank < one.rank",
        f"{FLIPS}::test_a_repeat_or_a_larger_content_decides_nothing",
    ),
    Mutation(
        "who loses an event keeps it", "adlake.budgets.events:changes_of",
        "found.append(Change(known.advertiser_id, one.place, trigger, known, None))", "pass",
        f"{FLIPS}::test_a_credit_that_another_advertiser_tells_in_a_smaller_content_is_taken_away",
    ),
    Mutation(
        "a credit may be more than its click", "adlake.budgets.spend:charges_of",
        "min(click.micros, sum(one.micros for one in given[click.event_id]))",
        "sum(one.micros for one in given[click.event_id])",
        f"{SPEND}::test_credits_of_a_click_add_up_to_its_amount_at_most",
    ),
    Mutation(
        "a month has no cap of its own", "adlake.budgets.spend:overdelivery",
        "taken += above(charge.valid - taken, left_of_month[month_of(day)], cap)", "pass",
        f"{EXAMPLES}::test_b6_a_month_has_a_cap_of_its_own",
    ),
    Mutation(
        "clicks set budgets for ever", "adlake.budgets.history:budget_records",
        "if first_ms is None or one.event_ms < first_ms", "if True",
        f"{SPEND}::test_from_the_first_change_on_no_click_sets_a_budget",
    ),
    Mutation(
        "the cap is the smallest budget of the day", "adlake.budgets.history:largest_micros",
        "return max(", "return min(",
        f"{SPEND}::test_the_cap_of_a_day_is_the_largest_budget_of_any_of_its_moments",
    ),
    Mutation(
        "a pause forgets the zone", "adlake.budgets.history:_changed",
        "before.time_zone if one.time_zone is None else one.time_zone",
        'one.time_zone or "UTC"', f"{SPEND}::test_what_a_status_does_not_say_goes_on",
    ),
    Mutation(
        "an hour begins by the clock of Greenwich", "adlake.budgets.zones:hour_start_ms",
        "(at_ms + offset // _MS) % HOUR_MS", "at_ms % HOUR_MS",
        f"{SPEND}::test_days_and_hours_of_zones",
    ),
    Mutation(
        "a budget may be spent to the last micro", "adlake.budgets.account:Account.standing",
        "valid + reserve < budget.micros", "valid + reserve <= budget.micros",
        f"{EXAMPLES}::test_b2_spending_stops_serving_and_a_credit_resumes_it",
    ),
    Mutation(
        "nothing is kept back", "adlake.budgets.account:Account.standing",
        "valid + reserve < budget.micros", "valid < budget.micros",
        f"{EXAMPLES}::test_b3_the_reserve_is_kept_back",
    ),
    Mutation(
        "the minute that runs counts for the rate", "adlake.budgets.account:Account._reserve",
        "age = now - 1 - minute", "age = now - minute",
        f"{FLIPS}::test_an_account_says_what_follows_from_all_that_was_delivered",
    ),
    Mutation(
        "a lower budget that a click carries is not seen",
        "adlake.budgets.account:Account._may_change_budgets",
        "known is None or (known.micros, known.period) != carried", "known is None",
        f"{FLIPS}::test_an_account_says_what_follows_from_all_that_was_delivered",
    ),
    Mutation(
        "nothing happens after the last delivery", "adlake.budgets.flips:_of_one",
        "yield from log.decide_at(_moments(account, decided_ms, END_OF_TIME_MS))", "pass",
        f"{EXAMPLES}::test_b7_a_budget_cut_to_what_is_spent_stops_until_midnight",
    ),
    Mutation(
        "a month begins anew each day", "adlake.budgets.flips:_moments",
        "if account.period_start(kind, day) == day:", "if kind is not None:",
        f"{FLIPS}::test_a_longer_budget_begins_anew_with_its_own_period",
    ),
    Mutation(
        "an average counts the time without a budget", "adlake.budgets.views:average_budget",
        "total = sum(length for length, _ in known)", "total = end_ms - start_ms",
        f"{EXAMPLES}::test_b5_budgets_in_force_by_their_own_time",
    ),
    Mutation(
        "a credit is more than its click on Spark", "adlake.budgets.spark_spend:_charges",
        'F.least(F.col("micros").cast(_MICROS), F.coalesce("given", F.lit(0)))',
        'F.coalesce("given", F.lit(0).cast(_MICROS))', PARITY,
    ),
    Mutation(
        "midnight is that of Greenwich on Spark", "adlake.budgets.spark_spend:_start",
        "unix_millis(to_utc_timestamp(CAST({day} AS TIMESTAMP), time_zone))",
        "unix_millis(CAST({day} AS TIMESTAMP))", PARITY,
    ),
    Mutation(
        "the smallest id of a moment holds on Spark",
        "adlake.budgets.spark_history:_last_of_moment",
        'F.desc("counted_id")', 'F.asc("counted_id")', PARITY,
    ),
    Mutation(
        "a larger content decides on Spark", "adlake.budgets.spark_account:held_contents",
        'rank < F.col("best")', 'rank > F.col("best")', PARITY,
    ),
    Mutation(
        "who loses an event is not asked again on Spark", "adlake.budgets.spark_account:steps_of",
        "brought.unionByName(lost).distinct()", "brought.distinct()", PARITY,
    ),
    Mutation(
        "the minute that runs counts for the rate on Spark",
        "adlake.budgets.spark_flips:_with_reserve",
        "minute < now AND minute >= now", "minute <= now AND minute >= now", PARITY,
    ),
    Mutation(
        "a build reads what comes while it runs", "adlake.budgets.source:Source.stamp_of",
        "stamps.SOURCE_SNAPSHOT: str(self.snapshot)", 'stamps.SOURCE_SNAPSHOT: "1"', BUILT,
    ),
    Mutation(
        "a step begins where the newest table is", "adlake.budgets.source:contained_in_all",
        "min(next_[one] for next_ in offsets)", "max(next_[one] for next_ in offsets)",
        f"{KEEPER}::test_a_step_begins_where_the_oldest_table_is",
    ),
    Mutation(
        "tables of lost records are not made anew", "adlake.budgets.source:_is_ahead",
        "offset > newest.next_offsets.get(partition, 0)", "False",
        f"{KEEPER}::test_a_new_table_and_one_of_lost_records_are_made_whole",
    ),
    Mutation(
        "the keeper works all the time", "adlake.budgets.keeper:BudgetKeeper.run",
        "max(LOOK_SECONDS, rest_after(seconds, most))", "LOOK_SECONDS",
        f"{KEEPER}::test_it_takes_its_share_of_the_time_alone",
    ),
    Mutation(
        "a driver that has just begun builds budgets",
        "adlake.budgets.keeper:BudgetKeeper.__init__",
        "time.monotonic() + first_after_seconds", "time.monotonic()",
        f"{KEEPER}::test_a_driver_that_has_just_begun_has_its_cores_for_the_batches",
    ),
    Mutation(
        "a step's share counts after a whole build, too", "adlake.budgets.keeper:BudgetKeeper.run",
        "if kept.is_whole", "if kept.advertisers < 0",
        f"{KEEPER}::test_after_a_whole_build_and_the_first_step_of_a_driver_it_rests_as_long",
    ),
    Mutation(
        "what a cold driver took counts for ever", "adlake.budgets.keeper:BudgetKeeper.run",
        "or self._is_cold", "",
        f"{KEEPER}::test_after_a_whole_build_and_the_first_step_of_a_driver_it_rests_as_long",
    ),
    Mutation(
        "a driver is cold for ever", "adlake.budgets.keeper:BudgetKeeper.run",
        "self._is_cold = False", "pass",
        f"{KEEPER}::test_after_a_whole_build_and_the_first_step_of_a_driver_it_rests_as_long",
    ),
    Mutation(
        "a failed step calls its tables current", "adlake.budgets.keeper:BudgetKeeper.run",
        "self._next_look = time.monotonic() + LOOK_SECONDS",
        "self._meters.put(gauges.BUDGETS_CURRENT, self._now_s())",
        f"{KEEPER}::test_what_fails_is_not_tried_all_the_time_nor_called_current",
    ),
    Mutation(
        "who loses an event is not made again", "adlake.budgets.keeping:_merge",
        'after.join(events, [*KEY], "left_semi")', "rows", KEPT,
    ),
    Mutation(
        "what others say of an event is not read", "adlake.budgets.keeping:_known_of",
        "own.unionByName(foreign)", "own", KEPT,
    ),
    Mutation(
        "a repeat makes an advertiser again", "adlake.budgets.keeping:_merge",
        "rows.select(*KEY).distinct()", "keys", KEPT,
    ),
    Mutation(
        "a driver that died leaves the other tables behind",
        "adlake.budgets.keeping:keep_budgets",
        "is_again = contents_stamp is None or not is_same_place(contents_stamp, oldest)",
        "is_again = False", KILLED,
    ),
    Mutation(
        "a budget is in force for the hour before it", "sql/oracles/budgets/spend_hours.sql",
        "1 AS moment_rank", "-1 AS moment_rank", PROOF,
    ),
    Mutation(
        "a click of the moment of a change is held against the budget before",
        "adlake.business.audit:_mismatches",
        "change[0] <= _ms(told)", "change[0] < _ms(told)", MISMATCH,
    ),
    Mutation(
        "the oracle knows no cap of the month", "sql/oracles/budgets/billed_clicks.sql",
        "WHEN click.period = 'DAILY' AND capped.known_days > 0",
        "WHEN click.period = 'DAILY' AND capped.known_days > 99", PROOF,
    ),
    Mutation(
        "in the oracle's log a repeat decides anew", CHANGES,
        "content) < smallest_before", "content) <= smallest_before", FLIPS_SQL,
    ),
    Mutation(
        "in the oracle's log who loses an event keeps it", CHANGES,
        "coalesce(decisive.owner_before, decisive.advertiser_id)", "decisive.advertiser_id",
        FLIPS_SQL,
    ),
    Mutation(
        "the oracle drops a click whose budget is taken back from the one before", STORIES,
        "min(IF(until_number IS NULL, change_number))", "min(change_number)", FLIPS_SQL,
    ),
    Mutation(
        "the oracle drops what a click carried until a change came", STORIES,
        "first_change_number < change_number", "first_change_number > 0", FLIPS_SQL,
    ),
    Mutation(
        "the oracle knows no end of a flight", MOMENTS,
        "said[1].flight_start_ms, said[1].flight_end_ms)", "said[1].flight_start_ms)", FLIPS_SQL,
    ),
    Mutation(
        "the oracle looks two weeks ahead for starts of periods", MOMENTS,
        "BIGINT '64' * 86400000", "BIGINT '14' * 86400000", FLIPS_SQL,
    ),
    Mutation(
        "the oracle's days are those of UTC", "sql/fragments/local_day.sql",
        "(20, 0))), time_zone)", "(20, 0))), 'UTC')", FLIPS_SQL,
    ),
    Mutation(
        "in the oracle's log clicks set budgets for ever", "sql/fragments/counted_budgets.sql",
        "budget -> NOT budget.is_carried", "budget -> TRUE", FLIPS_SQL,
    ),
    Mutation(
        "in the oracle who has spent the budget is served", TURNS,
        "valid_spend + reserve < budget", "valid_spend + reserve <= budget", FLIPS_SQL,
    ),
    Mutation(
        "the oracle's decisions know no cap of the month", TURNS,
        "period <> 'DAILY' OR", "TRUE OR", FLIPS_SQL,
    ),
    Mutation(
        "the oracle's reserve leaves the newest whole minute out", TURNS,
        "127 PRECEDING AND 1 PRECEDING", "127 PRECEDING AND 2 PRECEDING", FLIPS_SQL,
    ),
    Mutation(
        "in the oracle a reserve that falls is no cause", TURNS,
        "valid_spend >= valid_spend_before", "valid_spend > valid_spend_before", FLIPS_SQL,
    ),
    Mutation(
        "in the oracle net spend is that of all time", FLIP_ROWS,
        "IF(is_of_period, net)", "net", FLIPS_SQL,
    ),
    Mutation(
        "verify does not look at the cause of a flip", "sql/fragments/serving_flip_columns.sql",
        "period_start, cause,", "period_start,",
        f"{PROVEN}::test_a_planted_difference_is_seen",
    ),
    Mutation(
        "more may be kept back than a column holds", "adlake.budgets.spark_flips:_with_reserve",
        "least(weighed, {most}BD)", "weighed", PARITY,
    ),
    Mutation(
        "the oracle keeps back more than any budget has", "sql/fragments/kept_back.sql",
        "DECIMAL '999999999999999999'", "DECIMAL '99999999999999999999'", FLIPS_SQL,
    ),
    Mutation(
        "a reserve has what a smaller content took back", RESERVES,
        "- coalesce(content_before[2], 0)", "",
        f"{RESERVED}::test_a_minute_has_what_its_deliveries_brought",
    ),
    Mutation(
        "a reserve knows the clicks of the newest minute alone", RESERVES,
        "ingest_ms >= 60000 * (:minute_now - 127)", "ingest_ms >= 60000 * (:minute_now - 1)",
        f"{RESERVED}::test_b3_what_is_kept_back_falls_with_each_minute",
    ),
    Mutation(
        "a reserve weighs each minute as if it were older", RESERVES,
        "element_at(weighing.weights, minutes.age)",
        "element_at(weighing.weights, minutes.age + 1)",
        f"{RESERVED}::test_b3_what_is_kept_back_falls_with_each_minute",
    ),
    Mutation(
        "a reserve leaves the oldest minute out", RESERVES,
        "minute >= :minute_now - 127", "minute >= :minute_now - 126",
        f"{RESERVED}::test_reserves_are_those_of_plain_python_at_any_moment",
    ),
    Mutation(
        "the rate of spending falls faster", "sql/fragments/rate_weights.sql",
        "* 4 / 5", "* 3 / 5", f"{RESERVED}::test_b3_what_is_kept_back_falls_with_each_minute",
    ),
)  # fmt: skip
