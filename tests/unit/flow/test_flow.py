"""The map is the one of the registry, the commands, the SQL files and the code; drift is named."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from adlake.cli import app
from adlake.cli.application import DATA, JOBS
from adlake.contracts import tables
from adlake.contracts.registry import SPECS, VIEWS, Filling, TableSpec
from adlake.contracts.topics import PUBLISHED
from adlake.flow import FLOW, Kind, Step, Store, as_mermaid, tables_as_markdown, topics
from adlake.settings import REPO_ROOT, Settings

ROOMS = REPO_ROOT / "src" / "adlake"
SQL = REPO_ROOT / "sql"
VIEW_NAMES = {name for names in VIEWS.values() for name in names}
NO_STEP_OF_THEIR_OWN = {"contracts", "io", "streaming", "wiring", "devstack", "cli"}
"""Rooms that serve the others: what they touch is on the map as what the others do."""
OFF_THE_MAP = {
    "sql": "reads what its user types", "source": "writes to the control database alone",
    "topics": "looks at every topic", "peek": "looks at the topic that its user types",
    "contracts": "reads no data", "views": "makes views, reads no data",
}  # fmt: skip
READERS_OF_SQL = {
    "metrics": ("metrics",), "replay": ("attribution",), "audit": ("proof", "quarantine"),
    "checks": ("proof",), "oracles": ("proof",), "proof": ("proof",), "api": ("api",),
    "alerts": ("alerts",), "budgets": ("budgets",),
}  # fmt: skip
"""Folder of sql/ -> rooms whose steps run its files."""
NOT_RUN_BY_STEPS = {"ddl", "migrations", "control", "views", "fragments"}


def registry_drift(flow: Sequence[Step], specs: Sequence[TableSpec] = SPECS) -> Iterator[str]:
    """Where the tables of the map and those of the registry are not the same."""
    written = {store.name for step in flow for store in step.writes if store.kind is Kind.TABLE}
    read = {store.name for step in flow for store in step.reads if store.kind is Kind.TABLE}
    known = {spec.name for spec in specs}
    yield from (f"no step writes {name}" for name in sorted(known - written))
    yield from (f"{name} is not in the registry" for name in sorted((written | read) - known))
    for spec in specs:
        if spec.filling in {Filling.APPEND, Filling.MERGE}:
            writers = [one for one in flow if Store(Kind.TABLE, spec.name) in one.writes]
            found = [one.pipeline for one in writers if one.pipeline]
            if found != [spec.pipeline]:
                yield f"{spec.name} is of pipeline {spec.pipeline}, on the map of {found}"


def topic_drift(flow: Sequence[Step], named: Sequence[str]) -> Iterator[str]:
    """Where topics of the map and those that settings name are not the same."""
    yield from (f"no setting names topic {one}" for one in topics(flow) if one not in named)
    yield from (f"topic {one} is in no step" for one in named if one not in topics(flow))
    for step in flow:
        if step.pipeline and len(step.topics()) != 1:
            yield f"{step.title} is a pipeline and reads {len(step.topics())} topics"
    for topic in topics(flow):
        senders = [step for step in flow if Store(Kind.TOPIC, topic) in step.writes]
        pipelines = [step for step in flow if step.pipeline and topic in step.topics()]
        if not senders or len(pipelines) != (topic not in PUBLISHED):
            yield f"topic {topic} has {len(senders)} senders and {len(pipelines)} pipelines"


def code_drift(flow: Sequence[Step]) -> Iterator[str]:
    """Where a room's code or SQL names a table that no step of the room reads or writes."""
    for room in sorted(path.name for path in ROOMS.iterdir() if (path / "__init__.py").exists()):
        if room not in NO_STEP_OF_THEIR_OWN:
            yield from _not_on_the_map(flow, (room,), tables_of_code(ROOMS / room))
    for folder, rooms in READERS_OF_SQL.items():
        yield from _not_on_the_map(flow, rooms, tables_of_sql(folder))


def _not_on_the_map(flow: Sequence[Step], rooms: tuple[str, ...], names: set[str]) -> Iterator[str]:
    steps = [step for step in flow if step.capability in rooms]
    stores = {store.name for step in steps for store in (*step.reads, *step.writes)}
    yield from (f"{' and '.join(rooms)}: {name}" for name in sorted(names - stores))


@cache
def tables_of_code(folder: Path) -> set[str]:
    """Tables whose constant a module of the folder imports."""
    known = {name: getattr(tables, name) for name in dir(tables) if name.isupper()}
    specs = {spec.name for spec in SPECS}
    imports = (
        node
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == tables.__name__
    )
    names = {alias.name for node in imports for alias in node.names}
    return {known[name] for name in names if isinstance(known[name], str)} & specs


@cache
def tables_of_sql(folder: str) -> set[str]:
    """Tables that the files of a folder of sql/ read, also through views."""
    return {table for file in (SQL / folder).rglob("*.sql") for table in _tables_in(file)}


