"""Where a row lies: the slot law, the move of older rows, the versions in the stamps."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

SPARK = "tests/spark/attribution/test_slots.py"

SLOTS: tuple[Mutation, ...] = (
    Mutation(
        "an id with a day and no time of day lies in day 0", "adlake.contracts.slot:slot_of",
        "if re.match(DAY_PATTERN, impression_id):", "if re.match(IMP_PATTERN, impression_id):",
        "tests/unit/contracts/test_slot.py",
    ),
    Mutation(
        "a UUID of version 1 is read like one of version 6", "adlake.contracts.slot:_uuid_epoch_ms",
        'third + second + first if uuid[14] == "1" else', 'third + second + first if False else',
        "tests/unit/contracts/test_slot.py",
    ),
    Mutation(
        "a line break after a UUID belongs to it in Spark",
        "adlake.attribution.spark.slot:_embedded_epoch_ms",
        "WHEN length({id_column}) = {length} AND {id_column} RLIKE '{pattern}' THEN",
        "WHEN {id_column} RLIKE '{pattern}$' THEN",
        f"{SPARK}::test_slot_law_of_spark_is_that_of_python",
    ),
    Mutation(
        "rows of an older slot law stay where they are",
        "adlake.attribution.slot_move:move_rows_to_their_slots",
        "    if is_new or not is_placed_by_older_law(stamp):\n", "    if True:\n",
        f"{SPARK}::test_rows_of_the_old_law_are_found_and_never_doubled",
    ),
    Mutation(
        "moved rows stay under their old slot too", "adlake.attribution.slot_move:_move",
        '        session.sql(f"DELETE FROM {target} WHERE {lies}")  # noqa: S608\n', "",
        f"{SPARK}::test_rows_of_the_old_law_are_found_and_never_doubled",
    ),
    Mutation(
        "rows are moved on main itself: a crash leaves them twice",
        "adlake.attribution.slot_move:_move",
        "gold.branch_name(STAGING_BRANCH if branch == MAIN_BRANCH else branch)",
        "gold.branch_name(branch)",
        f"{SPARK}::test_a_crash_between_two_steps_loses_and_doubles_nothing",
    ),
    Mutation(
        "the first step already says that all rows are moved",
        "adlake.attribution.slot_move:move_rows_to_their_slots",
        "        _move(session, gold, branch, step, properties)\n",
        "        _move(session, gold, branch, step, "
        "{**properties, stamps.SLOT_LAW: str(SLOT_LAW)})\n",
        f"{SPARK}::test_a_crash_between_two_steps_loses_and_doubles_nothing",
    ),
    Mutation(
        "moved rows forget of which format their states are",
        "adlake.attribution.slot_move:_identity", "return stamp.of_records | kept | identity",
        "return stamp.of_records | identity",
        f"{SPARK}::test_moved_rows_keep_the_stamp_and_are_moved_once",
    ),
    Mutation(
        "a newer format is taken for the present one",
        "adlake.attribution.gold_format:refuse_newer_format",
        "if told not in {str(version) for version in range(1, int(known) + 1)}:", "if not told:",
        "tests/unit/attribution/test_gold_format.py",
    ),
)  # fmt: skip
