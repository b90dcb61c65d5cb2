"""Fills the configuration templates of infra/ into the state folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template

from adlake.settings import REPO_ROOT

INFRA_FOLDER = REPO_ROOT / "infra"


def render(template: str, target: Path, values: Mapping[str, object], mode: int = 0o600) -> None:
    """Write infra/<template> with `values` filled in; an unknown name is a KeyError."""
    text = Template((INFRA_FOLDER / template).read_text())
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.substitute({name: str(value) for name, value in values.items()}))
    target.chmod(mode)
