"""The functions of src/jvm: compiled once, the same bytes each time, or a clear error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adlake.contracts.law import MAX_NESTING_DEPTH
from adlake.devstack.errors import InstallError
from adlake.devstack.install import functions, ivy
from adlake.devstack.install.fetch import fetched_folder
from adlake.devstack.install.java import Jdk, spark_jdk
from adlake.settings import Settings

SPARK_JARS = ivy.pyspark_home() / "jars"


@pytest.fixture(scope="module")
def jdk() -> Jdk:
    return spark_jdk()


@pytest.fixture(scope="module")
def compiler() -> Path:
    return fetched_folder(Settings().paths.cache.resolve(), "compiler", print)


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "sources"
    (folder / "adlake").mkdir(parents=True)
    (folder / "adlake" / "One.java").write_text("package adlake;\npublic final class One {}\n")
    monkeypatch.setattr(functions, "SOURCES", folder)
    return folder


def test_the_same_sources_give_the_same_bytes_and_are_compiled_once(
    tmp_path: Path, sources: Path, jdk: Jdk, compiler: Path
) -> None:
    told: list[str] = []
    here, there = (
        functions.compiled(tmp_path / cache, jdk, compiler, SPARK_JARS, told.append)
        for cache in ("here", "there")
    )
    assert here.name == there.name
    assert (here / functions.JAR).read_bytes() == (there / functions.JAR).read_bytes()
    assert told == ["Spark's functions are compiled"] * 2
    again = functions.compiled(tmp_path / "here", jdk, compiler, SPARK_JARS, told.append)
    assert (again, len(told)) == (here, 2)
    (sources / "adlake" / "One.java").write_text("package adlake;\npublic class One {}\n")
    other = functions.compiled(tmp_path / "here", jdk, compiler, SPARK_JARS, told.append)
    assert (other != here, len(told)) == (True, 3)


@pytest.mark.parametrize(
    "fault",
    [("int a = ;", "Syntax error"), ("private int unused;", "unused is not used")],
    ids=["an error", "a warning"],
)
def test_sources_with_faults_leave_nothing(
    tmp_path: Path, sources: Path, jdk: Jdk, compiler: Path, fault: tuple[str, str]
) -> None:
    body, said = fault
    (sources / "adlake" / "One.java").write_text(f"package adlake;\nclass One {{ {body} }}\n")
    with pytest.raises(InstallError, match=f"(?s)do not compile.*{said}"):
        functions.compiled(tmp_path / "cache", jdk, compiler, SPARK_JARS, print)
    assert list((tmp_path / "cache" / functions.FOLDER).iterdir()) == []


def test_what_spark_is_given_is_what_the_sources_say(jdk: Jdk, compiler: Path) -> None:
    """A source that was changed after `make install` would be tested in its old form."""
    cache = Settings().paths.cache.resolve()
    compiled = functions.compiled(cache, jdk, compiler, SPARK_JARS, print)
    linked = (SPARK_JARS / functions.JAR).resolve()
    assert linked == compiled / functions.JAR, "run `make install`"


def test_the_reader_has_the_depth_of_the_law() -> None:
    source = (functions.SOURCES / "adlake" / "payload" / "StrictReader.java").read_text()
    [depth] = re.findall(r"MAX_NESTING_DEPTH = (\d+);", source)
    assert int(depth) == MAX_NESTING_DEPTH
