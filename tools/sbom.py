"""Lists what adlake is made of (`make sbom`): infra/sbom.cdx.json and docs/licences.md.

One CycloneDX 1.6 file for the Python packages of requirements.lock and requirements-notebook.lock,
the jars and servers of infra/checksums.txt, and the images of docker-compose.yml. Names, versions
and checksums come from those files (a package has one for each platform: they stay in the lock
file); a licence is what the installed package or the jar itself says of it. No time and no random
number gets into the file, so a change of it is a change of the parts.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from adlake.devstack.install.checksums import Expected, read_checksums
from adlake.settings import REPO_ROOT, Settings
from tools.digests import registry_images
from tools.jars import NOT_SAID, JarFacts, facts_of_jar
from tools.lock import locked

BILL = REPO_ROOT / "infra" / "sbom.cdx.json"
PAGE = REPO_ROOT / "docs" / "licences.md"
LOCKS = ("requirements.lock", "requirements-notebook.lock")
_JAR = re.compile(r"^(.+?)-(\d[^/]*?)\.(?:jar|tar\.gz)$")
_HEADING = """# Licences
Written by `make sbom` from what each package or jar says of itself; `not said` means that it says
nothing that a program can read. The same list with checksums, as CycloneDX 1.6:
[sbom.cdx.json](../infra/sbom.cdx.json). The jars inside of PySpark and of Trino's archive come with
these and are not listed one by one. adlake itself: Apache-2.0.

| kind | name | version | licence |
| --- | --- | --- | --- |
"""


def main() -> int:
    """Write both files."""
    parts = components(Settings().paths.cache.resolve())
    BILL.write_text(as_json(parts))
    PAGE.write_text(as_page(parts))
    sys.stdout.write(f"{len(parts)} parts: {BILL.name}, {PAGE.name}\n")
    return 0


def components(cache: Path) -> list[Component]:
    """Every part; the jars are looked into where they lie, under the cache of downloads."""
    return [*python_packages(), *jars(read_checksums(), cache), *images()]


def python_packages() -> Iterator[Component]:
    """The packages of the lock files, each once."""
    texts = "".join((REPO_ROOT / lock).read_text() for lock in LOCKS)
    for name, version in sorted(locked(texts)):
        purl = PackageURL("pypi", None, name, version)
        yield _component(ComponentType.LIBRARY, purl, _licence_of_package(name))


def jars(expected: tuple[Expected, ...], cache: Path) -> Iterator[Component]:
    """The files of the list of checksums, by what they say of themselves in the cache."""
    lying = {path.name: path for path in cache.glob("*/*/**/*.jar")}
    once = {one.file_name: one for one in expected}  # two sets may share a jar
    for one in sorted(once.values(), key=lambda item: (item.set_name, item.file_name)):
        named = _JAR.match(one.file_name)
        name, version = named.groups() if named else (one.file_name, "")
        path = lying.get(one.file_name)
        facts = facts_of_jar(path, name) if path else JarFacts(None, NOT_SAID)
        purl = PackageURL("maven", facts.group, name, version)
        yield _component(ComponentType.LIBRARY, purl, facts.licence, [one.sha256])


def images() -> Iterator[Component]:
    """The images that the compose file takes from a registry."""
    compose = yaml.safe_load((REPO_ROOT / "docker-compose.yml").read_text())
    for image in sorted(set(registry_images(compose).values())):
        name, _, tag = image.partition(":")
        group, _, short = name.rpartition("/")
        yield _component(
            ComponentType.CONTAINER, PackageURL("docker", group or None, short, tag), NOT_SAID
        )


def as_json(parts: list[Component]) -> str:
    """The bill of materials as text; the same parts give the same text."""
    bill = Bom(components=parts)
    ours = Component(name="adlake", type=ComponentType.APPLICATION, bom_ref="adlake")
    bill.metadata.component = ours
    bill.register_dependency(ours, parts)
    document = json.loads(JsonV1Dot6(bill).output_as_string())
    del document["metadata"]["timestamp"]
    names = "\n".join(str(part.purl) for part in parts)
    document["serialNumber"] = f"urn:uuid:{uuid5(NAMESPACE_URL, names)}"
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def as_page(parts: list[Component]) -> str:
    """The table of licences."""
    lines = []
    for part in parts:
        kind = part.purl.type if part.purl else ""
        name = f"{part.group}/{part.name}" if part.group else part.name
        licences = ", ".join(sorted(_said(one) for one in part.licenses)) or NOT_SAID
        lines.append(f"| {kind} | {name} | {part.version} | {licences} |\n")
    return _HEADING + "".join(lines)


def _component(
    kind: ComponentType, purl: PackageURL, licence: str, sha256: Iterable[str] = ()
) -> Component:
    return Component(
        type=kind, group=purl.namespace, name=purl.name, version=purl.version, purl=purl,
        bom_ref=purl.to_string(),
        licenses=[] if licence == NOT_SAID else [LicenseFactory().make_from_string(licence)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in sha256],
    )  # fmt: skip


def _said(licence: object) -> str:
    for attribute in ("value", "id", "name"):
        told = getattr(licence, attribute, None)
        if told:
            return str(told)
    return NOT_SAID


def _licence_of_package(name: str) -> str:
    """What an installed package says: its expression, else its classifiers, else its field."""
    try:
        told: Any = metadata.metadata(name)
    except metadata.PackageNotFoundError:  # of another system, or of a newer Python
        return NOT_SAID
    expression = told.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = [
        one.rpartition(" :: ")[2]
        for one in told.get_all("Classifier") or []
        if one.startswith("License :: ") and one != "License :: OSI Approved"
    ]
    if classifiers:
        return ", ".join(classifiers)
    field = (told.get("License") or "").strip()
    # Some packages put the whole text there.
    return field if field and "\n" not in field and len(field) < 80 else NOT_SAID


if __name__ == "__main__":
    sys.exit(main())
