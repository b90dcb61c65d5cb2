"""Documentation is checked against the code: commands, targets, settings, tables, files."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from adlake.cli import app
from adlake.contracts.tables import BRONZE_COLUMNS, GOLD_COLUMNS
from adlake.devstack import doctor
from adlake.settings import REPO_ROOT, Settings, known_names

pytestmark = pytest.mark.docs

PAGES = (*sorted(REPO_ROOT.glob("*.md")), *REPO_ROOT.glob("docs/**/*.md"))
MAKE_COMMAND = re.compile(r"`make ([a-z][a-z-]*)|^make ([a-z][a-z-]*)", re.MULTILINE)
ADLAKE_COMMAND = re.compile(r"`(?:\.venv/bin/)?adlake ([a-z][a-z-]*)")
TYPED_COMMAND = re.compile(r"\.venv/bin/adlake ([a-z][^`|&\n]*)")
SETTING = re.compile(r"\bADLAKE_[A-Z][A-Z_]*[A-Z]\b")
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


@cache
def make_targets() -> dict[str, str]:
    """Documented targets by name, from the Makefile's own help."""
    text = (REPO_ROOT / "Makefile").read_text()
    return dict(re.findall(r"^([a-z][a-z-]*):.*?## (.+)$", text, re.MULTILINE))


def test_every_target_has_its_help() -> None:
    text = (REPO_ROOT / "Makefile").read_text()
    phony = set(" ".join(re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)).split())
    assert phony == set(make_targets())
    shown = subprocess.run(["make"], cwd=REPO_ROOT, capture_output=True, text=True, check=True)
    for name, meaning in make_targets().items():
        assert re.search(rf"^  {name} +{re.escape(meaning)}$", shown.stdout, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO_ROOT)))
def test_page_names_only_what_exists(page: Path) -> None:
    text = page.read_text()
    targets = {first or second for first, second in MAKE_COMMAND.findall(text)}
    assert targets <= set(make_targets())
    assert set(ADLAKE_COMMAND.findall(text)) <= set(commands())
    assert set(SETTING.findall(text)) <= set(known_names())
    missing = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO_ROOT)))
def test_no_table_is_cut(page: Path) -> None:
    """Rows behind a blank line, or of another width, are drawn as text with bars."""
    outside = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for table in re.findall(r"(?:^\|.*\n?)+", outside, re.MULTILINE):
        rows = table.splitlines()
        assert len(rows) > 1, table
        assert re.fullmatch(r"(\| -+:? )+\|", rows[1]), table
        widths = {len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", row))) for row in rows}
        assert len(widths) == 1, table


def test_an_option_on_a_page_is_one_of_its_command() -> None:
    unknown, everything = [], get_command(app)
    for typed in TYPED_COMMAND.findall("\n".join(page.read_text() for page in PAGES)):
        command, words = everything, typed.partition("#")[0].split()
        while words and isinstance(command, TyperGroup) and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        given = {found[0] for word in words if (found := re.match(r"--[a-z-]+", word))}
        unknown += [f"{typed}: {one}" for one in given - known - {"--help"}]
    assert unknown == []


def commands() -> list[str]:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return list(group.commands)


def test_every_target_and_command_is_in_the_docs() -> None:
    everything = "\n".join(page.read_text() for page in PAGES)
    unnamed = [name for name in make_targets() if f"`make {name}" not in everything]
    assert unnamed == []
    # A verb that make has too is documented there.
    only_cli = [name for name in commands() if name not in make_targets()]
    named = set(ADLAKE_COMMAND.findall(everything))
    assert [name for name in only_cli if name not in named] == []


def test_tables_and_columns_are_in_the_data_model() -> None:
    text = (REPO_ROOT / "docs" / "data-model.md").read_text()
    tables = {f"{f.parent.name}.{f.stem}" for f in REPO_ROOT.glob("sql/ddl/*/*.sql")}
    assert [name for name in sorted(tables) if f"`{name}`" not in text] == []
    assert [name for name in (*BRONZE_COLUMNS, *GOLD_COLUMNS) if f"`{name}`" not in text] == []


def test_the_readme_is_short() -> None:
    assert len((REPO_ROOT / "README.md").read_text().splitlines()) <= 140


def test_the_readme_asks_for_the_room_that_doctor_looks_for() -> None:
    text = (REPO_ROOT / "README.md").read_text()
    assert f"| {doctor.MEMORY_GIB} GB;" in text
    assert (
        f"| {doctor.INSTALL_GIB} GB for programs and packages, {doctor.STATE_GIB} GB to begin"
        in text
    )
    report = json.loads((REPO_ROOT / "benchmarks" / "reports" / "cost.json").read_text())
    disk = report["disk"]
    assert report["settings"]["generator_rate"] == doctor.DEFAULT_RATE
    assert Settings({}).generator.generator_rate == doctor.DEFAULT_RATE
    a_day = disk["tables_gib_per_day"] + disk["topics_gib_per_day"]
    peak = sum(one["memory_mib_peak"] for one in report["services"].values()) / 1024
    assert f"all services together take {peak:.1f} GB at the default traffic" in text
    assert round(a_day) == doctor.DAY_GIB
    assert f"a day of the default traffic takes {doctor.DAY_GIB} GB" in text


def test_each_page_picture_is_shown() -> None:
    text = (REPO_ROOT / "README.md").read_text()
    pictures = (path.name for path in (REPO_ROOT / "docs" / "img").glob("dashboard-*.png"))
    assert [name for name in pictures if f"](docs/img/{name})" not in text] == []


def test_the_readme_quotes_the_committed_reports() -> None:
    text = " ".join((REPO_ROOT / "README.md").read_text().split())
    reports = REPO_ROOT / "benchmarks" / "reports"
    bench, longer, generator = (
        json.loads((reports / name).read_text())
        for name in ("bench.json", "bench-30min.json", "generator.json")
    )
    for report in (bench, longer):
        assert all(report["verdict"].values()), "a published run must have kept its promises"
    assert generator["events_per_second_median"] >= generator["required"]
    fresh, machine = bench["freshness_seconds"], bench["machine"]
    for quoted in (
        f"{bench['rate_offered']:,} events a second",
        f"{bench['rate_sustained']:,} sustained; every row proven",
        f"p50 {fresh['p50']:.0f} s, p95 {fresh['p95']:.0f} s, p99 {fresh['p99']:.0f} s",
        f"{bench['batch_seconds_median_first_minute']:.1f} s in the first minute",
        f"{bench['batch_seconds_median_last_minute']:.1f} s in the last",
        f"{bench['memory_mib_peak_total'] / 1024:.1f} GB",
        f"{machine['cores']} cores ({machine['processor']})",
        f"{longer['rate_sustained']:,} sustained, p95 {longer['freshness_seconds']['p95']:.0f} s",
        f"{longer['batch_seconds_median_first_minute']:.1f} s and "
        f"{longer['batch_seconds_median_last_minute']:.1f} s",
        f"{generator['events_per_second_median']:,} events a second",
    ):
        assert quoted in text, quoted
