"""Samples of docs/metrics.md: which answer is kept, and that it is held where it came from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fixtures.trino import samples
from tests.fixtures.trino.samples import Sample, as_text, differences, heard, not_held
from tools.metric_samples import chosen
from tools.pages import metric_samples

HERE = "tests/unit/tooling/test_metric_samples.py::test_an_answer_is_held_where_it_came_from"
ROAS = Sample("roas", HERE, 1, {"until": "2026-11-02"}, ["spend", "roas"], [["1.50", "2.00"]])


def one(metric: str, turn: int, rows: Sequence[Sequence[str]], **given: str) -> Sample:
    return Sample(metric, "test", turn, given, ["a", "b"][: len(rows[0]) if rows else 0], rows)


def test_an_answer_that_lasts_is_kept_before_a_longer_one_that_changes() -> None:
    first = [
        one("m", 0, [["1", "10:00"], ["2", "11:00"]]), one("m", 1, [["3", "4"]], since="x"),
        one("m", 2, [["5", "6"]]), one("m", 3, [["7", "8"]]), one("n", 0, [["1", "10:00"]]),
        one("none", 0, []), one("of nothing", 0, [["0", "-"], ["-", "0.00"]]),
        one("of nothing", 1, [["1", "-"]], since="x"),
    ]  # fmt: skip
    second = [replace(item) for item in first]
    second[0] = one("m", 0, [["1", "10:09"], ["2", "11:09"]])
    second[3] = one("m", 3, [["7", "8"], ["more", "rows"]])
    second[4] = one("n", 0, [["1", "10:09"]])
    kept = {item.metric: item for item in chosen(first, reversed(second))}
    assert kept["m"] == first[2]
    assert kept["n"].rows == [["1", "..."]]
    assert kept["of nothing"] == first[-1]
    assert set(kept) == {"m", "n", "of nothing"}
    assert chosen(first, []) == []


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """With one sample, of the test below."""
    kept = tmp_path / "samples.json"
    kept.write_text(as_text([ROAS]))
    monkeypatch.setattr(samples, "SAMPLES", kept)
    monkeypatch.setattr(samples, "_held", set())
    samples.committed.cache_clear()
    yield kept
    samples.committed.cache_clear()


@pytest.mark.usefixtures("file")
def test_an_answer_is_held_where_it_came_from() -> None:
    answer = {"spend": Decimal("1.5"), "roas": Decimal(2)}
    heard("roas", {}, [])  # another question than the sample's
    assert not_held(HERE) == ["roas"]
    samples._asked[HERE, "roas"] = 1
    with pytest.raises(AssertionError, match=r"spend in the sample of roas was 1\.50, and is 9"):
        heard("roas", ROAS.given, [answer | {"spend": Decimal(9)}])
    samples._asked[HERE, "roas"] = 1
    heard("roas", ROAS.given, [answer])
    assert not_held(HERE) == []


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({}, ""),
        ({"given": {}}, "given of the sample of roas: {}"),
        ({"columns": ["spend", "return"]}, "columns of the sample of roas"),
        ({"rows": []}, "has 0 rows now"),
        ({"rows": [["1.50", "2.01"]]}, "roas in the sample of roas was 2.00, and is 2.01"),
    ],
)
def test_a_difference_is_named(now: dict[str, object], said: str) -> None:
    found = differences(ROAS, replace(ROAS, **now))  # type: ignore[arg-type]
    assert said in found
    assert bool(found) == bool(said)
    assert differences(replace(ROAS, rows=[["...", "2.00"]]), ROAS) == ""


@pytest.mark.usefixtures("file")
def test_the_page_shows_how_to_ask_and_each_column() -> None:
    assert metric_samples.samples()["roas"].splitlines() == [
        "Sample, of the rows of `tests/unit/tooling/test_metric_samples.py`: "
        "`.venv/bin/adlake query roas --param until=2026-11-02`",
        "",
        "| column | first row |",
        "| --- | --- |",
        "| `spend` | 1.50 |",
        "| `roas` | 2.00 |",
    ]


def test_the_tool_notes_instead_of_holding(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = tmp_path / "answers.jsonl"
    monkeypatch.setenv("METRIC_SAMPLES", str(noted))
    heard("roas", {}, [{"spend": None}, {"spend": Decimal(3)}, {"spend": Decimal(4)}])
    told = json.loads(noted.read_text())
    assert (told["metric"], told["columns"]) == ("roas", ["spend"])
    assert told["rows"] == [["-"], ["3.00"]]
    assert not_held(HERE) == []
    assert json.loads(file.read_text())[0]["rows"] == [["1.50", "2.00"]]
