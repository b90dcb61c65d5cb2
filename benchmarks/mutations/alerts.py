"""Rules of KPI alerts and their incidents."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

STATISTICS = "tests/unit/alerts/test_statistics.py"
RULES = "tests/unit/alerts/test_rules.py"

ALERTS: tuple[Mutation, ...] = (
    Mutation(
        "a rate is compared without its sampling error", "adlake.alerts.rules:static_rate",
        "wilson_upper(k, n, z_of(window, evaluation) * wider)", "wilson_upper(k, n, 0.0)",
        f"{RULES}::test_k1_k2_nothing_fires_on_noise_or_without_impressions",
    ),
    Mutation(
        "what arrives after the cutoff counts", "adlake.alerts.series:Series.__init__",
        "if late_by <= cutoff:", "if True:",
        f"{RULES}::test_k4_late_clicks_withdraw_the_alert_until_the_final_cutoff",
    ),
    Mutation(
        "the sum of a relative rate does not begin anew", "adlake.alerts.statistics:cusum_step",
        "(0.0, True)", "(s, True)",
        f"{STATISTICS}::test_k6_the_sum_fires_after_ten_windows_without_a_click",
    ),
    Mutation(
        "more hits than cases count as so many", "adlake.alerts.statistics:cusum_reached",
        "min(count), count[1]", "count",
        f"{STATISTICS}::test_windows_without_cases_and_more_hits_than_cases",
    ),
    Mutation(
        "any three good windows end an incident", "adlake.alerts.incidents:AlertLog._recover",
        "self._recovered + 1 if is_well else 0", "self._recovered + is_well",
        f"{RULES}::test_k5_three_good_windows_in_a_row_end_it",
    ),
    Mutation(
        "an alert that is not confirmed stays", "adlake.alerts.incidents:AlertLog._withdraw",
        "status=Status.WITHDRAWN", "status=Status.FIRED",
        f"{RULES}::test_k4_late_clicks_withdraw_the_alert_until_the_final_cutoff",
    ),
    Mutation(
        "each firing opens an incident", "adlake.alerts.incidents:AlertLog._fire",
        "incident = self._open", "incident = None",
        f"{RULES}::test_more_firings_join_the_open_incident_without_another_message",
    ),
    Mutation(
        "a paused campaign is called silent", "adlake.alerts.rules:_counted",
        "if is_active(window):", "if True:",
        f"{RULES}::test_a_paused_campaign_may_be_silent",
    ),
)  # fmt: skip
