"""A file of events, whatever its form."""

from __future__ import annotations

import io
import json

import pytest

from adlake.collector.items import MAX_ITEMS, NoItemsError
from adlake.collector.lines import events_of


def read(text: str) -> list[list[str]]:
    return list(events_of(io.StringIO(text, newline="\n")))


def test_one_event_a_line_and_blank_lines_are_none() -> None:
    assert read('{"a": 1}\r\n\n  {"b": 2}\nnonsense') == [['{"a": 1}', '{"b": 2}', "nonsense"]]
    assert read("\n \n") == []


def test_an_array_over_lines_is_its_members() -> None:
    assert read('\n[{"a": 1.10},\n {"b":\n2}]\n') == [['{"a": 1.10}', '{"b":\n2}']]


@pytest.mark.parametrize("text", ["[1", "[1]\n{}", "[]"])
def test_an_array_that_is_none_is_told(text: str) -> None:
    with pytest.raises(NoItemsError):
        read(text)


@pytest.mark.parametrize("is_array", [True, False])
def test_groups_are_of_a_bounded_size(is_array: bool) -> None:
    values = [{"n": n} for n in range(2 * MAX_ITEMS + 1)]
    text = json.dumps(values) if is_array else "\n".join(map(json.dumps, values))
    groups = read(text)
    assert [len(one) for one in groups] == [MAX_ITEMS, MAX_ITEMS, 1]
    assert [json.loads(item) for one in groups for item in one] == values
