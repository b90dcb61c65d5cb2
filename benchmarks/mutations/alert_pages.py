"""Alerts as they are opened: routes, metric files, the flag of a window, page and strip."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

ROUTES = "tests/unit/api/test_alerts.py"
METRICS = "tests/contract/metrics/test_metrics_alerts.py"
PAGE = "tests/unit/dashboard/test_alerts.py"
TRIAL = "tests/unit/io/test_trial.py"

ALERT_PAGES: tuple[Mutation, ...] = (
    Mutation(
        "a campaign nobody heard of has no alerts", "adlake.api.routes.alerts:_filtered",
        "if not is_known:", "if False:", f"{ROUTES}::test_a_campaign_nobody_heard_of",
    ),
    Mutation(
        "a span of alerts may end before it begins",
        "adlake.api.spans:bounds", "since >= until", "since > until",
        f"{ROUTES}::test_what_is_no_span_is_named",
    ),
    Mutation(
        "the limit of alerts is forgotten", "adlake.api.routes.alerts:RulesAsked.parameters",
        '"most": str(self.limit),', "",
        f"{ROUTES}::test_filters_reach_the_metric_and_nothing_else_does",
    ),
    Mutation(
        "an incident that is over counts as open", "sql/metrics/alerts_active.sql",
        "state = 'open' AND", "", f"{METRICS}::test_open_incidents_come_first_that_opened_last",
    ),
    Mutation(
        "history goes by the window and not by when it opened", "sql/metrics/alert_incidents.sql",
        "-- include time_range: moment = opened_at",
        "-- include time_range: moment = first_window_start",
        f"{METRICS}::test_history_has_every_incident_by_when_it_opened",
    ),
    Mutation(
        "the oldest alerts are shown where there are many", "sql/metrics/alerts_log.sql",
        "ORDER BY window_start DESC,", "ORDER BY window_start ASC,",
        f"{METRICS}::test_the_log_has_what_fired_also_what_was_withdrawn",
    ),
    Mutation(
        "what was withdrawn counts as a drop", "sql/metrics/alerts_over_time.sql",
        "count_if(status = 'fired' AND alert_type = 'performance_drop')",
        "count_if(alert_type = 'performance_drop')",
        f"{METRICS}::test_firings_by_hour_and_kind",
    ),
    Mutation(
        "a segment is drawn with all of its campaign", "sql/metrics/alert_series.sql",
        "spans.segment IN ('all', 'channel=' || funnel.channel, 'region=' || funnel.region)",
        "spans.segment IS NOT NULL",
        f"{METRICS}::test_a_segment_alone_and_the_newest_incident",
    ),
    Mutation(
        "a window of silence is left out", "sql/metrics/alert_series.sql",
        "coalesce(rates.impressions, 0)", "rates.impressions",
        f"{METRICS}::test_a_window_without_events_has_a_count_of_zero",
    ),
    Mutation(
        "a rule of another campaign is shown", "sql/metrics/alert_rules.sql",
        "OR campaign_id IS NULL", "OR campaign_id IS NOT NULL",
        f"{METRICS}::test_rules_of_a_campaign_are_its_own_and_those_of_all",
    ),
    Mutation(
        "a withdrawn alert marks its window", "sql/views/campaign_kpis_5m.sql",
        "WHERE status = 'fired'", "WHERE status <> ''",
        f"{METRICS}::test_a_window_with_a_firing_is_marked_in_the_kpis",
    ),
    Mutation(
        "two alerts double their window", "sql/views/campaign_kpis_5m.sql",
        "SELECT DISTINCT", "SELECT",
        f"{METRICS}::test_a_window_with_a_firing_is_marked_in_the_kpis",
    ),
    Mutation(
        "a count is shown as a percentage", "adlake.dashboard.alert_words:is_rate",
        "metric in RATES", "bool(metric)",
        f"{PAGE}::test_a_value_is_in_the_unit_of_its_metric",
    ),
    Mutation(
        "the name of a campaign is drawn as Markdown", "adlake.dashboard.alert_words:plain",
        r'_MARKDOWN.sub(r"\\\1", cut)', "cut",
        f"{PAGE}::test_a_name_that_an_event_gave_draws_nothing",
    ),
    Mutation(
        "an empty strip is drawn", "adlake.dashboard.alert_strip:strip", "if rows:", "if True:",
        f"{PAGE}::test_the_strip_is_hidden_when_nothing_is_open",
    ),
    Mutation(
        "the strip fails where the tables are missing",
        "adlake.dashboard.lake:Sources.open_incidents", "unless=AdlakeError",
        "unless=TableMissingError", f"{PAGE}::test_the_strip_hides_what_cannot_be_asked",
    ),
    Mutation(
        "a sum is drawn on the axis of a rate", "adlake.dashboard.incident_chart:drawn_kinds",
        'if row["rule"] == "A":', "if True:", f"{PAGE}::test_what_is_drawn_of_a_window",
    ),
    Mutation(
        "a layer without rows is drawn", "adlake.dashboard.incident_chart:incident_chart",
        "if kind in kinds", "if kind",
        f"{PAGE}::test_a_chart_has_layers_of_what_there_is_alone",
    ),
    Mutation(
        "a message that the receiver refused counts as sent",
        "adlake.io.events_api.trial:send_test_message",
        'is_sent = outcome.get("state") == "SENT"', "is_sent = True",
        f"{TRIAL}::test_what_became_of_the_message",
    ),
)  # fmt: skip
