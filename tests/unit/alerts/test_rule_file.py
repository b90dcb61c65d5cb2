"""Files of rules: which versions a row makes, and the sentence for each row that is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adlake.alerts.contract import Multiplicity, Rule, Segment
from adlake.alerts.rule_file import RuleFileError, cells_of, versions_of
from adlake.alerts.rule_rows import DEFAULT_ROWS, FOREVER_MS, RuleRow
from adlake.wiring.alert_rules import listed

NOW_MS = 1_795_694_400_000
KNOWN = {one.rule_id: one for one in DEFAULT_ROWS}


def csv_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rules.csv"
    path.write_text(text)
    return path


def made(tmp_path: Path, text: str, *known: RuleRow) -> list[RuleRow]:
    cells = cells_of(csv_file(tmp_path, text))
    return versions_of("rules.csv", cells, known or DEFAULT_ROWS, NOW_MS).rows


def test_a_new_version_ends_the_one_before_and_says_only_what_changes(tmp_path: Path) -> None:
    ended, new = made(tmp_path, 'rule_id,threshold,channels\nA-ctr,0.03,"email, slack"\n')
    assert ended == replace(KNOWN["A-ctr"], valid_to_ms=NOW_MS)
    assert new == replace(
        KNOWN["A-ctr"], threshold=0.03, channels="slack,email", rule_version=2,
        valid_from_ms=NOW_MS,
    )  # fmt: skip
    assert new.valid_to_ms == FOREVER_MS


def test_versions_of_one_file_follow_each_other(tmp_path: Path) -> None:
    text = (
        "rule_id,enabled,channels,valid_from\n"
        "D-impressions,false,kafka,2026-03-01\n"
        "D-impressions,true,all,2026-03-02T01:00:00+01:00\n"
    )
    first, second, third = made(tmp_path, text)
    assert (first.rule_version, second.rule_version, third.rule_version) == (1, 2, 3)
    assert first.valid_to_ms == second.valid_from_ms == 1_772_323_200_000
    assert second.valid_to_ms == third.valid_from_ms == 1_772_409_600_000
    assert [one.enabled for one in (first, second, third)] == [True, False, True]
    assert [one.channels for one in (first, second, third)] == ["", "kafka", ""]


def test_a_rule_of_its_own_for_a_campaign_and_for_segments(tmp_path: Path) -> None:
    text = (
        "rule_id,rule,metric,campaign_id,segment,threshold,z,multiplicity\n"
        "own,A,ctr,c,,,0,\n"
        "per-channel,A,cvr,,channel,0.05,,bonferroni\n"
        "floor,E,impressions,c,,40,,\n"
    )
    own, channel, floor = made(tmp_path, text)
    assert own == RuleRow(
        "own", Rule.STATIC_RATE, "ctr", "c", threshold=0.015, z=0.0, resolve_factor=1.1,
        valid_from_ms=NOW_MS,
    )  # fmt: skip
    assert (channel.segment, channel.threshold) == (Segment.CHANNEL, 0.05)
    assert channel.multiplicity is Multiplicity.BONFERRONI
    assert (floor.threshold, floor.resolve_factor, floor.z) == (40.0, 1.1, None)


HEADER = (
    "rule_id,rule,metric,campaign_id,segment,threshold,z,resolve_factor,multiplicity,channels,"
    "enabled,valid_from\n"
)
BAD = {
    ",A,ctr,c,,,,,,,,": "rule_id '': 1 to 100 printable characters",
    "n,F,ctr,c,,,,,,,,": "rule 'F' is none of A, B, C, D, E",
    "n,,ctr,c,,,,,,,,": "rule '' is none of",
    "n,A,impressions,c,,,,,,,,": "metric 'impressions': rule A looks at ctr, cvr",
    "n,A,ctr,unknown,,,,,,,,": "campaign_id 'unknown': events that name no campaign",
    "n,A,ctr,c,country,,,,,,,": "segment 'country' is none of all, channel, region",
    "n,A,ctr,c,,1.5,,,,,,": "threshold '1.5': a number above 0 to 1",
    "n,A,ctr,c,,0,,,,,,": "threshold '0': a number above 0 to 1",
    "n,A,ctr,c,,NaN,,,,,,": "threshold 'NaN': a number above 0",
    "n,A,ctr,c,,low,,,,,,": "threshold 'low' is no number",
    "n,B,ctr,c,,0.1,,,,,,": "threshold '0.1': rule B finds its threshold itself",
    "n,A,ctr,c,,,-1,,,,,": "z '-1': a number from 0 to 10",
    "n,C,clicks,c,,,2,,,,,": "z '2': this rule has none",
    "n,A,ctr,c,,,,0.9,,,,": "resolve_factor '0.9': a number from 1 to 100",
    "n,D,impressions,c,,,,1.2,,,,": "resolve_factor '1.2': this rule has none",
    "n,B,ctr,c,,,,,bonferroni,,,": "multiplicity bonferroni: of rule A alone",
    "n,A,ctr,c,,,0,,bonferroni,,,": "z 0 is the plain comparison, and bonferroni",
    "n,A,ctr,c,,,,,,fax,,": "channels 'fax': some of kafka, slack, webhook, email by commas",
    "n,A,ctr,c,,,,,,,yes,": "enabled 'yes': true or false",
    "n,A,ctr,c,,,,,,,,soon": "valid_from 'soon': an instant like",
    "n,A,ctr,c,,,,,,,,1969-12-31": "valid_from '1969-12-31': from 1970",
    "n,E,impressions,c,,,,,,,,": "rule E needs a threshold, or enabled false",
    "n,A,ctr,,,,,,,,,": "rule A-ctr is about the same: give that one a new version",
    "A-ctr,B,,,,,,,,,,": "rule 'B': rule A-ctr is about A, and no version changes that",
    "A-ctr,,,c,,,,,,,,": "campaign_id 'c': rule A-ctr is about every campaign",
    "A-ctr,,,,,,,,,,,1970-01-01": "valid_from: version 1 of rule A-ctr begins at 1970-01-01T00:00",
}


@pytest.mark.parametrize(("cells", "problem"), BAD.items())
def test_each_bad_row_is_named_and_nothing_is_written(
    tmp_path: Path, cells: str, problem: str
) -> None:
    with pytest.raises(RuleFileError) as caught:
        made(tmp_path, f"{HEADER}C-clicks,,,,,,,,,,false,\n{cells}\n")
    assert f"row 2: {problem}" in str(caught.value)
    assert "1 of 2 rows of rules.csv are no lawful rules, so nothing was written" in str(
        caught.value
    )


def test_many_bad_rows_are_counted_and_the_first_are_shown(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match=r"30 of 30 rows(.|\n)*row 20(.|\n)*and 10 more"):
        made(tmp_path, "rule_id,rule\n" + "x,F\n" * 30)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"rule,metric\nA,ctr\n", "no column rule_id"),
        (b"rule_id,limit\nA,1\n", "unknown columns limit; there are: rule_id, rule"),
        (b"rule_id\na,b\n", "row 1 has more cells"),
        (b"", "no column rule_id"),
        (b"rule_id\n\xff\n", "cannot be read"),
    ],
)
def test_files_that_are_none_are_named(tmp_path: Path, text: bytes, problem: str) -> None:
    path = tmp_path / "rules.csv"
    path.write_bytes(text)
    with pytest.raises(RuleFileError, match=problem):
        cells_of(path)
    with pytest.raises(RuleFileError, match="there is no file"):
        cells_of(tmp_path / "other.csv")


def test_the_list_leaves_out_what_has_ended(tmp_path: Path) -> None:
    rows = made(tmp_path, "rule_id,enabled\nA-ctr,false\n")
    current = list(listed(rows, NOW_MS).records())
    assert [(one["rule_id"], one["version"], one["enabled"]) for one in current] == [
        ("A-ctr", 2, False),
    ]  # fmt: skip
    assert (current[0]["channels"], current[0]["valid_to"]) == ("all", None)
    assert [one["version"] for one in listed(rows, None).records()] == [1, 2]
