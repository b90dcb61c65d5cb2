"""Badge, changes, maturity, bridge and proof say what is known, and no more."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from adlake.dashboard.bridge import MEANINGS, NAMES, steps_of, total_of
from adlake.dashboard.campaigns import maturity_in_words
from adlake.dashboard.frame import Change, csv_of, explained_at, freshness_in_words
from adlake.dashboard.trust import faults_of, read_chaos
from adlake.proof.recorded import RecordedProof, read_proof, record_proof

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "colour"), [(0, "green"), (60, "green"), (61, "orange"), (601, "red")]
)
def test_the_badge_tells_old_data_from_fresh(seconds: int, colour: str) -> None:
    words, found = freshness_in_words(NOW - timedelta(seconds=seconds), NOW)
    assert found == colour
    assert words.startswith("Data as of ")


def test_the_badge_of_an_empty_lake_and_of_a_clock_ahead() -> None:
    assert freshness_in_words(None, NOW) == ("No batch yet", "gray")
    assert freshness_in_words(NOW + timedelta(hours=1), NOW) == ("Data as of 0.0 s ago", "green")


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (Decimal(3), Decimal(2), "+50.0 %"), (1, 4, "-75.0 %"), (7, 7, "no change"),
        (Decimal("1.0001"), Decimal(1), "no change"),
        (5, 0, None), (5, None, None), (None, 5, None),
    ],
)  # fmt: skip
def test_a_change_needs_something_to_compare_with(
    now: Decimal | int | None, before: Decimal | int | None, words: str | None
) -> None:
    assert Change(now, before).in_words == words


def test_only_a_real_change_has_a_colour() -> None:
    assert Change(3, 2).colour == "normal"
    assert Change(3, 2, is_good=False).colour == "inverse"
    assert {Change(3, 3).colour, Change(3, None).colour, Change(3, 2, None).colour} == {"off"}


def bucket(impressions: int, maturity: str | None, *, is_mature: bool = False) -> dict[str, Any]:
    share = None if maturity is None else Decimal(maturity)
    return {"impressions": impressions, "maturity": share, "is_mature": is_mature}


def test_maturity_is_weighed_by_impressions() -> None:
    assert "30.00 % of the expected" in maturity_in_words([bucket(3, "0.2"), bucket(1, "0.6")])


def test_maturity_is_not_said_where_it_is_not_known() -> None:
    assert "too few conversions" in maturity_in_words([bucket(3, "0.2"), bucket(1, None)])
    assert maturity_in_words([bucket(3, None, is_mature=True)]).startswith("mature: ")
    assert maturity_in_words([]) == "no impressions"


def test_the_bridge_ends_at_what_is_attributed() -> None:
    rows = [
        {"bucket": name, "value": Decimal(value)}
        for name, value in zip(NAMES, (70, 1, 2, 3, 4, 5, 15), strict=True)
    ]
    steps = steps_of(rows)
    assert total_of(rows) == 100
    assert [(s.label, int(s.low), int(s.high)) for s in steps] == [
        ("All conversions", 0, 100), ("Rejected", 85, 100), ("No click", 80, 85),
        ("Before click", 76, 80), ("Out of window", 73, 76), ("Repeat", 71, 73),
        ("Orphan", 70, 71), ("Attributed", 0, 70),
    ]  # fmt: skip
    assert NAMES.keys() == MEANINGS.keys()


def test_a_table_leaves_with_exact_numbers_and_nothing_that_a_sheet_would_run() -> None:
    rows = [{"campaign_id": "=1+1", "value": Decimal("0.100000"), "at": NOW, "share": None}]
    text = csv_of(rows)
    assert text.splitlines()[0] == "campaign_id,value,at,share"
    assert "0.100000" in text
    assert "\n=1+1" not in text


def test_an_id_is_quoted_in_an_address() -> None:
    assert explained_at("a/b&c=1") == "explain?impression_id=a%2Fb%26c%3D1"
    assert explained_at(None) is None


def test_a_proof_is_kept_for_others_to_see(tmp_path: Path) -> None:
    path = tmp_path / "proof" / "newest.json"
    assert read_proof(path) is None
    for is_good in (True, False):
        proof = RecordedProof(NOW, is_good, ["gold 3 rows", "PROVEN"])
        record_proof(path, proof)
        assert read_proof(path) == proof
    assert [one.name for one in path.parent.iterdir()] == ["newest.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"at": "soon"}', '{"at": 7, "is_good": 1}'])
def test_a_proof_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "newest.json"
    path.write_text(text)
    assert read_proof(path) is None
    assert read_chaos(path) is None or text.startswith("{")


def trust_page(folder: str) -> None:
    """The page without its counts, which need a Trino."""
    from pathlib import Path

    from adlake.dashboard import trust
    from adlake.proof.recorded import read_proof

    trust.draw_proof(read_proof(Path(folder) / "newest.json"))
    trust.draw_chaos(trust.read_chaos(Path(folder) / "chaos.json"))


def test_the_page_says_that_nothing_was_proven(tmp_path: Path) -> None:
    shown = AppTest.from_function(trust_page, args=(str(tmp_path),)).run(timeout=60)
    assert not shown.exception
    assert "not proven yet" in shown.info[0].value
    assert "No report of `make chaos`" in shown.caption[0].value


def test_the_page_shows_a_failed_proof_and_failed_drills(tmp_path: Path) -> None:
    record_proof(tmp_path / "newest.json", RecordedProof(NOW, False, ["FAILED 1 check"]))
    drill = {"fault": "F7", "what": "a kill", "test": "tests/a.py::test_b"}
    machine, totals = {"commit": "abc"}, {"kills": 51}
    report = {"failed": ["f7"], "totals": totals, "machine": machine, "faults": [drill]}
    (tmp_path / "chaos.json").write_text(json.dumps(report))
    assert faults_of(report) == [{"Fault": "F7", "What": "a kill", "Test": "test_b"}]
    shown = AppTest.from_function(trust_page, args=(str(tmp_path),)).run(timeout=60)
    assert not shown.exception
    assert "Not proven at 2026-11-26 12:00:00 UTC" in shown.error[0].value
    assert "1 drills" in shown.error[1].value
    assert shown.code[0].value == "FAILED 1 check"
