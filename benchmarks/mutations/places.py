"""Where a lake lives: lost tables, moving, copying, restoring, removing."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

PLACES: tuple[Mutation, ...] = (
    Mutation(
        "a dropped table is a fresh start", "adlake.streaming.heads:finding",
        "if present is None:", "if False:", "tests/unit/streaming/test_heads.py",
    ),
    Mutation(
        "an emptied Bronze goes on", "adlake.streaming.heads:finding",
        "if was_changed_since and (lost_rows or is_empty):", "if False:",
        "tests/unit/streaming/test_heads.py",
    ),
    Mutation(
        "a roll back by an operator stops the stream", "adlake.streaming.heads:finding",
        "present.head_sequence > recorded.head_sequence", "True",
        "tests/unit/streaming/test_heads.py",
    ),
    Mutation(
        "folders of a lake are writable by all", "adlake.devstack.stack:Stack._locked",
        "        let_nobody_else_write()\n", "",
        "tests/unit/devstack/test_stack.py::"
        "test_what_a_stack_makes_is_writable_by_its_owner_alone",
    ),
    Mutation(
        "sizes of rewritten delete files are those of before",
        "adlake.io.iceberg.path_rewrite:_move_member",
        "record[size_name] = file.stat().st_size", "pass",
        "tests/spark/io/test_path_rewrite.py::test_every_snapshot_branch_and_tag_is_read_without_the_original",
    ),
    Mutation(
        "a damaged backup is restored", "adlake.devstack.archive:extract_archive",
        "if found.get(name) != digest]", "if name not in found]",
        "tests/unit/devstack/test_backup.py",
    ),
    Mutation(
        "a cut backup is restored", "adlake.devstack.archive:extract_archive",
        "if sums is None:", "if False:", "tests/unit/devstack/test_backup.py",
    ),
    Mutation(
        "a copied home is started", "adlake.devstack.home:_origin",
        "if mark.home != home:", "if False:", "tests/unit/devstack/test_home.py",
    ),
    Mutation(
        "a half restored lake opens", "adlake.streaming.place:_warehouse_problem",
        "if mark.token in (row.token, row.next_token):", "if True:",
        "tests/unit/streaming/test_place.py",
    ),
    Mutation(
        "nuke of a copy follows the link to the original's database",
        "adlake.devstack.services.postgres_place:remove_place",
        "if target == outside_folder(home).resolve():", "if True:",
        "tests/unit/devstack/test_home.py",
    ),
    Mutation(
        "any path will do", "adlake.devstack.install.places:path_problem",
        "    if not odd:\n", "    if True:\n", "tests/unit/devstack/test_places.py",
    ),
    Mutation(
        "nuke removes the tables of another lake",
        "adlake.devstack.services.warehouse:remove_warehouse",
        "mark.lake_id != place.lake_id", "False",
        "tests/unit/devstack/test_nuke.py::test_the_warehouse_of_another_lake_is_left_and_named",
    ),
)  # fmt: skip
