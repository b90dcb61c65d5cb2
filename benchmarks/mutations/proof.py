"""What wait, verify and producers say."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

COVERAGE = "tests/unit/proof/test_offset_coverage.py"
WAIT = "tests/unit/proof/test_wait.py"
ORACLE = "tests/contract/proof/test_oracle_law.py"
PRODUCERS = "tests/unit/proof/test_producer_audit.py"
INCREMENT = "tests/unit/proof/test_increment.py"
FILES = "tests/unit/io/test_file_changes.py"
TRUTH = "tests/unit/proof/test_records_truth.py"
DERIVED = "tests/unit/proof/test_derived.py"

PROOF: tuple[Mutation, ...] = (
    Mutation(
        "a proof stands on one that was made by another law", "adlake.proof.increment:_otherwise",
        "if proven.law != repr(law):", "if not proven.law:", INCREMENT,
    ),
    Mutation(
        "a proof stands on one of a longer Bronze", "adlake.proof.increment:_otherwise",
        "pin.next_offsets.get(p, 0) < offset", "pin.next_offsets.get(p, 0) < 0", INCREMENT,
    ),
    Mutation(
        "a file with other deletes counts as the same",
        "adlake.io.iceberg.file_changes:file_changes",
        "now=frozenset(added | (affected - removed)),", "now=frozenset(added),", FILES,
    ),
    Mutation(
        "proven events count as new deliveries", "adlake.proof.since:moved",
        '"deliveries": -int(before["events"]), ', "", INCREMENT,
    ),
    Mutation(
        "a table is proven by contents of other records", "adlake.proof.derived:_stored",
        "(one.made_of, one.of_snapshot) == (facts.made_of, facts.of_snapshot)",
        "one.made_of == facts.made_of",
        DERIVED,
    ),
    Mutation(
        "a table is proven by contents that are wrong", "adlake.proof.derived:_stored",
        "if one.is_proven and", "if", DERIVED,
    ),
    Mutation(
        "wait ends one record early", "adlake.proof.wait:Target.missing",
        "if end > begins[p]", "if end > begins[p] + 1", WAIT,
    ),
    Mutation(
        "verify does not see a missing head", "adlake.proof.offset_coverage:head_failures",
        "and one.first_offset > first.get(", "and one.first_offset < first.get(", COVERAGE,
    ),
    Mutation(
        "the oracle counts the value of a repeat as revenue", "sql/oracles/gold_rows.sql",
        "max(CASE WHEN is_attributed THEN micros END)",
        "max(CASE WHEN is_eligible THEN micros END)", ORACLE,
    ),
    Mutation(
        "an empty Gold sends to wait, which has nothing to do", "adlake.proof.pin:clear_empty_lake",
        "{topic.in_words} too: send events (`make generate`)", "run `adlake wait`", COVERAGE,
    ),
    Mutation(
        "an empty lake is called a lake without stamps", "adlake.proof.pin:pinned_snapshots",
        "len(gold) == 1 and _is_dataless(gold[head])", "False", COVERAGE,
    ),
    Mutation(
        "wait loses its patience while batches come", "adlake.proof.wait:wait_for_tables",
        "before = missing\n            moved_at = came_at = time.monotonic()",
        "before = missing\n            moved_at = time.monotonic()",
        "tests/unit/proof/test_wait.py::test_without_a_timeout_it_ends_when_nothing_comes",
    ),
    Mutation(
        "wait ends before an open transaction", "adlake.proof.wait:Target.missing",
        "self.topic.written.items()", "self.topic.end_offsets.items()", WAIT,
    ),
    Mutation(
        "what an open transaction holds back is called lost",
        "adlake.proof.producer_audit:audit_producers",
        "told, broker.written.get(number, 0))", "told, broker.end_offsets.get(number, 0))",
        PRODUCERS,
    ),
    Mutation(
        "records of an aborted transaction are called lost", "adlake.proof.producers:without_holes",
        "kept = tuple(one for one in found.missing if one not in holes)", "kept = found.missing",
        PRODUCERS,
    ),
    Mutation(
        "a head of aborted records is called missing", "adlake.proof.offset_coverage:head_failures",
        "if head not in without_record", "if True", COVERAGE,
    ),
    Mutation(
        "verify sends to wait though no stream runs", "adlake.proof.pin:clear_empty_lake",
        "if streams() else STREAM_IS_AWAY", "if True else STREAM_IS_AWAY",
        "tests/unit/proof/test_offset_coverage.py::test_an_empty_gold_without_a_stream_says_that_none_runs",
    ),
    Mutation(
        "records of others hide that some are lost", "adlake.proof.records_truth:_differences",
        "lake < truth or (is_all and lake != truth)", "is_all and lake != truth", TRUTH,
    ),
    Mutation(
        "what a killed run sent again is called wrong",
        "adlake.proof.records_truth:records_truth_verdict",
        "unknown <= 0 and all(one.is_exact for one in ours)", "unknown <= 0", TRUTH,
    ),
    Mutation(
        "a topic is audited by the counts of another one", "adlake.proof.producers:current_audits",
        "if one.topic == topic.name", "if one.topic in known", PRODUCERS,
    ),
    Mutation(
        "a topic that lost records is not the one that is continued",
        "adlake.streaming.incarnation:in_need", "(stopped or found)[0]", "found[0]",
        "tests/unit/streaming/test_source.py",
    ),
)  # fmt: skip
