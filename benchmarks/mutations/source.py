"""The topic: recreated, cut, aborted, open or away."""

from __future__ import annotations

from benchmarks.mutations.files import BATCH, BATCH_JOB
from benchmarks.mutations.mutation import Mutation

SOURCE = "tests/unit/streaming/test_source.py"
SOURCE_FAULTS = "tests/faults/test_source_faults.py"
SOURCE_JOB = "src/adlake/streaming/source.py"

SOURCE: tuple[Mutation, ...] = (
    Mutation(
        "a recreated topic goes unnoticed at the start", SOURCE_JOB,
        "if position.topic_id != topic.topic_id:\n        raise TopicR",
        "if False:\n        raise TopicR", SOURCE,
    ),
    Mutation(
        "a recreated topic goes unnoticed in a running job", BATCH_JOB,
        "            self._confirm_topic()\n", "            pass\n", BATCH,
    ),
    Mutation(
        "a lost tail goes unnoticed", SOURCE_JOB,
        "if offset > topic.end_offsets.get(p, 0)", "if False", SOURCE,
    ),
    Mutation(
        "a recreated topic is told by a stored sentence", SOURCE_JOB,
        "return epoch.kind is IncarnationKind.RECREATED",
        'return "it was deleted and made again" in epoch.finding', SOURCE,
    ),
    Mutation(
        "all topics share one row of numbers", "sql/migrations/0010_source_incarnations.sql",
        "ADD PRIMARY KEY (topic, source_epoch)", "ADD PRIMARY KEY (source_epoch)",
        "tests/integration/test_fence.py",
    ),
    Mutation(
        "old incarnations forget that their topic was made again",
        "sql/migrations/0010_source_incarnations.sql",
        "THEN 'recreated'", "THEN 'declared'", "tests/integration/test_migrations.py",
    ),
    Mutation(
        "a new partition is read from its end", SOURCE_JOB,
        "EARLIEST = -2", "EARLIEST = -1", SOURCE,
    ),
    Mutation(
        "records of an aborted transaction are read", "src/adlake/io/spark/kafka_source.py",
        '"read_committed"', '"read_uncommitted"',
        f"{SOURCE_FAULTS}::test_f20_an_aborted_transaction_is_never_read",
    ),
    Mutation(
        "a retention gap goes unnoticed", SOURCE_JOB,
        "if position.next_offsets.get(p, 0) < begin", "if False", SOURCE,
    ),
    Mutation(
        "a refused connection to the broker is tried for its whole time",
        "src/adlake/io/kafka/topic.py",
        "said.append(str(error.strerror or error))", "return",
        "tests/unit/cli/test_away.py::test_a_broker_that_refuses_connections_is_known_at_once",
    ),
)  # fmt: skip
