"""THE MAP: every command that reads or writes topics and tables, with what it reads and writes.

Derived from it: which topics are provisioned, which pipelines the streaming application runs and
which tables their records reach, the diagram of `adlake flow`, and the generated parts of
docs/architecture.md and docs/data-model.md (`make docs`). Tests hold it against the registry of
tables, the commands, the SQL files and the code of each room.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adlake.contracts.registry import ATTRIBUTION, BUSINESS, CAMPAIGNS
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
    GOLD_REPLAY,
    GOLD_STATE,
    GOLD_WINDOWS,
    PUBLISHED_RECORDS,
    REMOVAL_EFFECTS,
    SERVING_FLIPS,
    SPEND_HOURS,
    SPEND_LEDGER,
)
from adlake.contracts.topics import (
    AD_TOPIC,
    ALERT_TOPIC,
    BUSINESS_TOPIC,
    CAMPAIGN_TOPIC,
    CUSTOMER_TOPIC,
    SERVING_TOPIC,
)


class Kind(StrEnum):
    """What holds data between two steps."""

    TOPIC = "topic"
    TABLE = "table"
    """Of the lake."""
    CONTROL = "control table"
    """Of the control database."""
    FILES = "files"


@dataclass(frozen=True, order=True)
class Store:
    """One place where data lies between two steps."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return self.name if self.kind is Kind.TABLE else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Step:
    """What one room does in one command."""

    capability: str
    """Its room: a folder of src/adlake."""
    command: str
    """Verb of adlake that runs it."""
    does: str
    reads: tuple[Store, ...]
    writes: tuple[Store, ...]
    pipeline: str = ""
    """Name of the pipeline that takes the records of its topic into the lake; empty: none."""

    @property
    def title(self) -> str:
        """Its name in diagrams, and where several stand in a row."""
        return f"{self.capability}: {self.command}"

    @property
    def typed(self) -> str:
        """What a reader of a page types, in the clone."""
        return f".venv/bin/adlake {self.command}"

    def topics(self) -> tuple[str, ...]:
        """Names of the topics that it reads."""
        return tuple(one.name for one in self.reads if one.kind is Kind.TOPIC)


def _tables(*names: str) -> tuple[Store, ...]:
    return tuple(Store(Kind.TABLE, name) for name in names)


AD_EVENTS: Final = Store(Kind.TOPIC, AD_TOPIC)
BUSINESS_RECORDS: Final = Store(Kind.TOPIC, BUSINESS_TOPIC)
CAMPAIGN_RECORDS: Final = Store(Kind.TOPIC, CAMPAIGN_TOPIC)
ALERT_RECORDS: Final = Store(Kind.TOPIC, ALERT_TOPIC)
CUSTOMER_RECORDS: Final = Store(Kind.TOPIC, CUSTOMER_TOPIC)
SERVING_RECORDS: Final = Store(Kind.TOPIC, SERVING_TOPIC)
TRUTH: Final = Store(Kind.FILES, "of truth by the generator")
SEEDS: Final = Store(Kind.FILES, "of dimension seeds")
PROOFS: Final = Store(Kind.FILES, "of proofs by verify")
FIXES: Final = Store(Kind.CONTROL, "adlake.quarantine_fixes")
INGESTED: Final = Store(Kind.CONTROL, "adlake.ingested_files")
RULES: Final = Store(Kind.CONTROL, "adlake.alert_rules")
NOTIFICATIONS: Final = Store(Kind.CONTROL, "adlake.notifications")
_ROLLUPS: Final = _tables(GOLD_HOURS, GOLD_CONVERSIONS, GOLD_WINDOWS)
_MODEL_TABLES: Final = _tables(REMOVAL_EFFECTS, ATTRIBUTION_CREDITS)
_ALERT_TABLES: Final = _tables(ALERTS_LOG, ALERT_INCIDENTS)
_BUDGETS: Final = _tables(
    ACCOUNT_CONTENTS, SPEND_LEDGER, SPEND_HOURS, SERVING_FLIPS, DIM_BUDGETS, DIM_ADVERTISERS
)
_JUDGED: Final = _tables(
    BRONZE_EVENTS, BUSINESS_EVENTS, GOLD_WINDOWS, FUNNEL_EVENTS, DIM_CAMPAIGNS, ALERT_RULES
)
_SENT: Final = _tables(PUBLISHED_RECORDS)
_CUSTOMERS: Final = _tables(CUSTOMER_EVENTS, CUSTOMER_360)
_METRIC_TABLES: Final = (
    *_tables(GOLD_STATE),
    *_ROLLUPS,
    *_tables(BRONZE_EVENTS, BATCH_COUNTS, FUNNEL_EVENTS, ALERTS_LOG, ALERT_INCIDENTS),
    *_tables(DIM_CAMPAIGNS, DIM_CREATIVES, DIM_USERS, ALERT_RULES),
    *_MODEL_TABLES,
    *_tables(CUSTOMER_360),
    *_BUDGETS,
)

