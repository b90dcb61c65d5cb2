"""The named bugs of `make mutants`, and the test that must catch each."""

from __future__ import annotations

from dataclasses import dataclass

GOLD_ROWS = "tests/spark/test_gold_rows.py"
GOLD_WRITER = "tests/spark/test_gold_writer.py"
BATCH = "tests/spark/test_batch.py"
PARITY = "tests/spark/test_admit_parity.py"
FENCE = "tests/integration/test_fence.py"
SOURCE = "tests/unit/test_source.py"
LEDGER = "tests/unit/test_verify_ledger.py"
LINEAGE = "tests/spark/test_lineage.py"
WAIT = "tests/unit/test_wait.py"
LAW = "tests/unit/test_law_truth_table.py"
ORACLE = "tests/contract/test_oracle_law.py"
REPLAY = "tests/spark/test_replay.py"
CROWDED = "tests/spark/test_crowded_impressions.py"
ALARM_TEST = "tests/unit/test_crowd_alarm.py"
CROWD_ALARM = "src/adlake/jobs/crowd_alarm.py"
SPREAD = "tests/spark/test_spread_batches.py"
STOPS = "tests/faults/test_stops.py"
BOOKS = "tests/unit/test_producer_ledger.py"
RECORD_TIMES = "tests/unit/test_record_times.py"
CODECS = "tests/unit/test_codecs.py"
SOURCE_FAULTS = "tests/faults/test_source_faults.py"
READS_ONLY = "tests/contract/test_trino_reads_only.py"
BOUNDS = "tests/unit/test_dashboard_bounds.py"
OUTAGES = "tests/unit/test_outages.py"
CROWD = "tests/contract/test_metrics_many_campaigns.py"

FOLD = "src/adlake/transforms/fold.py"
GOLD = "src/adlake/transforms/gold.py"
ADMIT = "src/adlake/transforms/admit.py"
BATCH_JOB = "src/adlake/jobs/batch.py"
BATCH_FACTS = "src/adlake/jobs/batch_facts.py"
START = "src/adlake/jobs/start.py"
SOURCE_JOB = "src/adlake/jobs/source.py"
WRITER = "src/adlake/io/gold_writer.py"
MAINTENANCE = "src/adlake/io/maintenance.py"
PUBLICATION = "src/adlake/jobs/publication.py"
SUPERVISOR = "src/adlake/devstack/supervisor.py"
SUPERVISED = "tests/unit/test_supervisor.py"
QUIET = "tests/spark/test_quiet_log.py"
FENCE_SQL = "sql/migrations/0002_lease.sql"


@dataclass(frozen=True)
class Mutation:
    """One bug: `old` is replaced by `new` in `file`; `test` (a file, or one test) must fail."""

    name: str
    file: str
    old: str
    new: str
    test: str


