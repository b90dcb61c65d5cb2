"""Channel and region of an event, and whose they are."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

UNIT = "tests/unit/attribution/test_segments.py"
SPARK = "tests/spark/attribution/test_segments.py"
UPGRADE = "tests/spark/attribution/test_state_upgrade.py"
FORMS = f"{SPARK}::test_segments_of_spark_are_those_of_python"
ORACLE = "tests/contract/proof/test_oracle_law.py"
VIEWS = "tests/contract/attribution/test_window_views.py"
UPGRADED = f"{UPGRADE}::test_an_older_gold_is_brought_up_step_by_step_and_goes_on"
MODULE = "adlake.attribution.state_upgrade"

SEGMENTS: tuple[Mutation, ...] = (
    Mutation(
        "the channel of the first ingest counts", "adlake.attribution.law.state:_winner",
        "channel=_smallest(known.channel, other.channel)",
        "channel=min((known, other), key=lambda one: one.first_ingest_ms).channel",
        "tests/unit/attribution/test_law_state.py",
    ),
    Mutation(
        "the channel of a losing content counts", "adlake.attribution.law.state:_winner",
        "return known if known_key < other_key else other",
        "return replace(known if known_key < other_key else other, "
        "channel=_smallest(known.channel, other.channel))", UNIT,
    ),
    Mutation(
        "a delivery that names no channel takes it away", "adlake.attribution.law.state:_smallest",
        "if text is not None), default=None)", "), key=lambda text: text or '', default=None)",
        UNIT,
    ),
    Mutation(
        "a region is that of a delivery alone", "adlake.attribution.law.segments:segments_of",
        "donor.region or segment_text(donor.geo_country)", "donor.region", UNIT,
    ),
    Mutation(
        "the channel of the newest event is that of the impression",
        "adlake.attribution.law.segments:segments_of", "min(state, key", "max(state, key", UNIT,
    ),
    Mutation(
        "lower case by the Unicode tables of this Python",
        "adlake.attribution.law.segment_text:segment_text",
        '.translate(_TO_LOWER)', ".lower()", UNIT,
    ),
    Mutation(
        "all kinds of white space are cut off",
        "adlake.attribution.law.segment_text:segment_text", 'strip(" ")', "strip()",
        "tests/unit/attribution/test_admission_corpus.py",
    ),
    Mutation(
        "the channel of the first ingest counts in Spark",
        "adlake.attribution.spark.fold:winners_sql", "IF(size(w) = size(s), w, {_WITH_SEGMENTS})",
        "w", FORMS,
    ),
    Mutation(
        "a channel of any content counts in Spark", "adlake.attribution.spark.fold:_smallest_sql",
        "for name in _CONTENT)", "for name in _CONTENT[:1])", FORMS,
    ),
    Mutation(
        "no channel is smaller than any in Spark", "adlake.attribution.spark.fold:_smallest_sql",
        "'is_unknown', x.{member} IS NULL, ", "", FORMS,
    ),
    Mutation(
        "the region takes no country in Spark", "adlake.attribution.spark.gold:_region_steps",
        'F.coalesce(F.col("donor.rg"), usable(F.col("small_country")))', 'F.col("donor.rg")', FORMS,
    ),
    Mutation(
        "a replay takes the segments of the stored rows alone",
        "adlake.attribution.spark.fold:all_states", "if known is not None:", "if False:",
        f"{UPGRADE}::test_what_gold_knows_and_bronze_does_not_stays",
    ),
    Mutation(
        "the proof takes the channel of any content", "sql/oracles/event_contents.sql",
        "min(channel) OVER in_order", "min(channel) OVER same_event", ORACLE,
    ),
    Mutation(
        "the upgrade leaves a day out", f"{MODULE}:_steps",
        "begin, rows = day * SLOTS_PER_DAY, 0", "begin, rows = (day + 1) * SLOTS_PER_DAY, 0",
        UPGRADED,
    ),
    Mutation(
        "the first step says that all states are brought up", f"{MODULE}:bring_states_up",
        "_make_again(gold, branch, step, source, properties | until)",
        "_make_again(gold, branch, step, source, properties)", UPGRADED,
    ),
    Mutation(
        "a killed upgrade begins anew", f"{MODULE}:bring_states_up",
        'first_slot = int(stamp.properties.get(stamps.STATES_UNTIL, "0"))', "first_slot = 0",
        UPGRADED,
    ),
    Mutation(
        "rows are made again on main itself", f"{MODULE}:_make_again",
        "gold.branch_name(STAGING_BRANCH if branch == MAIN_BRANCH else branch)",
        "gold.branch_name(branch)", UPGRADED,
    ),
    Mutation(
        "the upgrade believes Bronze's columns, which older rows lack", f"{MODULE}:_deliveries",
        "return admit(records_of(rows), source.law)",
        "return admit(records_of(rows), source.law).drop('channel', 'region').join(rows.select("
        "'kafka_partition', 'kafka_offset', 'channel', 'region'), ['kafka_partition', "
        "'kafka_offset'])", UPGRADED,
    ),
    Mutation(
        "batches go on over states that say less", "adlake.attribution.pipeline:"
        "AttributionPipeline.writers", "        refuse_older_states(stamp)\n", "", UPGRADED,
    ),
    Mutation(
        "what an undo brings back keeps its older states",
        "adlake.attribution.replay.publication:_undo",
        "    bring_states_up(session, read_law, REPLAY_BRANCH)\n", "",
        f"{UPGRADE}::test_what_an_undo_makes_current_again_is_brought_up_too",
    ),
    Mutation(
        "a view prefers the channel of the campaign", "sql/views/campaign_metrics_5m.sql",
        "coalesce(nullif(sums.channel, 'unknown'), campaign.channel, 'unknown') AS channel",
        "coalesce(campaign.channel, nullif(sums.channel, 'unknown'), 'unknown') AS channel",
        f"{VIEWS}::test_a_named_channel_is_its_own_and_an_unknown_one_that_of_the_campaign",
    ),
    Mutation(
        "windows forget whose events are", "adlake.attribution.rollup.windows:_placed",
        "coalesce({name}, '{UNKNOWN}') AS {name}", "'{UNKNOWN}' AS {name}",
        "tests/spark/attribution/test_rollup.py::test_each_batch_adds_what_it_changed",
    ),
    Mutation(
        "an alert's segment is the channel of the campaign",
        "adlake.alerts.spark_windows:windows_of_ads",
        "coalesce(told, channel, '{UNKNOWN}')", "coalesce(channel, told, '{UNKNOWN}')",
        "tests/spark/alerts/test_log.py",
    ),
    Mutation(
        "an existing Bronze keeps its old columns", "adlake.io.iceberg.ddl:_add_columns",
        "    if not lacking:\n", "    if True:\n",
        f"{SPARK}::test_bronze_of_an_older_lake_gets_the_columns_once",
    ),
)  # fmt: skip
