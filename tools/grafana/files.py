"""Every generated file of the folder `grafana/`, as it should be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from adlake.settings import REPO_ROOT
from tools.grafana import alerting, operations, trust
from tools.grafana.frame import Frame, dashboard

OPERATIONS: Final = Frame(
    "adlake-operations", "adlake: operations",
    "Does the stream keep up, and what waits to be done? Generated: `make grafana`.",
    "now-1h", "30s",
)  # fmt: skip
TRUST: Final = Frame(
    "adlake-trust", "adlake: trust and fraud",
    "Which traffic can people not have made, and what money hangs on it? Generated: "
    "`make grafana`. Empty fields mean all, or the default of the metric.",
    "now-6h", "5m",
)  # fmt: skip


def files(root: Path = REPO_ROOT) -> dict[Path, str]:
    """Path -> text."""
    folder = root / "grafana"
    trusted = dashboard(TRUST, trust.rows())
    made = {
        folder / "dashboards" / "operations.json": dashboard(OPERATIONS, operations.rows()),
        folder / "dashboards" / "trust.json": trusted,
        folder / "provisioning" / "alerting" / "trust.json": alerting.groups(trusted),
    }
    return {path: as_json(content) for path, content in made.items()}


def as_json(content: object) -> str:
    """Text that a diff can be read of. Ends with a newline."""
    return json.dumps(content, cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"
