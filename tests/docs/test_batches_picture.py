"""The picture of batches over Gold says what their report says, and no more."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from tools.pages import batches_picture
from tools.pages.batches_picture import BOTTOM, TOP, drawn, lines

pytestmark = pytest.mark.docs


def gold(rows: int, ids: str, **sizes: tuple[float, float]) -> dict[str, Any]:
    return {
        "rows": rows, "ids": ids,
        "batches_of": {
            size.removeprefix("of_"): {
                "adlake": {"seconds": ours}, "plain_merge": {"seconds": plain},
            }
            for size, (ours, plain) in sizes.items()
        },
    }  # fmt: skip


REPORT = {
    "gold": [
        gold(1_000_000, "timed", of_10000=(2.0, 3.0), of_250000=(8.0, 9.0)),
        gold(10_000_000, "timed", of_10000=(2.1, 6.0), of_250000=(8.5, 20.0)),
        gold(1_000_000, "random", of_10000=(2.5, 4.0)),
    ]
}


def shapes(tag: str) -> list[ElementTree.Element]:
    found = ElementTree.fromstring(drawn(REPORT))  # noqa: S314 - our own
    return [one for one in found.iter() if one.tag.endswith(tag)]


def test_each_design_size_and_kind_of_ids_is_one_line() -> None:
    assert len(lines(REPORT)) == len(shapes("polyline")) == 6
    assert lines(REPORT)["plain_merge", "250000", "timed"] == {1_000_000: 9.0, 10_000_000: 20.0}
    names = [one.text for one in shapes("text")]
    assert "adlake, 10,000 records, random ids" in names
    assert {"1 M", "10 M", "0 s"} <= set(names)


def test_longer_is_higher_and_nothing_leaves_the_field() -> None:
    heights = {one.get("cy"): one for one in shapes("circle")}
    assert len(shapes("circle")) == 10
    assert all(TOP <= float(str(y)) <= BOTTOM for y in heights)
    assert min(float(str(y)) for y in heights) == TOP  # 20 s, the longest, is the top of the scale


def test_names_of_lines_do_not_lie_on_each_other() -> None:
    at = sorted(float(str(one.get("y"))) for one in shapes("text") if "records" in str(one.text))
    assert len(at) == 6
    assert all(later - earlier >= batches_picture.LINE for earlier, later in pairwise(at))


def test_nothing_measured_is_said() -> None:
    assert "Not measured yet." in drawn(None)
