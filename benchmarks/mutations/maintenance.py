"""Files of records that are merged, and leftover files."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

_PLANS = "tests/unit/maintenance/test_hour_files.py"
_MERGES = "tests/spark/maintenance/test_hour_files.py"
_SWEEPS = "tests/unit/maintenance/test_leftovers.py"

_AT_ONCE = "tests/spark/maintenance/test_at_once.py"
_ORDER = "tests/unit/devstack/test_priority.py"

MAINTENANCE: tuple[Mutation, ...] = (
    Mutation(
        "leftover files are removed under a replay that writes",
        "adlake.maintenance.at_once:MaintainHandler.carry_out",
        "and not self._is_replaying()", "and True",
        f"{_AT_ONCE}::test_all_tables_are_merged_and_rid_of_leftovers",
    ),
    Mutation(
        "maintain leaves tables of sums as they are", "adlake.maintenance.at_once:_merge",
        "return merge_small_files(session, spec)",
        "return 0 if spec.sums else merge_small_files(session, spec)",
        f"{_AT_ONCE}::test_all_tables_are_merged_and_rid_of_leftovers",
    ),
    Mutation(
        "maintain keeps batches waiting until all is done",
        "adlake.maintenance.at_once:MaintainHandler.carry_out",
        "merged += _merge(session, spec, pause)\n            pause()",
        "merged += _merge(session, spec, pause)",
        f"{_AT_ONCE}::test_all_tables_are_merged_and_rid_of_leftovers",
    ),
    Mutation(
        "a process that gives way takes its whole session along",
        "adlake.devstack.supervisor.priority:give_way",
        "if os.getsid(pid) != pid:", "if False:",
        f"{_ORDER}::test_one_that_shares_its_session_is_left_alone",
    ),
    Mutation(
        "the files of an hour that batches add to are merged with each slice",
        "adlake.maintenance.hour_files:next_slice",
        "one.hour > newest - plan.open_hours", "False",
        f"{_PLANS}::test_files_that_a_merge_of_an_open_hour_made_are_not_merged_with_each_slice",
    ),
    Mutation(
        "a slice is as large as the hour is", "adlake.maintenance.hour_files:_cut",
        "max(2, min(most_files, fitting))", "10**9",
        f"{_PLANS}::test_an_hour_that_is_more_than_a_slice_is_merged_in_parts",
    ),
    Mutation(
        "a slice takes files of whatever hour", "adlake.maintenance.hour_files:_ranges",
        "ranges.append((hour, hour + 1))", "ranges.append((hour, hour + 9))",
        f"{_PLANS}::test_the_condition_names_whole_hours_and_joins_neighbours",
    ),
    Mutation(
        "merged records lose the order of their topic",
        "adlake.maintenance.hour_files:merge_slice",
        "spec.compaction.sort_order, where", '"", where',
        f"{_MERGES}::test_a_merged_file_is_zstd_and_in_the_order_of_the_topic",
    ),
    Mutation(
        "a file of yesterday is a leftover", "adlake.io.iceberg.leftovers:remove_leftovers",
        "FEWEST_LEFTOVER_DAYS * DAY_MS", "0",
        f"{_SWEEPS}::test_f27_a_file_that_a_writer_may_still_commit_is_refused",
    ),
    Mutation(
        "a clock set ahead makes files that are being written leftovers",
        "adlake.maintenance.between_batches:Maintenance._remove_leftovers",
        "self._limit_ms(now_ms, self._plan.leftover_days * DAY_SECONDS)",
        "now_ms - self._plan.leftover_days * DAY_SECONDS * 1000",
        f"{_SWEEPS}::test_a_clock_set_ahead_makes_no_leftover",
    ),
)  # fmt: skip