FLOW: Final[tuple[Step, ...]] = (
    Step(
        "generator", "generate",
        "publishes seeded events and writes the right answer beside them",
        (), (AD_EVENTS, BUSINESS_RECORDS, CAMPAIGN_RECORDS, TRUTH, SEEDS),
    ),
    Step(
        "collector", "serve",
        "takes events in over HTTP, judges them as the stream will, publishes the good ones",
        (), (AD_EVENTS, BUSINESS_RECORDS),
    ),
    Step(
        "collector", "send",
        "does the same with the events of a file",
        (), (AD_EVENTS, BUSINESS_RECORDS),
    ),
    Step(
        "collector", "ingest-files",
        "publishes the files of a folder, each once, with what the lake will reject",
        (INGESTED,), (INGESTED, AD_EVENTS, BUSINESS_RECORDS),
    ),
    Step(
        "attribution", "stream",
        "admits each ad event once, appends Bronze, merges Gold, adds what changed to its sums",
        (AD_EVENTS,), (*_tables(BRONZE_EVENTS, GOLD_STATE), *_ROLLUPS), ATTRIBUTION,
    ),
    Step(
        "attribution", "rollups",
        "builds the sums by hour and the list of conversions again from Gold",
        _tables(GOLD_STATE), _ROLLUPS,
    ),
    Step(
        "business", "stream",
        "admits each business event once, in the same application; keeps each of the funnel once",
        (BUSINESS_RECORDS,), (*_tables(BUSINESS_EVENTS, FUNNEL_EVENTS), *_CUSTOMERS), BUSINESS,
    ),
    Step(
        "customers", "stream",
        "keeps each event about a customer once, makes the rows of the customers it touches anew",
        _CUSTOMERS, _CUSTOMERS,
    ),
    Step(
        "customers", "maintain",
        "with --as-of: names the day that customers have lapsed on, in every row",
        _tables(CUSTOMER_360), _tables(CUSTOMER_360),
    ),
    Step(
        "dims", "dims",
        "publishes a file of campaigns as updates",
        (), (CAMPAIGN_RECORDS,),
    ),
    Step(
        "dims", "stream",
        "admits each campaign update once, closes and begins versions; loads creatives and users",
        (CAMPAIGN_RECORDS, SEEDS),
        _tables(CAMPAIGN_UPDATES, DIM_CAMPAIGNS, DIM_CREATIVES, DIM_USERS), CAMPAIGNS,
    ),
    Step(
        "maintenance", "stream",
        "copies what each batch counted from the stamps; merges small files, forgets snapshots",
        _tables(BRONZE_EVENTS, BUSINESS_EVENTS, CAMPAIGN_UPDATES), _tables(BATCH_COUNTS),
    ),
    Step(
        "attribution", "replay",
        "builds Gold again from Bronze under any recorded law, shows the diff, publishes, undoes",
        _tables(BRONZE_EVENTS, GOLD_STATE), _tables(GOLD_REPLAY, GOLD_STATE),
    ),
    Step(
        "models", "models",
        "divides each conversion among the ads of its path, under seven attribution models",
        _tables(GOLD_STATE), _MODEL_TABLES,
    ),
    Step(
        "budgets", "stream",
        "bills each click once; says which budget held when, and whose ads may be served",
        (*_tables(BUSINESS_EVENTS), *_BUDGETS), _BUDGETS,
    ),
    Step(
        "budgets", "budgets",
        "builds the same tables anew from all records; credits clicks that no person made",
        _tables(BUSINESS_EVENTS, GOLD_STATE, SPEND_LEDGER), (*_BUDGETS, BUSINESS_RECORDS),
    ),
    Step(
        "published", "stream",
        "sends rows of customers and serving decisions that differ from what was sent",
        (BUSINESS_RECORDS, *_tables(BUSINESS_EVENTS, CUSTOMER_360, SERVING_FLIPS), *_SENT),
        (CUSTOMER_RECORDS, SERVING_RECORDS, *_SENT),
    ),
    Step(
        "proof", "wait",
        "blocks until the lake contains every record of the topics",
        (
            AD_EVENTS, BUSINESS_RECORDS, CAMPAIGN_RECORDS,
            *_tables(BRONZE_EVENTS, GOLD_STATE, BUSINESS_EVENTS, FUNNEL_EVENTS, CAMPAIGN_UPDATES),
            *_tables(DIM_CAMPAIGNS), *_ROLLUPS, *_CUSTOMERS,
        ), (),
    ),
    Step(
        "proof", "verify",
        "recomputes Gold from Bronze by an independent SQL form of the law, checks batch counts",
        (
            AD_EVENTS, BUSINESS_RECORDS, CAMPAIGN_RECORDS, TRUTH,
            *_tables(BRONZE_EVENTS, BUSINESS_EVENTS, CAMPAIGN_UPDATES, GOLD_STATE, BATCH_COUNTS),
            *_tables(DIM_CAMPAIGNS, FUNNEL_EVENTS, ALERT_RULES), *_ROLLUPS, *_MODEL_TABLES,
            *_ALERT_TABLES, *_BUDGETS, *_CUSTOMERS,
        ), (PROOFS,),
    ),
    Step(
        "proof", "producers",
        "holds what producers say they sent against the broker and Bronze",
        (TRUTH, AD_EVENTS, BUSINESS_RECORDS, *_tables(BRONZE_EVENTS, BUSINESS_EVENTS)), (),
    ),
    Step(
        "proof", "explain",
        "shows every delivery of an impression, what became of it and why",
        _tables(BRONZE_EVENTS, GOLD_STATE), (),
    ),
    Step(
        "quarantine", "quarantine",
        "lists rejected deliveries, stores corrections, publishes them as new deliveries",
        (*_tables(BRONZE_EVENTS), FIXES), (FIXES, AD_EVENTS),
    ),
    Step(
        "metrics", "query",
        "runs one file of sql/metrics on Trino; Grafana asks by the same files",
        _METRIC_TABLES, (),
    ),
    Step(
        "metabase", "metabase",
        "puts the same files into Metabase, as the questions of its dashboards",
        (
            *_tables(GOLD_STATE, FUNNEL_EVENTS, BRONZE_EVENTS, DIM_CAMPAIGNS, DIM_CREATIVES),
            *_tables(DIM_USERS, ALERTS_LOG, ALERT_INCIDENTS, ALERT_RULES, CUSTOMER_360), *_ROLLUPS,
            *_tables(DIM_BUDGETS, DIM_ADVERTISERS, SERVING_FLIPS, SPEND_HOURS, ACCOUNT_CONTENTS),
        ), (),
    ),
    Step(
        "notebook", "notebook",
        "asks them in JupyterLab, and reads the tables' files without a server",
        _METRIC_TABLES, (),
    ),
    Step(
        "api", "serve",
        "answers with the same files over HTTP; keeps customers at hand",
        (*_METRIC_TABLES, *_tables(BUSINESS_EVENTS), CUSTOMER_RECORDS), (),
    ),
    Step(
        "alerts", "stream",
        "judges each window as it ends, keeps the alerts and what belongs together",
        (RULES, *_JUDGED),
        (*_tables(ALERT_RULES), *_ALERT_TABLES),
    ),
    Step(
        "alerts", "serve",
        "tells people and programs once of each transition of an incident",
        (*_tables(ALERT_INCIDENTS), NOTIFICATIONS), (NOTIFICATIONS, ALERT_RECORDS),
    ),
    Step(
        "alerts", "alerts",
        "records rules; judges every window again; sends a message that says it is a test",
        (RULES, *_JUDGED),
        (RULES, ALERT_RECORDS, *_tables(ALERT_RULES), *_ALERT_TABLES),
    ),
    Step(
        "dashboard", "up",
        "shows the same files as pages, explanations and the newest proof",
        (AD_EVENTS, BUSINESS_RECORDS, PROOFS, *_METRIC_TABLES), (),
    ),
)  # fmt: skip