MUTATIONS: tuple[Mutation, ...] = (
    Mutation(
        "no dedup: every delivery of an event counts", FOLD,
        "(x, n) -> n = 0 OR x.e <> s[n - 1].e)", "(x, n) -> TRUE)", GOLD_ROWS,
    ),
    Mutation(
        "arrival order: events are kept as they came", FOLD,
        '.groupBy("impression_id")\n        .agg(F.sort_array(F.collect_list("event"))',
        '.groupBy("impression_id")\n        .agg(F.collect_list("event")', GOLD_ROWS,
    ),
    Mutation(
        "last payload wins instead of the smallest", FOLD,
        '.groupBy("impression_id")\n        .agg(F.sort_array(F.collect_list("event"))',
        '.groupBy("impression_id")\n        .agg(F.sort_array(F.collect_list("event"), False)',
        GOLD_ROWS,
    ),
    Mutation(
        "money as DOUBLE", GOLD,
        "CAST(CAST({micros} AS DECIMAL(32, 0)) * 0.000001BD AS DECIMAL({precision}, 6))",
        "CAST(CAST({micros} AS DOUBLE) * 0.000001D AS DECIMAL({precision}, 6))", GOLD_ROWS,
    ),
    Mutation(
        "wall clock as the time of the last update", GOLD,
        '"timestamp_millis(updated_ms)"', '"current_timestamp()"', GOLD_ROWS,
    ),
    Mutation(
        "open window: seven days after the click is outside", GOLD,
        "<= {_window_ms(law)}", "< {_window_ms(law)}", GOLD_ROWS,
    ),
    Mutation(
        "a click at the moment of the conversion does not count", GOLD,
        "x.t - a.last_click_ms <=", "x.t > a.last_click_ms AND x.t - a.last_click_ms <=", GOLD_ROWS,
    ),
    Mutation(
        "late begins at one hour instead of after it", GOLD,
        "lag_ms > {law.late_tolerance_ms}", "lag_ms >= {law.late_tolerance_ms}", GOLD_ROWS,
    ),
    Mutation(
        "a repeated batch rewrites rows", GOLD,
        "NOT ({encoded_state_sql('state')} <=> known_state)", "TRUE", GOLD_WRITER,
    ),
    Mutation(
        "rows already known are appended again", WRITER,
        'new = batch.join(F.broadcast(known), "impression_id", "left_anti")',
        'new = batch', GOLD_WRITER,
    ),
    Mutation(
        "the leftover of a killed batch is published with the next", WRITER,
        "        self.table.reset_staging()\n", "        self.table.java_table()\n", GOLD_WRITER,
    ),
    Mutation(
        "expired guard: the newest stamp is forgotten", MAINTENANCE,
        "limit = min(older_than_ms, stamped_ms)", "limit = older_than_ms", GOLD_WRITER,
    ),
    Mutation(
        "expiry takes the snapshots that readers pinned", MAINTENANCE,
        ".retainLast(keep)", ".retainLast(1)", GOLD_WRITER,
    ),
    Mutation(
        "a compaction hides the stamp below it", "src/adlake/io/iceberg.py",
        "            snapshot = None if parent_id is None else table.snapshot(parent_id)\n\n",
        "            snapshot = None\n\n", GOLD_WRITER,
    ),
    Mutation(
        "no stamp: the guard knows no offsets", "src/adlake/io/iceberg.py",
        "        session.conf.set(key, value)", "        session.conf.unset(key)", BATCH,
    ),
    Mutation(
        "guard off by one: the last contained record is read again", BATCH_FACTS,
        "AND kafka_offset < {offset})", "AND kafka_offset < {offset} - 1)", BATCH,
    ),
    Mutation(
        "guard by batch: what was read before is not looked at", BATCH_FACTS,
        "    return deliveries if is_ahead else beyond(deliveries, next_offsets)",
        "    return deliveries", BATCH,
    ),
    Mutation(
        "guard by batch id: a number that was stamped before is taken for a repeat", BATCH_JOB,
        "            if facts is None:\n",
        "            newest = self._gold.table.newest_stamp()\n"
        "            known = int(newest.properties[stamps.BATCH_ID]) if newest else -1\n"
        "            if facts is None or batch_id <= known:\n",
        f"{BATCH}::test_batches_that_overlap_are_applied_once",
    ),
    Mutation(
        "persisted cache: rows read from a table change when it is written",
        "src/adlake/io/lineage.py",
        "        frozen = frame.localCheckpoint(eager=True)\n"
        "        self._frozen.append(frozen)\n",
        "        frozen = frame.persist()\n        frozen.count()\n",
        f"{LINEAGE}::test_a_frozen_frame_keeps_its_rows_when_its_table_is_written",
    ),
    Mutation(
        "blind retry: a failed attempt is repeated without reading the stamps",
        "src/adlake/jobs/attempts.py", "                    processor.refresh()\n",
        "                    pass\n", BATCH,
    ),
    Mutation(
        "no repair: Gold stays behind Bronze after a kill", START,
        "        change = gold.apply(deliveries", "        return\n        (deliveries", BATCH,
    ),
    Mutation(
        "offsets of an older source epoch are taken for those of the new one", BATCH_JOB,
        "if stamp is None or self._is_older(stamp):",
        "if stamp is None:", BATCH,
    ),
    Mutation(
        "no fence: an old epoch may commit", FENCE_SQL,
        "IF writer_epoch::BIGINT <> lease.epoch THEN", "IF FALSE THEN", FENCE,
    ),
    Mutation(
        "fence with a hole: a writer without an epoch may always commit", FENCE_SQL,
        "    ELSIF NOT lease.is_released\n", "    ELSIF FALSE AND NOT lease.is_released\n", FENCE,
    ),
    Mutation(
        "the lease is taken while its holder lives", "src/adlake/io/lease.py",
        "if not is_free and not holder_is_dead(now.holder):", "if False:", FENCE,
    ),
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
        "a new partition is read from its end", SOURCE_JOB,
        "EARLIEST = -2", "EARLIEST = -1", SOURCE,
    ),
    Mutation(
        "records of an aborted transaction are read", "src/adlake/io/kafka_stream.py",
        '"read_committed"', '"read_uncommitted"',
        f"{SOURCE_FAULTS}::test_f20_an_aborted_transaction_is_never_read",
    ),
    Mutation(
        "a driver does not hear SIGTERM", "src/adlake/jobs/stream.py",
        "return self._signals.came or self._stopping.is_set()", "return self._stopping.is_set()",
        f"{STOPS}::test_f03_sigterm_ends_the_driver_cleanly_at[batch.end]",
    ),
    Mutation(
        "a publication forgets what arrived since the build", PUBLICATION,
        "    caught_up = _catch_up(session, law, facts.stamp, operation, pause)",
        "    caught_up = 0", f"{REPLAY}::test_publish_and_undo_keep_what_arrived_meanwhile",
    ),
    Mutation(
        "an operation that main contains is done again", PUBLICATION,
        "if is_applied(gold, operation.operation_id):", "if False:",
        f"{REPLAY}::test_f32_an_exception_at_any_step_loses_nothing[replay.after_swap]",
    ),
    Mutation(
        "a retention gap goes unnoticed", SOURCE_JOB,
        "if position.next_offsets.get(p, 0) < begin", "if False", SOURCE,
    ),
    Mutation(
        "future events are admitted", ADMIT,
        'F.col("ingest_ms") + constants.future_tolerance_ms',
        'F.col("ingest_ms") + 10**15', PARITY,
    ),
    Mutation(
        "a price written as text is taken for money", ADMIT,
        'return (_kind(name) == "BIGINT") | _kind(name).startswith("D")',
        'return _kind(name) != "VOID"', PARITY,
    ),
    Mutation(
        "bytes that are not UTF-8 are stored as text", ADMIT,
        '"raw_payload": F.when(is_utf8, text)', '"raw_payload": text', PARITY,
    ),
    Mutation(
        "wait ends one record early", "src/adlake/jobs/wait.py",
        "if end > begins[p]", "if end > begins[p] + 1", WAIT,
    ),
    Mutation(
        "verify does not see a missing head", "src/adlake/jobs/verify_ledger.py",
        "and ledger.first_offset > first.get(", "and ledger.first_offset < first.get(", LEDGER,
    ),
    Mutation(
        "the oracle counts the value of a repeat as revenue", "sql/oracles/gold_rows.sql",
        "max(CASE WHEN is_attributed THEN micros END)",
        "max(CASE WHEN is_eligible THEN micros END)", ORACLE,
    ),
    # Time and supervision.
    Mutation(
        "a process is known by its time of creation, which moves with the clock",
        "src/adlake/io/process_identity.py",
        """return f"{Path('/proc/sys/kernel/random/boot_id').read_text()[:8]}+{ticks}\"""",
        'return f"{process.create_time():.2f}"', "tests/unit/test_lease_holder.py",
    ),
    Mutation(
        "uptime follows the wall clock", "src/adlake/devstack/status.py",
        "age_seconds(main) if main", "__import__('time').time() - main.create_time() if main",
        "tests/unit/test_devstack_service.py",
    ),
    Mutation(
        "what is left of a service is killed without being asked",
        "src/adlake/devstack/process.py",
        "else roots_of(family)", "else []", "tests/unit/test_devstack_service.py",
    ),
    Mutation(
        "a service that ends again and again is started again without a pause", SUPERVISOR,
        "pause = min(2.0**track.ended_in_a_row, LONGEST_PAUSE_SECONDS)", "pause = 0.0", SUPERVISED,
    ),
    Mutation(
        "what was dead before the supervisor came is started", SUPERVISOR,
        "elif self._left_dead.get(name) != known:", "else:", SUPERVISED,
    ),
    Mutation(
        "a service refused by name is tried as often as any", SUPERVISOR,
        "if ending.is_lasting:", "if False:", SUPERVISED,
    ),
    Mutation(
        "a service that was taken down is revived", "src/adlake/devstack/service.py",
        "        if self.state() is State.DIED:\n            self._launch(",
        "        if self.main_process() is None:\n            self._launch(", SUPERVISED,
    ),
    Mutation(
        "the stream is ready as soon as its query has started", "src/adlake/jobs/ready_file.py",
        'if not (batches_done or status["message"] == NOTHING_TO_READ):', "if False:",
        "tests/unit/test_ready_file.py",
    ),
    Mutation(
        "a batch that the clock holds up counts as an attempt", "src/adlake/jobs/attempts.py",
        "if self._clock.is_behind():", "if False:", "tests/unit/test_table_clock.py",
    ),
    Mutation(
        "a request fails when the clock was set back", "src/adlake/jobs/requests.py",
        "if self._clock.is_behind():", "if False:", "tests/unit/test_requests.py",
    ),
    Mutation(
        "a clock set ahead makes every snapshot old", "src/adlake/jobs/housekeep.py",
        "limit_ms = min(limit_ms, ages.limit_ms(seconds))", "pass",
        "tests/unit/test_snapshot_ages.py",
    ),
    Mutation(
        "a clock set ahead takes the lease from a living driver", "src/adlake/io/lease.py",
        "time.sleep(before.watch_seconds)", "pass", FENCE,
    ),
    Mutation(
        "a trace at each compaction: a table named without its catalog",
        "src/adlake/jobs/housekeep.py",
        "table => '{CATALOG}.{GOLD_STATE}'", "table => '{GOLD_STATE}'", QUIET,
    ),
    Mutation(
        "four warnings a batch: frozen rows cannot be computed again", "src/adlake/io/lineage.py",
        "rdd.sparkContext().unpersistRDD(rdd.id(), False)", "rdd.unpersist(False)", QUIET,
    ),
    # Records as foreign producers send them.
    Mutation(
        "a codec that is not known looks like a broker that is away", "src/adlake/io/topic.py",
        "except (UnsupportedCodecError, CorruptRecordError) as error", "except () as error", CODECS,
    ),
    Mutation(
        "one record that cannot be unpacked hides the last records of all partitions",
        "src/adlake/io/last_records.py",
        "found |= _readable(consumer, {partition: offset}, bootstrap_servers)", "pass", CODECS,
    ),
    Mutation(
        "the broker takes timestamps of any age", "src/adlake/provision/topics.py",
        "OLDEST_MS: Final = 100 * YEAR_MS", "OLDEST_MS: Final = 2**63 - 1", CODECS,
    ),
    # Who may write to the lake, and what is shown of it.
    Mutation(
        "Trino lets table procedures through", "infra/trino/catalog/lakehouse.jdbc.properties",
        "iceberg.security=READ_ONLY", "iceberg.security=ALLOW_ALL",
        f"{READS_ONLY}::test_every_write_is_refused_and_nothing_changes",
    ),
    Mutation(
        "anybody may see and kill a query of another in Trino", "infra/trino/access-rules.json",
        '"allow": ["execute"]', '"allow": ["execute", "view", "kill"]',
        f"{READS_ONLY}::test_nobody_sees_or_kills_the_query_of_another",
    ),
    Mutation(
        "the secret of Trino's internal requests is a known name", "infra/trino/config.properties",
        "internal-communication.shared-secret=$${ENV:TRINO_INTERNAL_SECRET}", "",
        f"{READS_ONLY}::test_internal_requests_are_signed_by_a_secret_of_this_lake",
    ),
    Mutation(
        "answers of the dashboard are kept for ever", "src/adlake/dashboard/lake.py",
        "            self._make_room()\n", "",
        f"{BOUNDS}::test_answers_of_minutes_long_past_are_forgotten",
    ),
    Mutation(
        "the dashboard asks for every campaign", "src/adlake/dashboard/campaigns.py",
        '{**since, "most": str(MOST_CAMPAIGNS)}', '{**since, "most": str(10**9)}',
        f"{BOUNDS}::test_every_list_a_page_asks_for_is_bounded",
    ),
    Mutation(
        "the count of campaigns is that of the rows shown", "sql/metrics/campaign_performance.sql",
        "count(*) OVER () AS campaigns", "least(count(*) OVER (), 100) AS campaigns",
        f"{CROWD}::test_the_largest_campaigns_come_with_the_count_of_all",
    ),
    # A lost table is no fresh start.
    Mutation(
        "a dropped table is a fresh start", "src/adlake/jobs/heads.py",
        "if present is None:", "if False:", "tests/unit/test_heads.py",
    ),
    Mutation(
        "an emptied Bronze goes on", "src/adlake/jobs/heads.py",
        "if was_changed_since and (lost_rows or is_empty):", "if False:",
        "tests/unit/test_heads.py",
    ),
    Mutation(
        "a roll back by an operator stops the stream", "src/adlake/jobs/heads.py",
        "present.head_sequence > recorded.head_sequence", "True", "tests/unit/test_heads.py",
    ),
    Mutation(
        "a query right after the start of Trino finds no node", "src/adlake/io/trino.py",
        "if error.error_name != _NO_NODE or", "if True or",
        "tests/unit/test_trino_client.py::test_a_query_waits_until_there_is_a_node",
    ),
    Mutation(
        "folders of a lake are writable by all", "src/adlake/devstack/stack.py",
        "        let_nobody_else_write()\n", "",
        "tests/unit/test_devstack_stack.py::"
        "test_what_a_stack_makes_is_writable_by_its_owner_alone",
    ),
    Mutation(
        "the web page of Spark is open to the network", "src/adlake/environment.py",
        '    "SPARK_LOCAL_IP": "127.0.0.1",\n', "",
        "tests/integration/test_books.py::test_every_process_listens_on_loopback_alone",
    ),
    # Moving, copying, restoring.
    Mutation(
        "sizes of rewritten delete files are those of before", "src/adlake/io/path_rewrite.py",
        "record[size_name] = file.stat().st_size", "pass",
        "tests/spark/test_path_rewrite.py::test_every_snapshot_branch_and_tag_is_read_without_the_original",
    ),
    Mutation(
        "a damaged backup is restored", "src/adlake/devstack/archive.py",
        "if found.get(name) != digest]", "if name not in found]", "tests/unit/test_backup.py",
    ),
    Mutation(
        "a cut backup is restored", "src/adlake/devstack/archive.py",
        "if sums is None:", "if False:", "tests/unit/test_backup.py",
    ),
    # A lake belongs to one place.
    Mutation(
        "a copied home is started", "src/adlake/devstack/home.py",
        "if mark.home != home:", "if False:", "tests/unit/test_home.py",
    ),
    Mutation(
        "a half restored lake opens", "src/adlake/jobs/place.py",
        "if mark.token in (row.token, row.next_token):", "if True:", "tests/unit/test_place.py",
    ),
    Mutation(
        "nuke of a copy follows the link to the original's database",
        "src/adlake/devstack/postgres_place.py",
        "if target == outside_folder(home).resolve():", "if True:", "tests/unit/test_home.py",
    ),
    # The user's environment.
    Mutation(
        "the variables of other tools stay", "src/adlake/environment.py",
        "    os.environ.clear()\n", "", "tests/unit/test_environment.py",
    ),
    Mutation(
        "services inherit what the shell had", "src/adlake/environment.py",
        "return _only(os.environ, SERVICES, prefix=None) | FIXED",
        "return dict(os.environ) | FIXED", "tests/unit/test_environment.py",
    ),
    Mutation(
        "SQL is expanded by make", "Makefile",
        "export SQL_TEXT := $(value SQL)", "export SQL_TEXT := $(SQL)", "tests/unit/test_make.py",
    ),
    # One impression with very many events.
    Mutation(
        "the stored state is read again for each of its events", "src/adlake/transforms/let.py",
        'return f"transform(array({value}), {name} -> {body})[0]"',
        'return __import__("re").sub(rf"\\b{name}\\b", lambda _: value, body)', CROWDED,
    ),
    Mutation(
        "plain Python sorts the state again for each delivery", "src/adlake/domain/state.py",
        "        known = winners.get(event.event_id)\n",
        "        known = winners.get("
        "(sorted(winners.values(), key=_by_event_id), event.event_id)[1])\n",
        "tests/unit/test_law_crowded.py",
    ),
    # Places, settings and sentences.
    Mutation(
        "any path will do", "src/adlake/devstack/places.py",
        "    if not odd:\n", "    if True:\n", "tests/unit/test_places.py",
    ),
    Mutation(
        "a misspelt name in .env passes", "src/adlake/settings.py",
        "            _refuse_unknown(name, where)\n", "", "tests/unit/test_settings_file.py",
    ),
    Mutation(
        "pip heeds the user's own configuration",
        "src/adlake/devstack/download_environment.py",
        '        "PIP_CONFIG_FILE": os.devnull,\n', "", "tests/unit/test_download_environment.py",
    ),
    Mutation(
        "a download outlives its command", "src/adlake/devstack/install.py",
        "            fetcher.cancelled.set()\n", "", "tests/unit/test_download_environment.py",
    ),
    Mutation(
        "an error nobody foresaw ends in a traceback", "src/adlake/cli/application.py",
        "_fail(catalog_trouble(error) or spark_trouble(error) or _sentence_for(error), FAILURE)",
        "raise", "tests/unit/test_sentences.py",
    ),
    Mutation(
        "a terminal that cannot show a name ends the command", "src/adlake/environment.py",
        'errors="backslashreplace"', 'errors="strict"', "tests/unit/test_sentences.py",
    ),
    Mutation(
        "rejects from before 1970 are hidden", "sql/metrics/rejected_by_reason.sql",
        "with time zone), ingest_ts)", "with time zone), TIMESTAMP '1970-01-01 00:00:00 UTC')",
        "tests/contract/test_metrics_edges.py::test_rejects_with_odd_times_are_shown",
    ),
    Mutation(
        "times before 1582 are kept in another calendar", BATCH_JOB,
        "if not has_exact_times and", "if False and",
        f"{BATCH}::test_record_times_of_another_calendar_are_read_again_before_anything_is_written",
    ),
    Mutation(
        "a batch that Spark cannot read is tried in the same way for ever",
        "src/adlake/jobs/reread.py", '"ArithmeticException" in text', "False", RECORD_TIMES,
    ),
    Mutation(
        "a time that the lake cannot hold looks like a lost tail", "src/adlake/io/stamp.py",
        "kept_ms = ingest_ms(of_broker.timestamp_ms)", "kept_ms = of_broker.timestamp_ms",
        RECORD_TIMES,
    ),
    Mutation(
        "the second reader reads past the batch", "src/adlake/io/topic_range.py",
        "if record.offset < ends[partition]:", "if True:", RECORD_TIMES,
    ),
    Mutation(
        "an empty Gold sends to wait, which has nothing to do", "src/adlake/jobs/verify_pin.py",
        "{topic.in_words} too: send events (`make generate`)", "run `adlake wait`", LEDGER,
    ),
    Mutation(
        "an empty lake is called a lake without stamps", "src/adlake/jobs/verify_pin.py",
        "len(gold) == 1 and _is_dataless(head)", "False", LEDGER,
    ),
    Mutation(
        "wait ends before an open transaction", "src/adlake/jobs/wait.py",
        "self.topic.written.items()", "self.topic.end_offsets.items()", WAIT,
    ),
    Mutation(
        "what an open transaction holds back is called lost", "src/adlake/jobs/producer_ledger.py",
        "told, broker.written.get(number, 0))", "told, broker.end_offsets.get(number, 0))", BOOKS,
    ),
    Mutation(
        "records of an aborted transaction are called lost", "src/adlake/jobs/ledger.py",
        "kept = tuple(one for one in found.missing if one not in holes)", "kept = found.missing",
        BOOKS,
    ),
    Mutation(
        "a head of aborted records is called missing", "src/adlake/jobs/verify_ledger.py",
        "if head not in without_record", "if True", LEDGER,
    ),
    # Any spread of times in a batch.
    Mutation(
        "a batch opens a file for each hour it spans", BATCH_JOB,
        "is_wide = facts.hours > MOST_PARTITIONS", "is_wide = False",
        f"{SPREAD}::test_a_batch_over_5000_hours_opens_few_partitions",
    ),
    Mutation(
        "a batch opens a file of Gold for each day it spans", WRITER,
        "<= _MOST_OPEN_DAYS:", "<= 10**9:",
        f"{SPREAD}::test_impressions_of_a_thousand_days_are_written_and_replayed_one_file_at_a_time",
    ),
    # Crowded impressions are seen, and said once.
    Mutation(
        "a crowded impression is warned of in each batch", CROWD_ALARM,
        "return crowd.events >= 2 * self._told[crowd.impression_id]", "return True",
        f"{ALARM_TEST}::test_a_crowded_impression_is_named_once_and_again_when_it_doubles",
    ),
    Mutation(
        "only the largest crowd of a batch is ever named", CROWD_ALARM,
        "for crowd in crowds if self._is_news", "for crowd in crowds[:1] if self._is_news",
        f"{ALARM_TEST}::test_an_id_that_joins_behind_a_larger_one_is_named",
    ),
    Mutation(
        "an impression id steers the log", CROWD_ALARM, '"{printable(cut)}"', '"{cut}"',
        f"{ALARM_TEST}::test_an_id_cannot_steer_the_log",
    ),
    Mutation(
        "stored events do not count for the alarm", WRITER,
        'is_engaged}"), "events")', 'is_engaged}"), "0")',
        "tests/spark/test_crowded_batches.py",
    ),
    Mutation(
        "one compaction does all days, however many", "src/adlake/jobs/housekeep.py",
        '"max-files-to-rewrite": str(most_files)', '"max-files-to-rewrite": "1000000"',
        "tests/spark/test_wide_compaction.py",
    ),
    # Any header of a record.
    Mutation(
        "a header's name in another encoding makes its record unreadable",
        "src/adlake/io/header_names.py",
        'decode(encoding, "replace")', "decode(encoding)", CODECS,
    ),
    Mutation(
        "the second reader stops at a header's name in another encoding",
        "src/adlake/io/topic_range.py",
        "    accept_any_header_names()\n", "", CODECS,
    ),
    # What was away is named, and the supervisor outlives a full disk.
    Mutation(
        "an outage under Spark is called a fault of adlake", "src/adlake/cli/application.py",
        "catalog_trouble(error) or spark_trouble(error) or", "catalog_trouble(error) or", OUTAGES,
    ),
    Mutation(
        "a batch's own error is lost in what Spark makes of it", "src/adlake/jobs/stream.py",
        "raise (self._batch_failure or error) from error", "raise", OUTAGES,
    ),
    Mutation(
        "a full disk of PostgreSQL is called a database that is away", "src/adlake/io/outages.py",
        '(re.compile(f"({_DISK})"), _FULL.format),', "", OUTAGES,
    ),
    Mutation(
        "a full disk ends the supervisor", SUPERVISOR,
        "with logged_errors(name):", "if name:",
        "tests/unit/test_supervisor.py::"
        "test_a_full_disk_ends_neither_the_supervisor_nor_the_turn_of_the_others",
    ),
    # What is away, not made yet or left behind.
    Mutation(
        "a Gold that outlived its Bronze names the lost one", BATCH_JOB,
        "not to_stamp:", "True:",
        f"{BATCH}::test_a_gold_that_outlived_its_bronze_names_the_new_one_once_that_holds_as_much",
    ),
    Mutation(
        "nuke removes the tables of another lake", "src/adlake/devstack/warehouse.py",
        "mark.lake_id != place.lake_id", "False",
        "tests/unit/test_nuke.py::test_the_warehouse_of_another_lake_is_left_and_named",
    ),
    Mutation(
        "a refused connection to the broker is tried for its whole time", "src/adlake/io/topic.py",
        "said.append(str(error.strerror or error))", "return",
        "tests/unit/test_away.py::test_a_broker_that_refuses_connections_is_known_at_once",
    ),
    Mutation(
        "verify sends to wait though no stream runs", "src/adlake/jobs/verify_pin.py",
        "if streams() else STREAM_IS_AWAY", "if True else STREAM_IS_AWAY",
        "tests/unit/test_verify_ledger.py::test_an_empty_gold_without_a_stream_says_that_none_runs",
    ),
)  # fmt: skip
