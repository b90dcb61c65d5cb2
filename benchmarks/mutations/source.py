"""The topic: recreated, cut, aborted, open or away."""

from __future__ import annotations

from benchmarks.mutations.files import BATCH
from benchmarks.mutations.mutation import Mutation

SOURCE = "tests/unit/streaming/test_source.py"
SOURCE_FAULTS = "tests/faults/test_source_faults.py"

SOURCE: tuple[Mutation, ...] = (
    Mutation(
        "a recreated topic goes unnoticed at the start", "adlake.streaming.source:check_topic",
        "if position.topic_id != topic.topic_id:\n        raise TopicR",
        "if False:\n        raise TopicR", SOURCE,
    ),
    Mutation(
        "a recreated topic goes unnoticed in a running job",
        "adlake.streaming.batch:BatchProcessor._processed",
        "            self._confirm_topic()\n", "            pass\n", BATCH,
    ),
    Mutation(
        "a lost tail goes unnoticed", "adlake.streaming.source:_beyond_the_end",
        "if offset > topic.end_offsets.get(p, 0)", "if False", SOURCE,
    ),
    Mutation(
        "a recreated topic is told by a stored sentence",
        "adlake.streaming.source:begins_another_topic",
        "return incarnation.kind is IncarnationKind.RECREATED",
        'return "it was deleted and made again" in incarnation.finding', SOURCE,
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
        "a new partition is read from its end", "adlake.streaming.source:EARLIEST",
        "EARLIEST = -2", "EARLIEST = -1", SOURCE,
    ),
    Mutation(
        "records of an aborted transaction are read", "adlake.io.spark.kafka_source:kafka_records",
        '"read_committed"', '"read_uncommitted"',
        f"{SOURCE_FAULTS}::test_f20_an_aborted_transaction_is_never_read",
    ),
    Mutation(
        "a retention gap goes unnoticed", "adlake.streaming.source:_before_the_beginning",
        "if position.next_offsets.get(p, 0) < begin", "if False", SOURCE,
    ),
    Mutation(
        "a refused connection to the broker is tried for its whole time",
        "adlake.io.kafka.topic:refuse_dead_broker",
        "said.append(str(error.strerror or error))", "return",
        "tests/unit/cli/test_away.py::test_a_broker_that_refuses_connections_is_known_at_once",
    ),
)  # fmt: skip
