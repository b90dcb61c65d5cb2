"""The layers of docs/architecture.md, from the contract that import-linter holds."""

from __future__ import annotations

import tomllib
from typing import Final

from adlake.settings import REPO_ROOT
from tools.pages.markdown import as_table

CONTRACT: Final = "layers"


def layers() -> str:
    """Rooms by layer, the upper ones first."""
    told = tomllib.loads((REPO_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = [
        one for one in told["tool"]["importlinter"]["contracts"] if one["type"] == CONTRACT
    ]
    rows = [
        (number, ", ".join(f"`{room.strip()}`" for room in layer.split("|")))
        for number, layer in enumerate(contract["layers"], start=1)
    ]
    return as_table(("layer", "rooms"), rows)
