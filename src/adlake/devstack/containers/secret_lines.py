"""The generated passwords of the container form: lines of `.env` beside docker-compose.yml.

Compose reads that file by itself. Only the standard library is used: `make secrets` runs it with
any Python, before anything is installed. A line that is there stays.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

PREFIX = "LAKEHOUSE_"
PROJECT = {"COMPOSE_PROJECT_NAME": "adlake"}
"""So that `make up` and `docker-compose up` mean the same containers and volumes."""
SECRETS = {
    "LAKEHOUSE_POSTGRES_ADMIN_PASSWORD": "administrator of Postgres",
    "LAKEHOUSE_POSTGRES_OWNER_PASSWORD": "owner of the catalog database, who migrates it",
    "LAKEHOUSE_POSTGRES_PASSWORD": "role that commits",
    "LAKEHOUSE_METABASE_DATABASE_PASSWORD": "Metabase's own database",
    "LAKEHOUSE_METABASE_ENCRYPTION_KEY": "what Metabase encrypts its connections with",
    "LAKEHOUSE_METABASE_PASSWORD": "login of Metabase",
    "LAKEHOUSE_GRAFANA_PASSWORD": "login of Grafana",
    "LAKEHOUSE_STORE_ADMIN_SECRET": "login of the object store's console",
    "LAKEHOUSE_STORE_SPARK_SECRET": "key of Spark, which writes the lake",
    "LAKEHOUSE_STORE_TRINO_SECRET": "key of Trino, which reads it",
    "LAKEHOUSE_STORE_READER_SECRET": "key of PyIceberg, which reads it",
    "LAKEHOUSE_STORE_REST_SECRET": "key of the REST catalog, which writes tables' metadata",
    "LAKEHOUSE_TRINO_INTERNAL_SECRET": "signs Trino's requests to itself",
    "LAKEHOUSE_NOTEBOOK_TOKEN": "key to JupyterLab",
}
"""Name -> what it opens."""
_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$")
_HEADING = "# Passwords of the container form, made by `make secrets`. Nobody else's business."


def add_missing(file: Path) -> list[str]:
    """Append what `.env` lacks, for its owner alone; returns the names that were added."""
    there = read_lines(file)
    wanted = {**PROJECT, **{name: _new() for name in SECRETS}}
    missing = {name: value for name, value in wanted.items() if name not in there}
    if not missing:
        return []
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    if before and not before.endswith("\n"):
        before += "\n"
    lines = "".join(f"{name}={value}\n" for name, value in missing.items())
    scratch = file.with_name(file.name + ".writing")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(f"{before}{_HEADING}\n{lines}")
    scratch.replace(file)
    return list(missing)


def read_lines(file: Path) -> Mapping[str, str]:
    """NAME -> value of the lines of `.env` that have one; nothing when there is no file."""
    if not file.exists():
        return {}
    found = (_LINE.match(line) for line in file.read_text(encoding="utf-8").splitlines())
    return {one[1]: one[2].strip("'\"") for one in found if one is not None and one[2]}


def _new() -> str:
    # Hexadecimal: no letter of it means anything to compose, a shell, a URL or a property file.
    # The ending is for servers that want several kinds of letters.
    return secrets.token_hex(20) + "aA1"
