"""Spark's class archive with real JVMs: classes come from it, and a wrong one is no word worth."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from adlake.devstack.install.class_archive import options_of_user, own_place
from adlake.devstack.install.ivy import pyspark_home
from adlake.devstack.install.java import spark_jdk
from adlake.settings import REPO_ROOT

pytestmark = pytest.mark.spark

SESSION = """
import sys
from dataclasses import replace
from pathlib import Path
from adlake.io.spark.session import build_session
from tests.fixtures.sessions import resources_of

asked = resources_of("800m")
classes = f"-Xlog:class+load:file={sys.argv[1]}/classes.log"
resources = replace(
    asked, java_options=(*asked.java_options, classes), output_file=Path(sys.argv[1], "spark.log")
)
session = build_session("classes", resources)
print(session.range(3).selectExpr("sum(id) AS s").collect()[0].s)
session.stop()
"""


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=REPO_ROOT, capture_output=True, text=True, timeout=580,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one of this environment, made if need be: by a process of its own, as Spark has one."""
    folder = tmp_path_factory.mktemp("home")
    program = (
        "import sys; from adlake.settings import Settings; "
        "from adlake.wiring.class_archive import make_class_archive; "
        "print(make_class_archive(Settings({'ADLAKE_HOME': sys.argv[1]}), lambda _: None))"
    )
    return Path(run("-c", program, str(folder)).splitlines()[-1])


def test_a_session_takes_nearly_all_its_classes_from_it(archive: Path, tmp_path: Path) -> None:
    assert run("-c", SESSION, str(tmp_path)) == "3\n"
    log = (tmp_path / "classes.log").read_text().splitlines()
    ours = sum("shared objects file (top)" in line for line in log)
    from_jars = sum(f"source: file:{pyspark_home()}" in line for line in log)
    assert ours > 6_000, f"{ours} classes from {archive}, {from_jars} from jars"
    assert from_jars < ours / 10
    said = (tmp_path / "spark.log").read_text()
    assert not [word for word in ("cds", "[class,path]", "hared archive") if word in said]


def text(path: Path, _archive: Path) -> None:
    path.write_text("no archive")


def nothing(_path: Path, _archive: Path) -> None:
    pass


def folder(path: Path, _archive: Path) -> None:
    path.mkdir()


def same(path: Path, archive: Path) -> None:
    path.symlink_to(archive)


@pytest.mark.parametrize(
    ("lay", "options"),
    [
        (text, ()), (nothing, ()), (folder, ()),
        (same, ("-cp", "/nosuch.jar")),
        (same, ("-XX:ObjectAlignmentInBytes=16",)),
        (same, ("-XX:+UseZGC",)),
    ],
)  # fmt: skip
def test_java_starts_with_an_archive_that_does_not_fit_and_says_nothing(
    archive: Path, tmp_path: Path, lay: Callable[[Path, Path], None], options: tuple[str, ...]
) -> None:
    path = tmp_path / "given.jsa"
    lay(path, archive)
    java = spark_jdk().java
    done = subprocess.run(
        [java, *options_of_user(path), *options, "-version"],
        env={"LANG": "C.UTF-8"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
    assert all("penJDK" in line or "openjdk" in line for line in done.stderr.splitlines())


def test_a_cut_one_would_end_java_and_is_not_given_to_it(archive: Path, tmp_path: Path) -> None:
    place = own_place("")
    assert place.find() == archive
    content = archive.read_bytes()
    cut = tmp_path / archive.name
    cut.write_bytes(content[: len(content) // 2])
    assert type(place)(tmp_path, place.key).find() is None
