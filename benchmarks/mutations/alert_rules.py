"""Rules of KPI alerts: from a file to the control database and the lake, and which is in force."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

FILE = "tests/unit/alerts/test_rule_file.py"
PLAIN = "tests/unit/alerts/test_plain.py"
TABLE = "tests/contract/alerts/test_rule_table.py"
BAD_ROW = f"{FILE}::test_each_bad_row_is_named_and_nothing_is_written"

ALERT_RULES: tuple[Mutation, ...] = (
    Mutation(
        "a version of a rule does not end the one before",
        "adlake.alerts.rule_file:versions_of",
        "replace(before, valid_to_ms=new.valid_from_ms)", "before",
        f"{FILE}::test_a_new_version_ends_the_one_before_and_says_only_what_changes",
    ),
    Mutation(
        "a version of a rule may begin before the one before", "adlake.alerts.rule_file:_followed",
        "begin_ms <= before.valid_from_ms", "begin_ms < before.valid_from_ms", BAD_ROW,
    ),
    Mutation(
        "two rules may be about the same", "adlake.alerts.rule_file:_version",
        "if same not in ([], [rule_id]):", "if False:", BAD_ROW,
    ),
    Mutation(
        "a rule file with a bad row is written without it", "adlake.alerts.rule_file:versions_of",
        "if bad:", "if False:", BAD_ROW,
    ),
    Mutation(
        "a trial of a rule file writes", "adlake.wiring.alert_rules:load_rules",
        "if not is_trial:", "if True:",
        f"{TABLE}::test_a_file_is_recorded_as_a_whole_or_not_at_all",
    ),
    Mutation(
        "the lake gets the same rules again and again", "adlake.alerts.rule_table:write_rules",
        "_held(table) != sorted(wanted, key=_key)", "True",
        f"{TABLE}::test_the_lake_gets_the_rules_by_one_commit_when_they_differ",
    ),
    Mutation(
        "rules are added to those of before", "adlake.alerts.rule_table:_overwrite",
        ".overwrite(F.lit(True))", ".append()",
        f"{TABLE}::test_the_lake_gets_the_rules_by_one_commit_when_they_differ",
    ),
    Mutation(
        "the row of every campaign wins over its own", "adlake.alerts.rule_rows:in_force",
        "one.campaign_id is None, one.rule_id", "one.campaign_id is not None, one.rule_id",
        f"{PLAIN}::test_an_own_row_wins_and_may_switch_the_rule_off",
    ),
    Mutation(
        "a rule holds at its own end", "adlake.alerts.rule_rows:RuleRow.covers",
        "at_ms < self.valid_to_ms", "at_ms <= self.valid_to_ms",
        f"{PLAIN}::test_the_row_of_the_window_judges_and_its_version_is_told",
    ),
    Mutation(
        "a proof in slices looks at the first one alone", "adlake.proof.slices:Slice.values",
        '"slice": self.number', '"slice": 0',
        "tests/unit/proof/test_derived.py::"
        "test_what_does_not_fit_at_once_is_compared_slice_by_slice",
    ),
    Mutation(
        "the oracle of alerts takes what came late for withdrawn", "sql/oracles/alert_spans.sql",
        "coalesce(placed.closed_ms, one.withdrawn_ms)",
        "coalesce(placed.closed_ms, one.withdrawn_ms - 1)",
        "tests/contract/alerts/test_oracle.py::"
        "test_trino_says_what_plain_python_says[seed 3]",
    ),
    Mutation(
        "past windows count as if nothing had been in them", "adlake.alerts.series:Series.total",
        "self._sums.get(name, [0])", "[0] * (len(self._sums.get(name, [0])) + 1)",
        f"{PLAIN}::test_both_evaluations_share_what_is_usual",
    ),
)  # fmt: skip
