"""docs/data-model.md: the tables of the lake as entity pictures, from sql/ddl and the registry.

A column that names a row of another table makes a line between the two. Each table is in the
picture of its subject; a table of another subject that a line needs is drawn there too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from adlake.contracts.registry import SPECS, Filling, TableSpec, names_of, spec_of
from adlake.contracts.tables import (
    ACCOUNT_CONTENTS,
    ALERT_INCIDENTS,
    ALERT_RULES,
    ALERTS_LOG,
    ATTRIBUTION_CREDITS,
    BATCH_COUNTS,
    BRONZE_EVENTS,
    BUSINESS_EVENTS,
    CAMPAIGN_UPDATES,
    CUSTOMER_360,
    CUSTOMER_EVENTS,
    DIM_ADVERTISERS,
    DIM_BUDGETS,
    DIM_CAMPAIGNS,
    DIM_CREATIVES,
    DIM_USERS,
    FUNNEL_EVENTS,
    GOLD_CONVERSIONS,
    GOLD_HOURS,
    GOLD_STATE,
    GOLD_WINDOWS,
    PUBLISHED_RECORDS,
    REMOVAL_EFFECTS,
    SERVING_FLIPS,
    SPEND_HOURS,
    SPEND_LEDGER,
)
from adlake.settings import REPO_ROOT
from tools.pages.markdown import as_table

DDL: Final = REPO_ROOT / "sql" / "ddl"
_COLUMN: Final = re.compile(r"^  ([a-z_0-9]+) ([A-Z]+)", re.MULTILINE)
NAMES_A_ROW_OF: Final = {
    "impression_id": GOLD_STATE,
    "conversion_id": GOLD_STATE,
    "campaign_id": DIM_CAMPAIGNS,
    "creative_id": DIM_CREATIVES,
    "user_id": DIM_USERS,
    "incident_id": ALERT_INCIDENTS,
}
"""Column, whatever its table -> the table with a row (of campaigns: some versions) of that name."""
SUBJECTS: Final = {
    "ads": (
        BRONZE_EVENTS, GOLD_STATE, GOLD_HOURS, GOLD_CONVERSIONS, GOLD_WINDOWS,
        ATTRIBUTION_CREDITS, REMOVAL_EFFECTS, BATCH_COUNTS,
    ),
    "campaigns, users and funnel": (
        CAMPAIGN_UPDATES, DIM_CAMPAIGNS, DIM_CREATIVES, DIM_USERS, BUSINESS_EVENTS, FUNNEL_EVENTS,
    ),
    "customers": (CUSTOMER_EVENTS, CUSTOMER_360, PUBLISHED_RECORDS),
    "alerts": (ALERT_RULES, ALERTS_LOG, ALERT_INCIDENTS),
    "budgets": (
        ACCOUNT_CONTENTS, SPEND_LEDGER, SPEND_HOURS, SERVING_FLIPS, DIM_BUDGETS, DIM_ADVERTISERS,
    ),
}  # fmt: skip
"""Title of a picture -> its tables."""


def parts() -> dict[str, str]:
    """Each generated part of the page by its name."""
    pictures = {f"entities: {name}": picture(tables) for name, tables in SUBJECTS.items()}
    return pictures | {"tables": tables_as_markdown()}


def columns_of(table: str, ddl: Path = DDL) -> dict[str, str]:
    """Columns of a table and their types, in its order."""
    text = (ddl / f"{table.replace('.', '/')}.sql").read_text(encoding="utf-8")
    return dict(_COLUMN.findall(text))


def picture(tables: tuple[str, ...]) -> str:
    """Tables with their key and the columns that name rows of other tables."""
    lines = ["```mermaid", "erDiagram"]
    named = sorted({other for table in tables for _, other in _links(table)} - set(tables))
    for table in (*tables, *named):
        lines += _entity(table)
    lines += [line for table in tables for line in _lines_from(table)]
    return "\n".join([*lines, "```"])


def _links(table: str) -> Iterator[tuple[str, str]]:
    """(column, table that it names a row of)."""
    for column in columns_of(table):
        other = NAMES_A_ROW_OF.get(column)
        if other is not None and other != table:
            yield column, other


def _entity(table: str) -> Iterator[str]:
    key, links = spec_of(table).key, dict(_links(table))
    yield f'  {_alias(table)}["{table}"] {{'
    for column, kind in columns_of(table).items():
        marks = [mark for mark, is_so in (("PK", column in key), ("FK", column in links)) if is_so]
        if marks or NAMES_A_ROW_OF.get(column) == table:
            yield f"    {kind} {column} {', '.join(marks)}".rstrip()
    yield "  }"


def _lines_from(table: str) -> Iterator[str]:
    """Several rows of a table name one row of the other; a campaign may have several versions."""
    for column, other in _links(table):
        end = "o{" if other == DIM_CAMPAIGNS else "o|"
        yield f'  {_alias(table)} }}o--{end} {_alias(other)} : "{column}"'


def _alias(table: str) -> str:
    return table.replace(".", "_")


def tables_as_markdown() -> str:
    """Every table: one row per what, how it is filled, what makes it again."""
    return as_table(("table", "one row per", "made of", "again by"), (
        (f"`{spec.name}`", spec.grain, _made_of(spec),
         f"`.venv/bin/{spec.rebuild}`" if spec.rebuild else "-")
        for spec in sorted(SPECS, key=lambda one: one.name)
    ))  # fmt: skip


def _made_of(spec: TableSpec) -> str:
    source = f"`{spec.source or _records_of(spec)}`"
    return {
        Filling.APPEND: "its topic, each record once",
        Filling.MERGE: f"{source}, batch by batch",
        Filling.SUMS: f"{source}, what each batch changed in it",
        Filling.BUILD: f"{source}, whole",
        Filling.FOLLOW: f"{source}, what is new, beside the batches",
        Filling.COUNTS: "what the stream counts of its batches",
        Filling.LOG: "what was sent",
        Filling.LOAD: spec.unchecked,
        Filling.SHADOW: f"{source}, while a replay is built",
    }[spec.filling]


def _records_of(spec: TableSpec) -> str:
    """The table of the records that a pipeline takes in."""
    (records,) = names_of(filling=Filling.APPEND, pipeline=spec.pipeline)
    return records
