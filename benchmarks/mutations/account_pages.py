"""Budgets and customers as they are opened: routes, metric files, what pages send and say."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

ROUTES = "tests/unit/api/test_advertisers.py"
METRICS = "tests/contract/metrics/test_metrics_advertisers.py"
BUDGETS = "tests/unit/dashboard/test_budgets.py"
CUSTOMERS = "tests/unit/dashboard/test_customers.py"
ASKING = "tests/unit/io/test_asking.py"
STAND = f"{METRICS}::test_advertisers_stand_as_they_do_at_a_moment"
BUCKETS = f"{METRICS}::test_a_bucket_has_the_budget_of_its_end_and_the_average_of_its_time"

ACCOUNT_PAGES: tuple[Mutation, ...] = (
    Mutation(
        "who is unknown may be served", "adlake.api.budget_answers:NotServed",
        "can_serve: Literal[False] = False", "can_serve: bool = True",
        f"{ROUTES}::test_who_is_unknown_is_not_found_and_not_served",
    ),
    Mutation(
        "an advertiser nobody heard of has spent nothing",
        "adlake.api.routes.advertisers:_refuse_unknown",
        "if not _one(parts, advertiser_id):", "if False:",
        f"{ROUTES}::test_who_is_unknown_is_not_found_and_not_served",
    ),
    Mutation(
        "the log of flips has those that lie ahead", "adlake.api.routes.advertisers:flips",
        'given["until"] or _now(parts)', 'given["until"]',
        f"{ROUTES}::test_budgets_of_one_and_the_log_of_flips",
    ),
    Mutation(
        "a span of spend may end before it begins",
        "adlake.api.spans:bounds", "since >= until", "since > until",
        f"{ROUTES}::test_a_bad_parameter_is_named",
    ),
    Mutation(
        "money is a float in the answers", "adlake.api.budget_answers:_shown",
        "float(value) if name in _RATES", "float(value) if name",
        f"{ROUTES}::test_serving_of_all_and_of_one",
    ),
    Mutation(
        "a flip that lies ahead decides now", "sql/metrics/advertisers.sql",
        "WHERE taken.effective_at <= moments.as_of", "WHERE taken.effective_at IS NOT NULL", STAND,
    ),
    Mutation(
        "what is kept back of others is unknown", "sql/metrics/advertisers.sql",
        "coalesce(reserves.reserve, decimal '0.000000')", "reserves.reserve", STAND,
    ),
    Mutation(
        "a name that a state told is not the newest", "sql/metrics/advertisers.sql",
        "coalesce(states.advertiser, flips.advertiser)", "flips.advertiser", STAND,
    ),
    Mutation(
        "a month begins in Greenwich", "sql/metrics/advertisers.sql",
        "with_timezone(CAST(bounded.first_day AS timestamp(6)), bounded.time_zone)",
        "with_timezone(CAST(bounded.first_day AS timestamp(6)), 'UTC')", STAND,
    ),
    Mutation(
        "spend of the month before counts", "sql/metrics/advertisers.sql",
        "spends.spend_day >= bounded.first_day AND", "", STAND,
    ),
    Mutation(
        "what goes on has the budget of its end", "sql/metrics/advertiser_spend.sql",
        "least(sums.bucket_end, moments.as_of + INTERVAL '0.001' SECOND)", "sums.bucket_end",
        BUCKETS,
    ),
    Mutation(
        "an average weighs each budget alike", "sql/metrics/advertiser_spend.sql",
        "sum( versions.budget_value * date_diff(", "sum( versions.budget_value + 0 * date_diff(",
        BUCKETS,
    ),
    Mutation(
        "a day that a bound cuts is left out", "sql/metrics/advertiser_spend.sql",
        "bucket_end > coalesce(CAST(:since", "bucket_start >= coalesce(CAST(:since",
        f"{METRICS}::test_spend_is_cut_into_days_and_months_of_the_zone",
    ),
    Mutation(
        "merged files make data fresh", "sql/metrics/data_as_of.sql",
        "OR element_at(summary, 'adlake.source-snapshot') IS NOT NULL", "OR TRUE",
        f"{METRICS}::test_data_are_as_old_as_the_newest_stamp",
    ),
    Mutation(
        "a change of a budget that is sent again counts twice", "adlake.dashboard.posting:sent",
        "st.session_state.setdefault(held, str(uuid.uuid4()))", "str(uuid.uuid4())",
        f"{BUDGETS}::test_a_change_that_may_have_arrived_keeps_its_id",
    ),
    Mutation(
        "a customer that is pending alone has the row of nobody",
        "adlake.dashboard.customers:ask_one", 'if answer.get("is_in_lake", bool(answer))',
        "if answer", f"{CUSTOMERS}::test_a_new_customer_is_the_one_that_is_shown",
    ),
    Mutation(
        "an order with a typed amount is drawn", "adlake.dashboard.customers:order_of",
        'if digits else ""', 'if not digits else ""',
        f"{CUSTOMERS}::test_exact_orders_and_messages_are_sent_as_they_were_typed",
    ),
    Mutation(
        "money is sent as a float", "adlake.dashboard.posting:digits_of",
        'return f"{amount:f}"', "return str(float(amount))",
        f"{BUDGETS}::test_money_is_sent_by_its_digits",
    ),
    Mutation(
        "a monthly budget is a mark beside days", "adlake.dashboard.budget_charts:against_budget",
        'and row["period"] == period', "",
        f"{BUDGETS}::test_a_budget_of_another_period_is_not_drawn_beside_the_days",
    ),
    Mutation(
        "an API that is away is a failed query", "adlake.dashboard.frame:guarded",
        "ApiAwayError, ApiUnreadyError", "", f"{BUDGETS}::test_an_outage_is_told_once",
    ),
    Mutation(
        "an order told twice is pending twice", "adlake.dashboard.pending:waiting",
        'one["order_id"]: Decimal', 'id(one): Decimal',
        f"{CUSTOMERS}::test_one_order_told_twice_is_pending_once",
    ),
    Mutation(
        "counters leave out what is pending", "adlake.dashboard.customers:_counters",
        "formats.count(lake.orders + more.orders)", "formats.count(lake.orders)",
        f"{CUSTOMERS}::test_the_page_shows_the_row_with_what_is_pending_and_sends_what_buttons_say",
    ),
    Mutation(
        "without an answer nobody says what became of a button",
        "adlake.dashboard.customers:ask_one", "except (ApiAwayError, ApiUnreadyError):",
        "except ZeroDivisionError:",
        f"{CUSTOMERS}::test_a_dead_api_is_told_once_and_so_is_what_became_of_a_button",
    ),
    Mutation(
        "a slash in an id is another route", "adlake.io.events_api.asking:path_of",
        "quote(part, safe='')", "quote(part)",
        f"{ASKING}::test_a_question_has_no_key_and_a_post_has_one",
    ),
    Mutation(
        "half of what was sent is all of it", "adlake.io.events_api.asking:LakeApi._taken",
        "code < 300 and code != 207", "code < 300", f"{ASKING}::test_other_answers_are_sentences",
    ),
)  # fmt: skip
