"""The command line: parses, calls, prints; nothing else.

Settings are read here and passed on. Commands import what they need themselves, so that
`adlake status` does not pay for Spark.
"""

from adlake.cli import (
    alerts,
    budgets,
    containers,
    contracts,
    data,
    dims,
    generate,
    ingest_files,
    jobs,
    lake,
    metabase,
    models,
    notebook,
    quarantine,
    replay,
    rollups,
    send,
    serve,
    source,
    stack,
    topics,
    views,
)
from adlake.cli.application import app, main

__all__ = [
    "alerts", "app", "budgets", "containers", "contracts", "data", "dims", "generate",
    "ingest_files", "jobs", "lake", "main", "metabase", "models", "notebook", "quarantine",
    "replay", "rollups", "send", "serve", "source", "stack", "topics", "views",
]  # fmt: skip