def _tables_in(file: Path) -> Iterator[str]:
    written = file.read_text()
    for relation in re.findall(r"^-- relation (\w+)$", written, re.MULTILINE):
        yield from _tables_in(SQL / "fragments" / f"{relation}.sql")
    text = re.sub(r"--.*|'[^']*'", "", written)
    text = re.sub(r'"(\w+)\$\w+"', r"\1", text)  # a table of Iceberg's metadata is the table
    specs = {spec.name for spec in SPECS}
    # The text of a view names itself; a metric may have the name of a table.
    itself = file.stem if "views" in file.parts else ""
    names = {one for one in specs | VIEW_NAMES if one.partition(".")[2] != itself}
    named = {name for name in names if re.search(rf"\b{re.escape(name)}\b", text)}
    yield from named & specs
    for view in named & VIEW_NAMES:
        for definition in (SQL / "views").rglob(f"{view.partition('.')[2]}.sql"):
            yield from _tables_in(definition)


def commands() -> TyperGroup:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def test_the_tables_of_the_map_are_those_of_the_registry() -> None:
    assert list(registry_drift(FLOW)) == []


def test_the_topics_of_the_map_are_those_of_the_settings() -> None:
    assert list(topic_drift(FLOW, list(Settings({}).kafka.topic_names))) == []


def test_what_rooms_and_sql_files_touch_is_on_the_map() -> None:
    assert list(code_drift(FLOW)) == []
    folders = {path.name for path in SQL.iterdir() if path.is_dir()}
    assert folders == {*READERS_OF_SQL, *NOT_RUN_BY_STEPS}


def test_query_reads_what_the_metrics_read_and_nothing_else() -> None:
    [step] = [one for one in FLOW if one.command == "query"]
    assert {store.name for store in step.reads} == tables_of_sql("metrics")


def test_rooms_and_commands_of_the_map_exist() -> None:
    assert [one.capability for one in FLOW if not (ROOMS / one.capability).is_dir()] == []
    named = {step.command for step in FLOW}
    assert named <= set(commands().commands)


def test_every_command_about_data_is_on_the_map() -> None:
    panels = {
        name: command.rich_help_panel  # type: ignore[attr-defined]
        for name, command in commands().commands.items()
        if not command.hidden
    }
    about_data = {name for name, panel in panels.items() if panel in {DATA, JOBS}}
    named = {step.command for step in FLOW}
    assert about_data - named == set(OFF_THE_MAP)


def without(*, writes: str = "", reads: str = "") -> tuple[Step, ...]:
    """The map where nobody writes, or reads, one store."""
    return tuple(
        replace(
            step,
            writes=tuple(one for one in step.writes if one.name != writes),
            reads=tuple(one for one in step.reads if one.name != reads),
        )
        for step in FLOW
    )


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_table_that_no_step_writes_is_named(spec: TableSpec) -> None:
    assert f"no step writes {spec.name}" in registry_drift(without(writes=spec.name))


def test_a_table_that_nobody_entered_is_named() -> None:
    rogue = replace(FLOW[1], writes=(*FLOW[1].writes, Store(Kind.TABLE, "gold.unknown")))
    assert list(registry_drift((*FLOW[:1], rogue, *FLOW[2:]))) == [
        "gold.unknown is not in the registry"
    ]


def test_a_table_of_another_pipeline_is_named() -> None:
    ads = next(step for step in FLOW if step.pipeline)
    mixed = tuple(replace(step, pipeline="other") if step is ads else step for step in FLOW)
    table = ads.writes[0].name
    assert f"{table} is of pipeline {ads.pipeline}, on the map of ['other']" in registry_drift(
        mixed
    )


def test_a_topic_without_setting_sender_or_pipeline_is_named() -> None:
    known = list(Settings({}).kafka.topic_names)
    new = Store(Kind.TOPIC, "impressions")
    sent = (replace(FLOW[0], writes=(*FLOW[0].writes, new)), *FLOW[1:])
    assert set(topic_drift(sent, known)) == {
        "no setting names topic impressions",
        "topic impressions has 1 senders and 0 pipelines",
    }
    assert list(topic_drift(FLOW, [*known, "clicks"])) == ["topic clicks is in no step"]
    assert f"topic {known[0]} has 0 senders and 1 pipelines" in topic_drift(
        (replace(FLOW[0], writes=()), *without(writes=known[0])[1:]), known
    )


@pytest.mark.parametrize(
    ("table", "drift"),
    [
        (tables.BRONZE_EVENTS, "proof: bronze.ad_events"),
        (tables.DIM_CAMPAIGNS, "metrics: dims.dim_campaigns"),
        (tables.GOLD_STATE, "metrics: gold.ad_performance_state"),
        (tables.BATCH_COUNTS, "proof: audit.completeness_ledger"),
    ],
)
def test_a_table_that_is_read_unseen_is_named(table: str, drift: str) -> None:
    assert drift in code_drift(without(reads=table))


def test_the_diagram_has_every_edge_of_the_map() -> None:
    lines = as_mermaid().splitlines()
    edges = [line for line in lines if "-->" in line]
    assert len(edges) == sum(len(step.reads) + len(step.writes) for step in FLOW)
    assert sum(f'["{step.title}"]' in line for step in FLOW for line in lines) == len(FLOW)


def test_the_table_of_readers_says_who_writes_and_who_reads() -> None:
    lines = dict(line.split(" | ", 1) for line in tables_as_markdown().splitlines()[2:])
    assert set(lines) == {f"| `{spec.name}`" for spec in SPECS}
    gold = lines[f"| `{tables.GOLD_STATE}`"]
    written, read = gold.split(" | ")
    assert written == "attribution: stream, attribution: replay"
    assert "proof: verify" in read
    assert "generator" not in read
