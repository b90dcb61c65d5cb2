"""What a jar says of itself: its group, and its licence."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

NOT_SAID = "not said"
_POM_NAMESPACE = re.compile(r"\{[^}]*\}")
_FIRST_WORDS = {
    "Apache License": "Apache-2.0",
    "MIT License": "MIT",
    "BSD 2-Clause": "BSD-2-Clause",
    "BSD 3-Clause": "BSD-3-Clause",
}
"""What the first lines of a licence's text mean."""
_TEXTS = (
    "META-INF/LICENSE",
    "META-INF/LICENSE.txt",
    "LICENSE",
    "LICENSE.txt",
    "META-INF/LICENSE.md",
)


@dataclass(frozen=True)
class JarFacts:
    """The Maven group of a jar, where it says one, and its licence as it calls it."""

    group: str | None
    licence: str


def facts_of_jar(path: Path, artifact: str) -> JarFacts:
    """By the project file inside of it, else by its manifest, else by the text of its licence."""
    with zipfile.ZipFile(path) as jar:
        names = jar.namelist()
        poms = [
            name for name in names
            if re.fullmatch(rf"META-INF/maven/[^/]+/{re.escape(artifact)}/pom\.xml", name)
        ]  # fmt: skip
        group = poms[0].split("/")[2] if len(poms) == 1 else None
        told = _licence_of_pom(jar.read(poms[0])) if len(poms) == 1 else None
        told = told or _licence_of_manifest(jar) or _licence_of_text(jar, names)
    return JarFacts(group, told or NOT_SAID)


def _licence_of_pom(content: bytes) -> str | None:
    tree = ElementTree.fromstring(content)  # noqa: S314 - a file whose checksum is ours
    for element in tree.iter():
        element.tag = _POM_NAMESPACE.sub("", element.tag)
    names = [one.text.strip() for one in tree.findall("licenses/license/name") if one.text]
    return ", ".join(map(_of_address, names)) or None


def _licence_of_manifest(jar: zipfile.ZipFile) -> str | None:
    try:
        text = jar.read("META-INF/MANIFEST.MF").decode(errors="replace")
    except KeyError:
        return None
    # A long line goes on after a line break and a space.
    found = re.search(r"^Bundle-License:\s*(.+)$", re.sub(r"\r?\n ", "", text), re.MULTILINE)
    if not found:
        return None
    told = found.group(1).split(";")[0].strip().strip('"')
    return _of_address(told)


def _of_address(told: str) -> str:
    """An address of a licence's text as its name: addresses are of no use in a table."""
    if "://" not in told:
        return told
    known = {"apache.org/licenses/LICENSE-2.0": "Apache-2.0", "opensource.org/licenses/MIT": "MIT",
             "bsd-license": "BSD-2-Clause", "BSD-2-Clause": "BSD-2-Clause"}  # fmt: skip
    for part, name in known.items():
        if part.lower() in told.lower():
            return name
    return told.rpartition("/")[2]


def _licence_of_text(jar: zipfile.ZipFile, names: list[str]) -> str | None:
    for name in _TEXTS:
        if name in names:
            beginning = jar.read(name)[:400].decode(errors="replace")
            for words, licence in _FIRST_WORDS.items():
                if words in beginning:
                    return licence
    return None
