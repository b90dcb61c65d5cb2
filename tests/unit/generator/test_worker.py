"""Determinism, resumption and pacing of a worker, without a broker."""

from __future__ import annotations

import contextlib
import itertools
import random
from pathlib import Path

import pytest

from adlake.generator.checkpoint import Checkpoint, CheckpointError
from adlake.generator.faults import FaultError, parse_faults
from adlake.generator.options import (
    GeneratorOptions,
    OptionsError,
    parse_duration_ms,
    parse_start_ms,
)
from adlake.generator.publishing import Record
from adlake.generator.truth import load_truth
from adlake.generator.worker import JUMP_AFTER_MS, Worker
from tests.fixtures.generated_streams import (
    START_MS,
    KilledError,
    RecordingPublisher,
    assert_truth_is_lawful,
    options_with,
    records_of,
    timeline_of,
)
from tests.fixtures.tiers import in_tiers

DAY_MS = 86_400_000


def pinned(events: int | None = 9_000, **changes: object) -> GeneratorOptions:
    settings: dict[str, object] = {
        "seed": 5, "rate": 40.0, "faults": parse_faults("all"), "start_at_ms": START_MS,
        "events": events, "paced": False, "drain": True,
    }  # fmt: skip
    return GeneratorOptions(**(settings | changes))  # type: ignore[arg-type]


def records_of_run(home: Path, options: GeneratorOptions) -> list[Record]:
    publisher = RecordingPublisher()
    Worker(options, home, "ad_events", publisher).run()
    return publisher.records


def test_stream_is_the_same_when_chunks_differ() -> None:
    whole = records_of(timeline_of(options_with("all")), 8_000)
    pieces = timeline_of(options_with("all"))
    rest = itertools.cycle((1, 7, 64, 999))
    parts: list[Record] = []
    while len(parts) < 8_000:
        parts += pieces.chunk(min(next(rest), 8_000 - len(parts)), 1 << 60)
    assert parts == whole


def test_stream_is_the_same_when_detail_is_written(tmp_path: Path) -> None:
    plain = records_of_run(tmp_path / "a", pinned())
    detailed = records_of_run(tmp_path / "b", pinned(truth_detail=True))
    assert detailed == plain
    (first,), (second,) = load_truth(tmp_path / "a/truth"), load_truth(tmp_path / "b/truth")
    assert first.totals == second.totals
    (detail,) = (tmp_path / "b" / "truth").glob("*/deliveries.jsonl")
    assert len(detail.read_text().splitlines()) == len(plain)


def test_stream_differs_when_seed_or_start_differ() -> None:
    base = records_of(timeline_of(options_with("none")), 100)
    keys = {key for key, _, _ in base}
    for other in (
        timeline_of(options_with("none", seed=8)),
        timeline_of(options_with("none"), START_MS + 1),
    ):
        assert not keys & {key for key, _, _ in records_of(other, 100)}


def test_wall_clock_does_not_change_the_events(tmp_path: Path) -> None:
    clocks = [lambda: START_MS + 10**9, lambda: 0]
    runs = []
    for number, now_ms in enumerate(clocks):
        publisher = RecordingPublisher()
        home = tmp_path / str(number)
        Worker(pinned(), home, "ad_events", publisher, now_ms=now_ms).run()
        runs.append(publisher.records)
    assert runs[0] == runs[1]


@pytest.mark.parametrize("trial", in_tiers(range(6), [0]))
def test_killed_runs_resume_to_the_same_set_and_truth(tmp_path: Path, trial: int) -> None:
    whole = records_of_run(tmp_path / "whole", pinned(truth_detail=True))
    (expected,) = load_truth(tmp_path / "whole" / "truth")
    dice = random.Random(trial)
    delivered: list[Record] = []
    for _ in range(30):
        publisher = RecordingPublisher(die_after=dice.randrange(100, 6_000))
        worker = Worker(
            pinned(truth_detail=True), tmp_path / "home", "ad_events", publisher,
            checkpoint_seconds=dice.choice((0.0, 0.02, 60.0)),
        )  # fmt: skip
        try:
            worker.run()
            delivered += publisher.records
            break
        except KilledError:
            delivered += publisher.records
    (truth,) = load_truth(tmp_path / "home" / "truth")
    assert set(delivered) == set(whole)
    assert truth.is_finished
    assert truth.totals == expected.totals
    assert truth.rejected == expected.rejected
    assert len(delivered) - len(whole) <= truth.resent_at_most
    (detail,) = (tmp_path / "home" / "truth").glob("*/deliveries.jsonl")
    (whole_detail,) = (tmp_path / "whole" / "truth").glob("*/deliveries.jsonl")
    assert detail.read_text() == whole_detail.read_text()


def test_a_stopped_run_continues_without_resending(tmp_path: Path) -> None:
    whole = records_of_run(tmp_path / "whole", pinned())
    first = RecordingPublisher()
    worker = Worker(pinned(), tmp_path / "home", "ad_events", first)
    worker.run(lambda running: running.stop())
    second = RecordingPublisher()
    Worker(pinned(), tmp_path / "home", "ad_events", second).run()
    assert first.records + second.records == whole
    (truth,) = load_truth(tmp_path / "home" / "truth")
    assert truth.resent_at_most == 0


def test_a_finished_run_starts_again_with_the_same_events(tmp_path: Path) -> None:
    assert records_of_run(tmp_path, pinned(500)) == records_of_run(tmp_path, pinned(500))
    (truth,) = load_truth(tmp_path / "truth")
    assert truth.resent_at_most == truth.deliveries


