"""THE MAP: every job with what it reads and what it writes.

The diagram in docs/architecture.md is generated from here (`adlake flow`), and a test fails when
it has drifted.
"""

from __future__ import annotations

from dataclasses import dataclass

from adlake.contracts.tables import (
    BATCH_COUNTS,
    BRONZE_EVENTS,
    BUSINESS_EVENTS,
    DIM_CAMPAIGNS,
    DIM_CREATIVES,
    DIM_USERS,
    GOLD_REPLAY,
    GOLD_STATE,
)

AD_EVENTS = "topic ad_events"
BUSINESS_TOPIC = "topic business_events"
TRUTH = "truth files of the generator"
FIXES = "table adlake.quarantine_fixes"


@dataclass(frozen=True)
class Step:
    """One job or reader: the command that runs it, its inputs and its outputs."""

    name: str
    command: str
    does: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


FLOW: tuple[Step, ...] = (
    Step(
        "generator", "adlake generate",
        "publishes seeded ad traffic and writes the right answer beside it",
        (), (AD_EVENTS, BUSINESS_TOPIC, TRUTH),
    ),
    Step(
        "attribution stream", "adlake stream",
        "admits each record once, appends Bronze, merges Gold, compacts hot slots, counts batches",
        (AD_EVENTS,),
        (
            BRONZE_EVENTS, GOLD_STATE, BATCH_COUNTS, DIM_CAMPAIGNS, DIM_CREATIVES,
            DIM_USERS,
        ),
    ),
    Step(
        "business stream", "adlake stream",
        "admits each business event once, beside the attribution stream in the same application",
        (BUSINESS_TOPIC,), (BUSINESS_EVENTS, BATCH_COUNTS),
    ),
    Step(
        "replay", "adlake replay",
        "builds Gold again from Bronze under any recorded law, shows the diff, publishes, undoes",
        (BRONZE_EVENTS, GOLD_STATE), (GOLD_REPLAY, GOLD_STATE),
    ),
    Step(
        "verify", "adlake verify",
        "recomputes Gold from Bronze by an independent SQL form of the law, checks batch counts",
        (BRONZE_EVENTS, GOLD_STATE, BATCH_COUNTS, TRUTH), (),
    ),
    Step(
        "producers", "adlake producers",
        "holds what producers say they sent against the broker and Bronze",
        (TRUTH, AD_EVENTS, BRONZE_EVENTS), (),
    ),
    Step(
        "quarantine", "adlake quarantine",
        "lists rejected deliveries, stores corrections, publishes them as new deliveries",
        (BRONZE_EVENTS, FIXES), (FIXES, AD_EVENTS),
    ),
    Step(
        "query", "adlake query NAME",
        "runs one file of sql/metrics on Trino",
        (GOLD_STATE, BRONZE_EVENTS, DIM_CAMPAIGNS), (),
    ),
    Step(
        "dashboard", "make up",
        "shows the same files as pages",
        (GOLD_STATE, BRONZE_EVENTS, BATCH_COUNTS, DIM_CAMPAIGNS, AD_EVENTS), (),
    ),
)  # fmt: skip


def as_mermaid() -> str:
    """The flow as a Mermaid diagram."""
    lines = ["flowchart LR"]
    stores = sorted({store for step in FLOW for store in (*step.inputs, *step.outputs)})
    names = {store: f"s{number}" for number, store in enumerate(stores)}
    lines += [f"  {names[store]}[({store})]" for store in stores]
    for number, step in enumerate(FLOW):
        lines.append(f"  j{number}[{step.name}]")
        lines += [f"  {names[store]} --> j{number}" for store in step.inputs]
        lines += [f"  j{number} --> {names[store]}" for store in step.outputs]
    return "\n".join(lines)
