"""Files of a folder: which are taken, what becomes of bad lines, and when a file counts as done."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

FOLDER = "tests/unit/collector/test_folder.py"
FILES = "tests/unit/collector/test_files.py"
PLACING = "tests/unit/collector/test_placing.py"

INGESTION: tuple[Mutation, ...] = (
    Mutation(
        "a file is recorded before the broker has it", "adlake.collector.folder:Intake._became",
        "count = self._published(events)",
        "self.ingested.record(known_as, events.sha256, 0); count = self._published(events)",
        f"{FOLDER}::test_a_file_is_recorded_after_its_last_record_and_else_sent_again_whole",
    ),
    Mutation(
        "a file that is still written is taken", "adlake.collector.folder:Intake.watch",
        "before.get(name) == look != handled.get(name)", "look != handled.get(name)",
        f"{FOLDER}::test_a_file_is_taken_when_two_looks_find_it_the_same",
    ),
    Mutation(
        "what is known by its content alone is skipped", "adlake.collector.folder:Intake._became",
        "known_as = _text_of(self.folder.resolve() / name)", "known_as = 'any'",
        f"{FOLDER}::test_a_file_is_published_once_and_under_another_name_again",
    ),
    Mutation(
        "a file that changed meanwhile is recorded", "adlake.collector.files:_same_lines",
        "digest.hexdigest() != sha256", "False",
        f"{FILES}::test_lines_that_changed_while_they_were_read_are_told",
    ),
    Mutation(
        "the members before a break are published", "adlake.collector.files:_is_array",
        "return False", "return True", f"{FILES}::test_what_is_broken_is_one_record",
    ),
    Mutation(
        "what is no event is called an ad event", "adlake.collector.placing:placed",
        "return Placed(_read_topic(BUSINESS_TOPIC, topics), None, item)",
        "return Placed(AD_TOPIC, None, item)",
        f"{PLACING}::test_what_nobody_knows_is_business_without_a_key_and_to_the_byte",
    ),
    Mutation(
        "an id that is none becomes a key", "adlake.collector.placing:_key",
        "value is None or is_unfit_id(value)", "value is None",
        f"{PLACING}::test_an_id_that_could_be_none_is_no_key",
    ),
)  # fmt: skip
