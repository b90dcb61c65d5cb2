"""A file of events to the bytes of its records."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlake.collector import files
from adlake.collector.files import (
    MAX_RECORD_BYTES,
    FileRefusedError,
    Reading,
    StoppedError,
    events_in,
)
from adlake.io.kafka.admin import MAX_MESSAGE_BYTES

MARK = b"\xef\xbb\xbf"


def written(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def reading(path: Path) -> Reading:
    return Reading(path.stat().st_size, lambda: False)


def records(path: Path) -> list[bytes]:
    events = events_in(path, reading(path))
    assert events.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    return list(events.records())


def test_every_line_that_is_not_blank_is_a_record_to_the_byte(tmp_path: Path) -> None:
    lines = b'{"a": 1}\r\n\n  {"b":2} \n\t \r\nnonsense\n\xff\xfe\x80\n[1,\n{"last": 1}\r'
    assert records(written(tmp_path, "a.jsonl", lines)) == [
        b'{"a": 1}', b'  {"b":2} ', b"nonsense", b"\xff\xfe\x80", b"[1,", b'{"last": 1}\r',
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_file_of_nothing_has_no_record(tmp_path: Path, name: str) -> None:
    for data in (b"", b"\n \n", MARK):
        assert records(written(tmp_path, name, data)) == []


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "A.JSON"])
def test_the_mark_of_some_editors_is_no_part_of_an_event(tmp_path: Path, name: str) -> None:
    assert records(written(tmp_path, name, MARK + b'{"a": 1}\n')) == [b'{"a": 1}']


def test_an_array_is_its_members_to_the_byte(tmp_path: Path) -> None:
    data = b' [{"a": 1.10},\n {"b":\n"\xff"} , 5, "x",{"c":"\xc3\xa9"}]\n'
    assert records(written(tmp_path, "a.json", data)) == [
        b'{"a": 1.10}', b'{"b":\n"\xff"}', b"5", b'"x"', b'{"c":"\xc3\xa9"}',
    ]  # fmt: skip
    assert records(written(tmp_path, "b.json", b" [ \n] ")) == []


@pytest.mark.parametrize(
    "text", [b'[{"a": 1}, {"b"', b'[{"a": 1}] {}', b'[{"a": 1},]', b"[" * 100_000, b'{\n "a": 1 ']
)
def test_what_is_broken_is_one_record(tmp_path: Path, text: bytes) -> None:
    assert records(written(tmp_path, "a.json", text + b"\n")) == [text.strip()]


def test_an_object_over_lines_is_one_record_and_lines_are_many(tmp_path: Path) -> None:
    assert records(written(tmp_path, "a.json", b'{\n "a": 1\n}\n')) == [b'{\n "a": 1\n}']
    assert records(written(tmp_path, "b.json", b'\n{"a": 1}\r\nbad\n{"b": 2}')) == [
        b'{"a": 1}', b"bad", b'{"b": 2}',
    ]  # fmt: skip


def test_what_fits_into_no_record_is_refused_before_any_is_read(tmp_path: Path) -> None:
    assert MAX_RECORD_BYTES + 1_024 < MAX_MESSAGE_BYTES
    full = b"x" * MAX_RECORD_BYTES
    assert records(written(tmp_path, "a.jsonl", b"1\n" + full + b"\r\n")) == [b"1", full]
    for name, data, what in (
        ("b.jsonl", b"1\n" + full + b"y\n", "line 2 is longer than 2,000,000 bytes"),
        ("c.json", b'[1, "' + full + b'"]', "event 2 is longer"),
        ("d.json", b"[1," + full, "what cannot be told apart into events is longer"),
        ("e.json", b"1\n" + full + b"y", "line 2 is longer"),
    ):
        path = written(tmp_path, name, data)
        with pytest.raises(FileRefusedError, match=what):
            events_in(path, reading(path))


def test_a_json_file_has_a_limit_and_lines_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_WHOLE_BYTES", 100)
    data = b'{"a": 1}\n' * 12
    path = written(tmp_path, "a.json", data)
    with pytest.raises(FileRefusedError, match=r"larger than 0 MiB.*ends in \.jsonl"):
        events_in(path, reading(path))
    assert len(records(written(tmp_path, "a.json", data[:100]))) == 12
    assert len(records(written(tmp_path, "a.jsonl", data))) == 12


def test_lines_that_changed_while_they_were_read_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", b"1\n2\n")
    events = events_in(path, reading(path))
    path.write_bytes(b"1\n2\n3\n")
    found = []
    with pytest.raises(FileRefusedError, match="changed while it was read"):
        found.extend(events.records())


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_reading_tells_how_far_it_is_and_stops_when_told(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, b"1\n2\n3\n4\n")
    going = reading(path)
    events = events_in(path, going)
    assert going.share() == pytest.approx(0.5)
    source = events.records()
    next(source)
    going.should_stop = lambda: True
    with pytest.raises(StoppedError):
        next(source)
    assert 0.5 < going.share() < 1
    assert Reading(0, lambda: False).share() == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.lists(VALUES, min_size=1, max_size=5), st.booleans())
def test_any_array_and_any_lines_come_apart_as_they_were_put_together(
    tmp_path_factory: pytest.TempPathFactory, values: list[object], ascii_only: bool
) -> None:
    texts = [json.dumps(value, ensure_ascii=ascii_only).encode() for value in values]
    folder = tmp_path_factory.mktemp("files")
    assert records(written(folder, "a.json", b"[" + b" ,\n".join(texts) + b"]")) == texts
    assert records(written(folder, "a.jsonl", b"\n".join(texts))) == texts
