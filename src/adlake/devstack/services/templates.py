"""Fills the configuration templates of infra/ into the state folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template

from adlake.folders import FILES_ROOT

INFRA_FOLDER = FILES_ROOT / "infra"
PRIVATE = 0o600


def render(template: str, target: Path, values: Mapping[str, object], mode: int = PRIVATE) -> None:
    """Write infra/<template> with `values` filled in; an unknown name is a KeyError."""
    text = Template((INFRA_FOLDER / template).read_text())
    target.parent.mkdir(parents=True, exist_ok=True)
    escaped = _for_properties if target.suffix == ".properties" else str
    target.write_text(text.substitute({name: escaped(value) for name, value in values.items()}))
    target.chmod(mode)


def _for_properties(value: object) -> str:
    """A value as Java's property files have it: they are read as Latin-1."""
    text = str(value).replace("\\", "\\\\")
    units = text.encode("utf-16-be")
    codes = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    return "".join(chr(code) if code < 128 else f"\\u{code:04x}" for code in codes)
