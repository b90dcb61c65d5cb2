"""The list of what adlake is made of: valid, and of the same parts as the files it is made from."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from adlake.devstack.install.checksums import read_checksums
from tools.jars import JarFacts, facts_of_jar
from tools.sbom import BILL, PAGE, as_json, components, images, python_packages

POM = """<project xmlns="http://maven.example/POM"><licenses><license>
<name>The Licence</name></license></licenses></project>"""


def test_the_file_is_valid_cyclonedx() -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(BILL.read_text()) is None


def test_it_lists_the_packages_jars_and_images_of_today() -> None:
    parts = json.loads(BILL.read_text())["components"]
    listed = {(one["name"], one["version"]) for one in parts}
    for part in (*python_packages(), *images()):
        assert (part.name, part.version) in listed, "run `make sbom`"
    told = {digest["content"] for one in parts for digest in one.get("hashes", ())}
    assert told == {one.sha256 for one in read_checksums()}
    wanted = len([*python_packages(), *images()]) + len({one.file_name for one in read_checksums()})
    assert len(listed) == wanted


def test_every_part_has_a_line_on_the_page() -> None:
    page = PAGE.read_text()
    for one in json.loads(BILL.read_text())["components"]:
        name = f"{one['group']}/{one['name']}" if "group" in one else one["name"]
        assert f"| {name} | {one['version']} |" in page, "run `make sbom`"


def test_the_same_parts_give_the_same_text(tmp_path: Path) -> None:
    assert as_json(components(tmp_path)) == as_json(components(tmp_path))


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"META-INF/maven/org.example/thing/pom.xml": POM}, JarFacts("org.example", "The Licence")),
        (
            {"META-INF/MANIFEST.MF": "Bundle-License: https://some.exa\n mple/MIT\n"},
            JarFacts(None, "MIT"),
        ),
        (
            {"META-INF/MANIFEST.MF": "Bundle-License: http://apache.org/licenses/LICENSE-2.0\n"},
            JarFacts(None, "Apache-2.0"),
        ),
        ({"LICENSE": "   Apache License\n  Version 2.0"}, JarFacts(None, "Apache-2.0")),
        ({"other": ""}, JarFacts(None, "not said")),
    ],
)
def test_what_a_jar_says_of_itself(tmp_path: Path, files: dict[str, str], wanted: JarFacts) -> None:
    path = tmp_path / "thing-1.jar"
    with zipfile.ZipFile(path, "w") as jar:
        for name, content in files.items():
            jar.writestr(name, content)
    assert facts_of_jar(path, "thing") == wanted
