"""Files beside the lake that tell of its proofs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def replace_file(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document as JSON; a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(document, indent=1), encoding="utf-8")
    draft.replace(path)
