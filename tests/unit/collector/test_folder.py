"""Which files of a folder are taken, in which order, and what is told of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adlake.collector.files import FileRefusedError, StoppedError
from adlake.collector.folder import GROUP_BYTES, Intake
from adlake.collector.items import MAX_ITEMS
from adlake.collector.placing import Placed
from adlake.contracts.errors import AdlakeError
from adlake.contracts.topics import AD_TOPIC, BUSINESS_TOPIC


class BrokerAwayError(Exception):
    """The double's."""


@dataclass
class Drop:
    """A folder with doubles of the broker and of the list of ingested files."""

    folder: Path
    sent: list[bytes] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    known: dict[tuple[str, str], int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    before_each: Callable[[Sequence[Placed]], None] = lambda _: None

    def __post_init__(self) -> None:
        self.intake = Intake(
            self.folder, self, self.publish, (AD_TOPIC, BUSINESS_TOPIC), self.said.append
        )

    def has(self, path: str, sha256: str) -> bool:
        return (path, sha256) in self.known

    def record(self, path: str, sha256: str, row_count: int) -> None:
        self.known[path, sha256] = row_count

    def publish(self, group: Sequence[Placed]) -> None:
        self.before_each(group)
        self.sent += [one.value for one in group]
        self.groups.append(len(group))

    def put(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def words(self) -> list[str]:
        """What was said since the last time."""
        said = [line.removeprefix(f"{self.folder}/") for line in self.said]
        self.said.clear()
        return said


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    return Drop(tmp_path)


def test_files_are_taken_by_name_and_nothing_else_is(drop: Drop) -> None:
    for name in ("b.jsonl", "a.json", "C.JSONL", ".hidden.json", "notes.txt", "a.json.part"):
        drop.put(name, name.encode())
    (drop.folder / "folder.json").mkdir()
    drop.intake.take_all()
    assert drop.sent == [b"C.JSONL", b"a.json", b"b.jsonl"]
    assert drop.words() == [
        "C.JSONL: 1 records published", "a.json: 1 records published",
        "b.jsonl: 1 records published",
    ]  # fmt: skip
    assert str(drop.intake.totals) == "3 files published (3 records), 0 skipped, 0 not taken"


def test_a_file_is_published_once_and_under_another_name_again(drop: Drop) -> None:
    drop.put("a.jsonl", b"1\n2\n")
    drop.intake.take_all()
    drop.intake.take_all()
    assert drop.words() == ["a.jsonl: 2 records published", "a.jsonl: skipped: published before"]
    drop.put("b.jsonl", b"1\n2\n")
    drop.put("a.jsonl", b"1\n2\n3\n")
    drop.intake.take_all()
    assert drop.sent == [b"1", b"2", b"1", b"2", b"3", b"1", b"2"]
    assert [(Path(path).name, count) for (path, _), count in drop.known.items()] == [
        ("a.jsonl", 2), ("a.jsonl", 3), ("b.jsonl", 2),
    ]  # fmt: skip


def test_the_whole_path_is_kept_however_the_folder_is_called(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop.put("a.json", b"1")
    monkeypatch.chdir(drop.folder)
    drop.intake.folder = Path()
    drop.intake.take_all()
    (drop.folder.parent / "link").symlink_to(drop.folder)
    drop.intake.folder = drop.folder.parent / "link"
    drop.intake.take_all()
    assert drop.intake.totals.skipped == 1
    assert [path for path, _ in drop.known] == [str(drop.folder.resolve() / "a.json")]


def test_what_cannot_be_taken_is_told_and_the_others_go_on(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (drop.folder / "a.json").symlink_to("nowhere")
    os.mkfifo(drop.folder / "b.json")
    drop.put("c.jsonl", b"x" * 3_000_000)
    drop.put("d.jsonl", b"1")
    name = b"e\xff.jsonl".decode("utf-8", "surrogateescape")
    drop.put(name, b"1")
    locked = drop.put("f.jsonl", b"1")
    whole = Path.open

    def opened(path: Path, *given: str) -> object:
        if path == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return whole(path, *given)

    monkeypatch.setattr(Path, "open", opened)
    drop.intake.take_all()
    assert drop.words() == [
        "a.json: not taken: No such file or directory",
        "b.json: not taken: it is no file",
        "c.jsonl: not taken: line 1 is longer than 2,000,000 bytes: no record fits",
        "d.jsonl: 1 records published",
        f"{name}: not taken: its name is not UTF-8: rename it",
        "f.jsonl: not taken: Permission denied",
    ]
    assert drop.sent == [b"1"]
    assert len(drop.intake.totals.not_taken) == 5


def test_a_file_that_is_mended_is_not_missing_any_more(drop: Drop) -> None:
    drop.put("a.jsonl", b"x" * 3_000_000)
    drop.intake.take_all()
    assert drop.intake.totals.not_taken == {"a.jsonl"}
    drop.put("a.jsonl", b"1")
    drop.intake.take_all()
    assert drop.intake.totals.not_taken == set()


def test_groups_are_bounded_by_records_and_by_bytes(drop: Drop) -> None:
    drop.put("a.jsonl", b"1\n" * (2 * MAX_ITEMS) + b"2\n")
    drop.put("b.jsonl", (b"x" * 1_500_000 + b"\n") * 5)
    drop.intake.take_all()
    assert drop.groups == [MAX_ITEMS, MAX_ITEMS, 1, 3, 2]
    assert 2 * 1_500_000 < GROUP_BYTES < 3 * 1_500_000


def test_a_file_is_recorded_after_its_last_record_and_else_sent_again_whole(drop: Drop) -> None:
    drop.put("a.jsonl", b"1\n" * (MAX_ITEMS + 1))

    def away(group: Sequence[Placed]) -> None:
        assert drop.known == {}
        if len(group) == 1:
            raise BrokerAwayError

    drop.before_each = away
    with pytest.raises(BrokerAwayError):
        drop.intake.take_all()
    assert (drop.known, drop.groups) == ({}, [MAX_ITEMS])
    drop.before_each = lambda _: None
    drop.intake.take_all()
    assert list(drop.known.values()) == [MAX_ITEMS + 1]
    assert len(drop.sent) == 2 * MAX_ITEMS + 1


def test_what_the_broker_never_takes_holds_up_no_other_file(drop: Drop) -> None:
    drop.put("a.jsonl", b"large")
    drop.put("b.jsonl", b"small")

    def narrow(group: Sequence[Placed]) -> None:
        if group[0].value == b"large":
            raise FileRefusedError("too large for the broker")

    drop.before_each = narrow
    drop.intake.take_all()
    assert drop.words() == [
        "a.jsonl: not taken: too large for the broker", "b.jsonl: 1 records published",
    ]  # fmt: skip
    assert len(drop.known) == 1


def test_a_long_file_shows_how_far_it_is(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    phases: list[str] = []

    class Shown:
        def __init__(self, phase: str, _share: Callable[[], float]) -> None:
            phases.append(phase)

        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...

    drop.intake.shown = Shown
    drop.put("long.jsonl", (b"x" * 999_999 + b"\n") * 9)
    drop.put("short.jsonl", b"1")
    drop.intake.take_all()
    assert phases == ["long.jsonl"]


def watched(drop: Drop, *between: Callable[[], object]) -> list[list[str]]:
    """What was said after each look; `between` is done after it, and after the last one it ends."""
    said: list[list[str]] = []
    is_over = False
    steps = iter(between)

    def pause() -> None:
        nonlocal is_over
        said.append(drop.words())
        step = next(steps, None)
        is_over = step is None
        if step:
            step()

    drop.intake.should_stop = lambda: is_over
    drop.intake.watch(pause)
    return said


def nothing() -> None:
    """Time passes."""


def test_a_file_is_taken_when_two_looks_find_it_the_same(drop: Drop) -> None:
    path = drop.put("a.jsonl", b"1\n2")
    said = watched(
        drop, lambda: path.write_bytes(b"1\n22\n3"), lambda: path.write_bytes(b"1\n22\n333\n"),
        nothing, nothing, nothing,
    )  # fmt: skip
    assert said == [[], [], [], ["a.jsonl: 3 records published"], [], []]
    assert drop.sent == [b"1", b"22", b"333"]


def test_the_time_of_the_last_change_counts_too(drop: Drop) -> None:
    path = drop.put("a.jsonl", b"1")

    def touch() -> None:
        os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))

    assert watched(drop, touch, touch, nothing)[2:] == [[], ["a.jsonl: 1 records published"]]


def test_a_watched_file_is_looked_into_again_only_when_it_changed(drop: Drop) -> None:
    path = drop.put("a.jsonl", b"1")
    bad = drop.put("b.jsonl", b"x" * 3_000_000)
    reasons = "b.jsonl: not taken: line 1 is longer than 2,000,000 bytes: no record fits"
    said = watched(
        drop, nothing, nothing, lambda: path.write_bytes(b"1\n2"), nothing,
        lambda: bad.write_bytes(b"3"), nothing,
    )  # fmt: skip
    assert said == [
        [], ["a.jsonl: 1 records published", reasons], [], [], ["a.jsonl: 2 records published"],
        [], ["b.jsonl: 1 records published"],
    ]  # fmt: skip
    assert drop.intake.totals.not_taken == set()


def test_a_name_that_went_and_came_again_is_looked_into_again(drop: Drop) -> None:
    path = drop.put("a.jsonl", b"1")
    aside = drop.folder / "aside"
    said = watched(
        drop, nothing, lambda: path.rename(aside), lambda: aside.rename(path), nothing, nothing
    )
    assert said[1:] == [
        ["a.jsonl: 1 records published"], [], [], ["a.jsonl: skipped: published before"], [],
    ]  # fmt: skip


def test_told_to_stop_in_the_middle_of_a_file_it_records_nothing(drop: Drop) -> None:
    drop.put("a.jsonl", b"1\n" * (3 * MAX_ITEMS))

    def stop(_: Sequence[Placed]) -> None:
        raise StoppedError

    drop.before_each = stop
    assert watched(drop, nothing, nothing) == [[]]
    assert drop.known == {}


def test_a_folder_that_went_is_told(drop: Drop) -> None:
    drop.intake.folder = drop.folder / "gone"
    with pytest.raises(AdlakeError, match=r"cannot read the folder .*gone: No such file"):
        drop.intake.take_all()
