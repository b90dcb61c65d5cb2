"""Published rows, customers at hand, what is pending: sent once, told once, in the same bytes."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

PLAIN = "tests/unit/published/test_plain.py"
SPARK = "tests/spark/published/test_published.py"
PARITY = f"{SPARK}::test_payloads_are_those_of_plain_python"
STORY = f"{SPARK}::test_a_row_is_sent_when_it_is_another_one_and_its_end_too"
DECISIONS = f"{SPARK}::test_a_decision_is_sent_in_its_order_once_what_was_read_is_past_it"
API = "tests/unit/api/test_pending.py"

PUBLISHED: tuple[Mutation, ...] = (
    Mutation(
        "the hash of an address is on the topic", "adlake.published.contract:",
        'user_id=Form.TEXT, geo_country=Form.TEXT, created_at=Form.TIME',
        'user_id=Form.TEXT, email_sha256=Form.TEXT, geo_country=Form.TEXT, created_at=Form.TIME',
        f"{PLAIN}::test_nothing_names_a_person",
    ),
    Mutation(
        "a rate is cut off", "adlake.published.plain:_rate",
        "(2 * unit * part + whole) // (2 * whole)", "unit * part // whole",
        f"{PLAIN}::test_a_rate_is_exact_and_rounded_half_up",
    ),
    Mutation(
        "Spark cuts a rate off", "adlake.published.payloads:_rate",
        "(2 * {_UNIT}L * {part} + {whole}) div", "(2 * {_UNIT}L * {part}) div", PARITY,
    ),
    Mutation(
        "what is NULL takes the whole payload along", "adlake.published.payloads:_payload",
        'F.coalesce(_text(form, name), F.lit("null"))', "_text(form, name)", PARITY,
    ),
    Mutation(
        "a record is sent again at each look", "adlake.published.unsent:unsent",
        '~F.col("payload_sha256").eqNullSafe(F.col("sent_sha256"))', "F.lit(True)", STORY,
    ),
    Mutation(
        "who is gone stays on the topic", "adlake.published.unsent:unsent",
        '"full_outer" if publication.tells_gone else "left"', '"left"', STORY,
    ),
    Mutation(
        "a record is written down and not sent",
        "adlake.published.keeper:PublishKeeper._send_slice",
        "self._send(_in_order(publication, records), topic)", "pass", STORY,
    ),
    Mutation(
        "a slice has no end", "adlake.published.unsent:unsent", "in_order.limit(most)", "in_order",
        STORY,
    ),
    Mutation(
        "the rest of a slice is forgotten", "adlake.published.keeper:PublishKeeper._publish",
        "< self._pace.most_records", "<= self._pace.most_records", STORY,
    ),
    Mutation(
        "files that were merged are news", "adlake.io.iceberg.table:IcebergTable.has_changed_since",
        "not is_rewrite and any(", "any(", STORY,
    ),
    Mutation(
        "a decision is sent before its time", "adlake.published.keeper:PublishKeeper._publish",
        "rows = rows.where(_due_ms(publication) <= until_ms)", "pass", DECISIONS,
    ),
    Mutation(
        "a decision that waited is forgotten", "adlake.published.keeper:PublishKeeper._publish",
        "if seen.next_due_ms is None or seen.next_due_ms > self._now_ms():", "if True:", DECISIONS,
    ),
    Mutation(
        "a partition that goes on does not hold decisions back",
        "adlake.published.until:decided_until", "return min(moments)", "return max(moments)",
        f"{PLAIN}::test_decisions_are_final_up_to_what_was_read",
    ),
    Mutation(
        "an event is pending beside a row that has it", "adlake.api.pending:Pending._is_in",
        "row_ms >= one.at_ms", "row_ms > one.at_ms",
        f"{API}::test_what_was_posted_is_told_until_the_row_is_as_new",
    ),
    Mutation(
        "pending goes by our clock", "adlake.api.publishing:published",
        "max(times, default=now_ms)", "now_ms",
        f"{API}::test_what_was_posted_is_told_until_the_row_is_as_new",
    ),
    Mutation(
        "a retry of what Bronze has is pending", "adlake.api.routes.customer_events:_taken",
        "if not await is_known:", "if True:",
        f"{API}::test_a_retry_counts_once_wherever_the_first_one_went",
    ),
    Mutation(
        "who cannot be asked has said no", "adlake.api.routes.customer_events:_is_known",
        "return True", "return False",
        f"{API}::test_a_retry_counts_once_wherever_the_first_one_went",
    ),
    Mutation(
        "what was seen in the lake is overdue", "adlake.api.pending:Pending._leave",
        "if not one.was_seen:", "if True:",
        f"{API}::test_after_ten_minutes_it_leaves_and_is_counted",
    ),
    Mutation(
        "the cache has no end", "adlake.api.customer_cache:CustomerCache._put",
        "while len(self._held) > self.most:", "while False:",
        f"{API}::test_the_rows_at_hand_are_bounded_and_the_last_ones",
    ),
    Mutation(
        "a cache that begins empty is filled", "adlake.api.customer_feed:CustomerFeed._fill",
        "self.cache.is_warm or self.begins_empty", "self.cache.is_warm",
        f"{API}::test_it_begins_empty_where_that_is_wanted",
    ),
    Mutation(
        "a name is never asked for again", "adlake.api.customer_cache:CustomerCache.take",
        "held.row, held.is_told_since = payload, True", "held.row = payload",
        f"{API}::test_a_name_is_asked_for_again_a_minute_after_the_topic_told_something",
    ),
    Mutation(
        "users without ads have nothing", "sql/views/customer_360_with_ads.sql",
        "coalesce(ads.ad_clicks, 0) AS ad_clicks", "ads.ad_clicks AS ad_clicks",
        "tests/contract/metrics/test_metrics_customers.py"
        "::test_ads_of_a_user_stand_beside_the_customer_and_none_are_zero",
    ),
)  # fmt: skip