def pipelines(flow: Iterable[Step] = FLOW) -> dict[str, Step]:
    """Topic -> the step that takes its records into the lake, in the order of the map."""
    return {step.topics()[0]: step for step in flow if step.pipeline}


def topics(flow: Iterable[Step] = FLOW) -> tuple[str, ...]:
    """Every topic of the map, by the name that the project gives it."""
    stores = [store for step in flow for store in (*step.writes, *step.reads)]
    return tuple(dict.fromkeys(one.name for one in stores if one.kind is Kind.TOPIC))


def tables(flow: Iterable[Step] = FLOW) -> dict[str, tuple[list[Step], list[Step]]]:
    """Table of the lake -> who writes it, who reads it."""
    steps = tuple(flow)
    stores = {store for step in steps for store in (*step.writes, *step.reads)}
    return {
        store.name: (
            [step for step in steps if store in step.writes],
            [step for step in steps if store in step.reads],
        )
        for store in sorted(stores)
        if store.kind is Kind.TABLE
    }


def as_mermaid(flow: Iterable[Step] = FLOW) -> str:
    """The flow as a Mermaid diagram."""
    steps = tuple(flow)
    stores = sorted({store for step in steps for store in (*step.reads, *step.writes)})
    names = {store: f"s{number}" for number, store in enumerate(stores)}
    lines = ["flowchart LR", *(f'  {names[store]}[("{store}")]' for store in stores)]
    for number, step in enumerate(steps):
        lines.append(f'  j{number}["{step.title}"]')
        lines += [f"  {names[store]} --> j{number}" for store in step.reads]
        lines += [f"  j{number} --> {names[store]}" for store in step.writes]
    return "\n".join(lines)


def steps_as_markdown(flow: Iterable[Step] = FLOW) -> str:
    """One line per step, in the words of the map."""
    rows = [f"| {step.capability} | `{step.typed}` | {step.does} |" for step in flow]
    return "\n".join(["| room | command | does |", "| --- | --- | --- |", *rows])


def tables_as_markdown(flow: Iterable[Step] = FLOW) -> str:
    """One line per table of the lake: who writes it, who reads it."""
    rows = [
        f"| `{table}` | {_shown(writers)} | {_shown(readers)} |"
        for table, (writers, readers) in tables(flow).items()
    ]
    return "\n".join(["| table | written by | read by |", "| --- | --- | --- |", *rows])


def _shown(steps: list[Step]) -> str:
    return ", ".join(step.title for step in steps) or "nobody yet"