class WallClock:
    """Time that a test moves; every look takes a millisecond."""

    def __init__(self) -> None:
        self.now = START_MS

    def __call__(self) -> int:
        self.now += 1
        return self.now


def test_paced_run_never_runs_ahead_of_the_clock(tmp_path: Path) -> None:
    clock, publisher = WallClock(), RecordingPublisher()
    options = pinned(None, paced=True, drain=False, rate=5_000.0)
    worker = Worker(options, tmp_path, "ad_events", publisher, now_ms=clock)
    looks = itertools.count()

    def report(running: Worker) -> None:
        clock.now += 30
        assert all(timestamp_ms <= clock.now for _, _, timestamp_ms in publisher.records[-50:])
        if next(looks) == 40:
            running.stop()

    worker.run(report)
    assert len(publisher.records) == pytest.approx(41 * 31 * 5, rel=0.05)


def test_killed_live_run_keeps_old_times_then_leaves_the_gap_out(tmp_path: Path) -> None:
    clock = WallClock()
    options = pinned(None, paced=True, drain=False, rate=2_000.0)

    def run_until(events: int, die_after: int | None) -> list[Record]:
        publisher = RecordingPublisher(die_after)
        worker = Worker(options, tmp_path, "ad_events", publisher, now_ms=clock)

        def report(running: Worker) -> None:
            clock.now += 100
            if len(publisher.records) >= events:
                running.stop()

        with contextlib.suppress(KilledError):
            worker.run(report)
        return publisher.records

    before = run_until(10_000, die_after=3_000)
    clock.now += DAY_MS
    after = run_until(150_000, die_after=None)
    assert set(before) <= set(after)
    assert after[-1][2] > START_MS + DAY_MS
    times = [timestamp_ms for _, _, timestamp_ms in after]
    assert times == sorted(times)
    assert max(b - a for a, b in itertools.pairwise(times)) > DAY_MS - 2 * JUMP_AFTER_MS
    (truth,) = load_truth(tmp_path / "truth")
    assert truth.deliveries == len(after)


def test_history_then_live_continues_one_stream(tmp_path: Path) -> None:
    options = pinned(6_000, history_ms=DAY_MS, history_events=5_000, drain=False)
    records = records_of_run(tmp_path, options)
    assert records[0][2] == START_MS - DAY_MS
    assert records[4_999][2] <= START_MS == records[5_000][2]
    (truth,) = load_truth(tmp_path / "truth")
    assert truth.totals.converted > 0
    assert_truth_is_lawful(truth, records)


def test_duration_bounds_virtual_time(tmp_path: Path) -> None:
    records = records_of_run(tmp_path, pinned(None, duration_ms=60_000, drain=False))
    assert len(records) == 60 * 40
    assert records[-1][2] < START_MS + 60_000


def test_workers_split_the_work_and_share_no_impression(tmp_path: Path) -> None:
    parts = [pinned(1_001, workers=3).for_worker(index) for index in range(3)]
    assert sum(part.events or 0 for part in parts) == 1_001
    keys = [
        {key for key, _, _ in records_of_run(tmp_path, part) if key is not None} for part in parts
    ]
    assert not keys[0] & keys[1]
    assert not keys[1] & keys[2]
    assert len(load_truth(tmp_path / "truth")) == 3


def test_broken_checkpoint_is_named(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    assert Checkpoint.load(path) is None
    path.write_text("{")
    with pytest.raises(CheckpointError, match="--fresh"):
        Checkpoint.load(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dupes=0.1", "no fault profile 'dupes'"),
        ("late=much", "write name=share"),
        ("late=2", "between 0 and 1"),
        ("late=0.6,duplicates=0.6", "sum to more than 1"),
    ],
)
def test_wrong_faults_are_refused(text: str, message: str) -> None:
    with pytest.raises(FaultError, match=message):
        parse_faults(text)


def test_shares_go_on_top_of_a_named_profile() -> None:
    assert parse_faults("all") | {"late": 0.2} == parse_faults("all, late=0.2")
    assert parse_faults("none,late=0.2") == parse_faults("late=0.2") == {"late": 0.2}


def test_durations_and_starts_are_read() -> None:
    assert [parse_duration_ms(t) for t in ("90s", "1.5h", "2d")] == [90_000, 5_400_000, 2 * DAY_MS]
    assert parse_start_ms("2026-09-21T14:13:20Z") == parse_start_ms("2026-09-21T16:13:20+02:00")
    for wrong in ("10", "5 parsecs"):
        with pytest.raises(OptionsError):
            parse_duration_ms(wrong)
    with pytest.raises(OptionsError):
        parse_start_ms("yesterday")
    with pytest.raises(OptionsError, match="rate"):
        GeneratorOptions(rate=0)
    with pytest.raises(OptionsError, match="--history 24h"):
        GeneratorOptions(history_events=5)


def test_acknowledgements_of_the_topic_go_on_after_a_restart_and_begin_anew_with_a_new_topic(
    tmp_path: Path,
) -> None:
    def run_on(topic_id: str, events: int) -> dict[str, tuple[int, int]]:
        worker = Worker(
            pinned(events, drain=False), tmp_path, "ad_events", RecordingPublisher(),
            topic_id=topic_id,
        )  # fmt: skip
        worker.run()
        [truth] = load_truth(tmp_path / "truth")
        return {truth.topic_id: (truth.acks[0].records, truth.acks[0].reused)}

    assert run_on("t1", 200) == {"t1": (200, 0)}
    # The recording broker forgets all between runs: its offsets begin at 0 again.
    assert run_on("t1", 200) == {"t1": (400, 200)}
    assert run_on("t2", 200) == {"t2": (200, 0)}
