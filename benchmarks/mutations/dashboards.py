"""Dashboards in Metabase: what is ours, what users made, what is safe, what a reader may see."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

SYNC = "tests/unit/metabase/test_sync.py"
ENTRY = "tests/unit/metabase/test_entry.py"
DEFINITIONS = "tests/unit/metabase/test_definitions.py"
PAYLOADS = "tests/contract/trino/test_reader_without_payloads.py"

DASHBOARDS: tuple[Mutation, ...] = (
    Mutation(
        "a thing without our mark is taken for ours", "adlake.metabase.marks:mark_of",
        "if found else None", 'if found else Mark("card", "overview/roas")', SYNC,
    ),
    Mutation(
        "the youngest of several copies is taken for ours", "adlake.metabase.marks:owned",
        'key=lambda one: int(one["id"])', 'key=lambda one: -int(one["id"])',
        f"{SYNC}::test_a_copy_that_a_user_made_of_a_question_is_the_users",
    ),
    Mutation(
        "what a definition takes away stays in Metabase", "adlake.metabase.marks:digest_of",
        "hashlib.sha256(text.encode())", "hashlib.sha256()",
        f"{SYNC}::test_what_is_no_longer_defined_is_archived_and_comes_back_with_its_file",
    ),
    Mutation(
        "cards that users put on a dashboard are lost",
        "adlake.metabase.dashboards:_beside_others", "*map(_kept, others),", "",
        f"{SYNC}::test_what_a_user_put_on_a_dashboard_of_ours_stays_there",
    ),
    Mutation(
        "a copy of a card on a dashboard is lost", "adlake.metabase.dashboards:_beside_others",
        "or own.setdefault(key, one) is not one", "or own.update({key: one}) is not None",
        f"{SYNC}::test_a_copy_of_a_card_and_a_filter_moved_into_a_card_stay",
    ),
    Mutation(
        "filters that users made are lost", "adlake.metabase.dashboards:_beside_others",
        ", *_foreign_filters(present)]", "]",
        f"{SYNC}::test_what_a_user_put_on_a_dashboard_of_ours_stays_there",
    ),
    Mutation(
        "tabs that users made are lost", "adlake.metabase.dashboards:_beside_others",
        "if tabs:", "if not tabs:",
        f"{SYNC}::test_what_a_user_put_on_a_dashboard_of_ours_stays_there",
    ),
    Mutation(
        "the order of cards makes each run change something",
        "adlake.metabase.drift:_in_order",
        'sorted(dashboard.get("dashcards") or [], key=lambda one: int(one["id"]))',
        'list(dashboard.get("dashcards") or [])',
        f"{SYNC}::test_everything_is_made_once_and_a_second_run_changes_nothing",
    ),
    Mutation(
        "a query is compared in Metabase's newer form", "adlake.metabase.sync:_Run._card",
        '**{"legacy-mbql": "true"}', "",
        f"{SYNC}::test_everything_is_made_once_and_a_second_run_changes_nothing",
    ),
    Mutation(
        "an archived thing is made a second time",
        "adlake.metabase.inventory:_present_and_archived", "] + archived", "]",
        f"{SYNC}::test_what_is_no_longer_defined_is_archived_and_comes_back_with_its_file",
    ),
    Mutation(
        "a collection is archived with what others keep in it",
        "adlake.metabase.sync:_Run._holds_others", 'return bool(items.get("data"))',
        "return False",
        f"{SYNC}::test_a_collection_is_archived_only_when_nothing_of_others_is_in_it",
    ),
    Mutation(
        "a database of a broken run is made a second time",
        "adlake.metabase.inventory:Inventory.database", 'one.get("name") == name', "False",
        f"{SYNC}::test_a_run_that_broke_off_is_finished_by_the_next_one",
    ),
    Mutation(
        "a filter is wired to every card", "adlake.metabase.definitions:wired_filters",
        "if name in names", "if True",
        f"{SYNC}::test_a_filter_is_wired_to_those_cards_alone_whose_metric_knows_it",
    ),
    Mutation(
        "a time zone that somebody chose is changed", "adlake.metabase.sync:_Run._time_zone",
        "if not zone:", "if zone != TIME_ZONE:",
        f"{SYNC}::test_a_time_zone_that_somebody_chose_is_left_and_named",
    ),
    Mutation(
        "versions are compared as text", "adlake.metabase.entry:refuse_old_version",
        "(0, int(found[1]), int(found[2] or 0)) < OLDEST_VERSION",
        'tag.lstrip("v") < "0.65.3"',
        f"{ENTRY}::test_versions_from_the_patched_one_on_are_taken",
    ),
    Mutation(
        "an old Metabase hears the password", "adlake.metabase.entry:enter",
        "    refuse_old_version(properties)\n",
        "    _session(server, login, properties, say)\n    refuse_old_version(properties)\n",
        f"{ENTRY}::test_an_old_metabase_never_hears_the_password",
    ),
    Mutation(
        "the H2 sample is let be", "adlake.metabase.entry:refuse_h2",
        'one.get("engine") == "h2"', "False",
        f"{ENTRY}::test_h2_is_refused_as_its_own_database_and_as_any_other",
    ),
    Mutation(
        "a session goes where a redirect points", "adlake.io.metabase.client:",
        "urllib.request.ProxyHandler({}), _NoRedirect()", "urllib.request.ProxyHandler({})",
        f"{ENTRY}::test_a_redirect_is_named_and_not_followed",
    ),
    Mutation(
        "a refused login says the password", "adlake.metabase.entry:_logged_in",
        "with this password", "with {body}",
        f"{ENTRY}::test_a_wrong_password_names_the_settings_and_not_itself",
    ),
    Mutation(
        "a filter that reaches nothing passes", "adlake.metabase.definitions:_of_filter",
        "if not reached:", "if False:", DEFINITIONS,
    ),
    Mutation(
        "cards may lie on each other", "adlake.metabase.definitions:_misplaced",
        "!= key}", "== 0}", DEFINITIONS,
    ),
    Mutation(
        "the whole payload shows where a part was meant", "sql/fragments/masked_payload.sql",
        "reject_reason IS NOT NULL AND event_type = 'CONVERSION' THEN '{",
        "reject_reason IS NOT NULL AND event_type = 'CONVERSION' THEN raw_payload || '{", PAYLOADS,
    ),
    Mutation(
        "lists of files show the bounds of payloads", "infra/trino/access-rules.json",
        '{"user": "metabase", "catalog": "lakehouse", "schema": "bronze", "privileges": []},', "",
        f"{PAYLOADS}::test_no_list_of_files_shows_the_bounds_of_payloads",
    ),
    Mutation(
        "the lookback is measured from the impression", "sql/metrics/lookback_tuning.sql",
        "ts_ms - latest_click_ms AS lag_ms",
        "ts_ms - to_unixtime(impression_time) * 1000 AS lag_ms",
        "tests/contract/metrics/test_metrics_breakdowns.py",
    ),
    Mutation(
        "a band of lags ends before its bound", "sql/metrics/lag_distribution.sql",
        "lags.lag_ms <= coalesce", "lags.lag_ms < coalesce",
        "tests/contract/metrics/test_metrics_breakdowns.py",
    ),
    Mutation(
        "a creative that is described twice has its money twice",
        "sql/metrics/creative_performance.sql",
        "max(name) AS creative_name, max(format) AS creative_format FROM dims.dim_creatives "
        "GROUP BY creative_id",
        "name AS creative_name, format AS creative_format FROM dims.dim_creatives",
        "tests/contract/metrics/test_metrics_breakdowns.py",
    ),
)  # fmt: skip
