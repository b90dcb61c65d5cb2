"""Compiles the functions that Spark is given beside its own (src/jvm), into one jar.

They are compiled where they run, so that no program that nobody can read lies in the repo. The
compiler is a jar as well: a Java that has none is enough.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from adlake.devstack.errors import InstallError
from adlake.devstack.install.java import Jdk
from adlake.devstack.install.unpack import complete_or_absent
from adlake.environment import LOCALE
from adlake.folders import FILES_ROOT

SOURCES = FILES_ROOT / "src" / "jvm"
FOLDER = "functions"
"""Of the cache."""
JAR = "adlake-functions.jar"
COMPILE_SECONDS = 120.0
_SAME_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every file in the jar: the same sources give the same bytes."""
_OPTIONS = ("-17", "-proc:none", "-failOnWarning", "-encoding", "UTF-8")


def compiled(
    cache: Path, jdk: Jdk, compiler: Path, spark_jars: Path, report: Callable[[str], None]
) -> Path:
    """The folder of the jar, compiled where it is missing.

    Args:
        cache: of all downloads.
        jdk: runs the compiler.
        compiler: folder of the compiler's jar.
        spark_jars: what the functions are compiled against.
        report: is told when something is compiled.

    Raises:
        InstallError: the sources do not compile.
    """
    folder = place_of(cache, compiler, spark_jars)
    if folder.is_dir():
        return folder
    with complete_or_absent(folder) as made, tempfile.TemporaryDirectory() as classes:
        _compile(Path(classes), jdk, compiler, spark_jars)
        _pack(Path(classes), made / JAR)
        made.chmod(0o755)
    report("Spark's functions are compiled")
    return folder


def place_of(cache: Path, compiler: Path, spark_jars: Path) -> Path:
    """The folder for these sources, compiled or not: other sources, another name."""
    digest = hashlib.sha256()
    facts = [compiler.name, *_OPTIONS, *sorted(jar.name for jar in spark_jars.glob("spark-*.jar"))]
    digest.update("\n".join(facts).encode())
    for source in _sources():
        digest.update(f"\n{source.relative_to(SOURCES).as_posix()}\n".encode())
        digest.update(source.read_bytes())
    return cache / FOLDER / digest.hexdigest()[:16]


def _sources() -> list[Path]:
    return sorted(SOURCES.rglob("*.java"))


def _compile(classes: Path, jdk: Jdk, compiler: Path, spark_jars: Path) -> None:
    [jar] = compiler.glob("*.jar")
    others = sorted(one for one in spark_jars.glob("*.jar") if one.name != JAR)
    class_path = os.pathsep.join(map(str, others))
    done = subprocess.run(
        [str(jdk.java), "-jar", str(jar), *_OPTIONS, "-classpath", class_path, "-d", str(classes),
         *map(str, _sources())],
        env=LOCALE, capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise InstallError(f"the sources in {SOURCES} do not compile:\n{done.stderr.strip()}")


def _pack(classes: Path, jar: Path) -> None:
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as packed:
        for one in sorted(classes.rglob("*.class")):
            name = one.relative_to(classes).as_posix()
            packed.writestr(zipfile.ZipInfo(name, _SAME_TIME), one.read_bytes())
