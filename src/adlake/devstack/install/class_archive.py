"""Spark's class archive: classes that one JVM loaded and checked, mapped by those after it.

A JVM that is given an archive of other jars or of another Java leaves it aside, and only starts
slower. But one that is cut or damaged ends it at once. So an archive is named by what it was made
for and by the checksum of its content, and no other file is ever given to a JVM (ADR 0034).
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adlake.devstack.errors import InstallError
from adlake.devstack.install.ivy import pyspark_home
from adlake.devstack.install.java import Jdk, spark_jdk
from adlake.devstack.locks import exclusive

FOLDER = "class-archive"
TRAINING = 2
"""Raise it when archives made before shall be made again: other statements are trained."""
MAKING_SECONDS = 1_800.0
"""For whoever waits while another process makes the archive, perhaps at the lowest priority."""
_BLOCK_BYTES = 1 << 20
_QUIET = ("-Xshare:auto", "-Xlog:cds*=off", "-Xlog:class+path*=off")
"""No archive is better than a wrong one, and no line of a log says so. Tags of Java 17 and 21."""
_SHORT_LIVED = ("-XX:TieredStopAtLevel=1",)
"""Its maker ends before the second compiler could pay off; the archive is for any JVM."""
_LAYOUT = re.compile(
    r"-XX:([+-]Use(ZGC|CompressedOops|CompressedClassPointers)$|ObjectAlignmentInBytes=)"
)
"""Options of a JVM that can only use archives made with the same ones."""


@dataclass(frozen=True)
class ArchivePlace:
    """Where the archive for one class path and one Java lies, made or not."""

    folder: Path
    key: str
    layout: tuple[str, ...] = ()
    """What the making JVM has to be told."""

    def find(self) -> Path | None:
        """The archive, whole; None: there is none yet, or none that can be trusted."""
        for path in sorted(self.folder.glob(f"{self.key}-*.jsa")):
            try:
                if path.stem == f"{self.key}-{_checksum(path)}":
                    return path
            except OSError:  # removed while we looked
                continue
        return None

    def publish(self, made: Path) -> Path:
        """Put a finished archive in its place in one step; those before it are removed."""
        # Whole on the disk before it has its name: also after a loss of power.
        with made.open("rb") as stream:
            os.fsync(stream.fileno())
        target = self.folder / f"{self.key}-{_checksum(made)}.jsa"
        made.replace(target)
        for older in self.folder.glob("*.jsa"):
            if older != target:
                older.unlink(missing_ok=True)
        return target

    @contextmanager
    def making(self, report: Callable[[str], None]) -> Iterator[Path]:
        """A scratch folder for the one process that makes archives here; waits for another one."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InstallError(f"cannot make {self.folder}: {error.strerror}") from error
        lock = self.folder / "making.lock"
        with exclusive(lock, "the class archive", wait_seconds=MAKING_SECONDS, report=report):
            for left in self.folder.glob("making-*/"):  # by one that was killed
                shutil.rmtree(left, ignore_errors=True)
            scratch = Path(tempfile.mkdtemp(prefix="making-", dir=self.folder))
            try:
                yield scratch
            finally:
                shutil.rmtree(scratch, ignore_errors=True)


def own_place(java_options: str) -> ArchivePlace:
    """The place for the sessions of this environment; DevstackError: there is no Java for them."""
    return archive_place(spark_jdk(), pyspark_home(), java_options)


def archive_place(jdk: Jdk, spark_home: Path, java_options: str) -> ArchivePlace:
    """The place for this Java, the jars of this Spark and the options of its JVM."""
    layout = tuple(one for one in shlex.split(java_options) if _LAYOUT.match(one))
    parts = [str(TRAINING), *layout, *_java_facts(jdk), *_class_path_facts(spark_home)]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return ArchivePlace(spark_home / FOLDER, f"spark-{digest[:12]}", layout)


def options_of_user(archive: Path | None) -> tuple[str, ...]:
    """Options of a JVM that takes its classes from the archive."""
    return () if archive is None else (f"-XX:SharedArchiveFile={archive}", *_QUIET)


def options_of_maker(archive: Path, layout: tuple[str, ...]) -> tuple[str, ...]:
    """Options of a JVM that leaves the classes it has loaded when it ends."""
    collector = () if "-XX:+UseZGC" in layout else ("-XX:+UseSerialGC",)
    return (f"-XX:ArchiveClassesAtExit={archive}", *_SHORT_LIVED, *collector, *layout)


def _java_facts(jdk: Jdk) -> Iterator[str]:
    """What tells one build of Java from another, also after an update in place."""
    home = jdk.home.resolve()
    yield str(home)
    for path in (home / "release", *sorted((home / "lib" / "server").glob("libjvm.*"))):
        yield _facts(path)


def _class_path_facts(spark_home: Path) -> Iterator[str]:
    """The jars in the order in which a JVM finds them: it goes by the order of the folder, too."""
    jars = spark_home / "jars"
    yield str(jars)
    try:
        names = os.listdir(jars)  # noqa: PTH208 - in the order of the folder
    except OSError:
        return
    for name in names:
        if name.endswith(".jar"):
            yield f"{name} {_facts(jars / name)}"


def _facts(path: Path) -> str:
    try:
        seen = path.stat()
    except OSError:
        return "none"
    return f"{seen.st_size} {seen.st_mtime_ns}"


def _checksum(path: Path) -> str:
    """Of the content; a tenth of a second for two hundred megabytes."""
    found = 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            found = zlib.crc32(block, found)
    return f"{found:08x}"
