"""Fetches servers and jars into the cache and says where they are; quick when all is there."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from adlake.devstack.errors import InstallError
from adlake.devstack.install import checksums, functions, ivy
from adlake.devstack.install.installation import Installation
from adlake.devstack.install.java import Jdk, spark_jdk, trino_java
from adlake.devstack.install.progress import DownloadProgress
from adlake.devstack.install.unpack import unpack_tar
from adlake.devstack.install.versions import read_versions
from adlake.devstack.locks import exclusive
from adlake.devstack.services.postgres_place import find_postgres_bin

SETS = ("compiler", "kafka", "spark", "trino")
S3_SET = "spark-s3"
"""Only for a warehouse on s3://."""
NESSIE_SET, REST_SET = "nessie", "rest-catalog"
"""REST catalogs, for drills."""
DELTA_SET = "delta"
"""For `make bench-peers`."""
DOWNLOAD_SECONDS = 3_600.0
Report = Callable[[str], None]


@dataclass(frozen=True)
class FileSet:
    """A group of files that is fetched and checked together."""

    name: str
    expected: tuple[checksums.Expected, ...]
    folder: Path
    """Complete when it exists: its name depends on the content."""
    plugins: tuple[str, ...] = ()
    """Parts of the archive to unpack; none: the files are used as they are."""


def install(cache: Path, report: Report, *, with_s3: bool = False) -> Installation:
    """Everything the services need, fetched where missing; raises InstallError."""
    jdk = spark_jdk()
    sets = _fetched(cache, jdk, (*SETS, S3_SET) if with_s3 else SETS, report)
    jars = ivy.pyspark_home() / "jars"
    link_spark_jars(sets["spark"].folder, jars, cache / "spark")
    compiled = functions.compiled(cache, jdk, sets["compiler"].folder, jars, report)
    link_spark_jars(compiled, jars, cache / functions.FOLDER)
    if with_s3:
        link_spark_jars(sets[S3_SET].folder, jars, cache / S3_SET)
    return Installation(
        python=Path(sys.executable),
        jdk=jdk,
        trino_java=trino_java(),
        spark_jars=sets["spark"].folder,
        kafka_lib=sets["kafka"].folder,
        trino_home=sets["trino"].folder,
        postgres_bin=find_postgres_bin(),
    )


def copy_spark_jars(cache: Path, target: Path, report: Report) -> None:
    """Put the jars that Spark needs beside its own into `target`, for an image; InstallError."""
    jdk = spark_jdk()
    target.mkdir(parents=True, exist_ok=True)
    sets = _fetched(cache, jdk, ("compiler", "spark", S3_SET), report)
    compiler = sets.pop("compiler").folder
    compiled = functions.compiled(cache, jdk, compiler, ivy.pyspark_home() / "jars", report)
    for folder in (compiled, *(one.folder for one in sets.values())):
        for jar in folder.glob("*.jar"):
            shutil.copyfile(jar, target / jar.name)


def fetched_folder(cache: Path, name: str, report: Report) -> Path:
    """The folder of one set, fetched where it is missing; raises InstallError."""
    jdk = spark_jdk()
    return _fetched(cache, jdk, (name,), report)[name].folder


def _fetched(cache: Path, jdk: Jdk, names: Sequence[str], report: Report) -> dict[str, FileSet]:
    versions = read_versions()
    sets = {one.name: one for one in file_sets(cache, versions, names)}
    missing = [one for one in sets.values() if not one.folder.is_dir()]
    if missing:
        expected = {one.name: sum(item.size_bytes for item in one.expected) for one in missing}
        megabytes = sum(expected.values()) / 1e6
        report(f"fetching {', '.join(expected)} ({megabytes:.0f} MB, once per machine)")
        fetcher = _Fetcher(cache, jdk, versions, DownloadProgress(expected), report)
        _fetch_all(fetcher, missing)
    return sets


def file_sets(
    cache: Path, versions: dict[str, str], names: Sequence[str] = SETS
) -> tuple[FileSet, ...]:
    """Sets of infra/checksums.txt with their place in the cache."""
    listed = checksums.read_checksums()
    sets = []
    for name in names:
        expected = tuple(item for item in listed if item.set_name == name)
        plugins = tuple(versions["TRINO_PLUGINS"].split()) if name == "trino" else ()
        suffix = "".join(f"-{plugin}" for plugin in plugins)
        folder = cache / name / f"{checksums.digest_of(expected)}{suffix}"
        sets.append(FileSet(name, expected, folder, plugins))
    return tuple(sets)


def link_spark_jars(source: Path, jars: Path, ours: Path) -> None:
    """Put our jars beside PySpark's own: any session and spark-submit of this venv has them.

    Links into `ours`, the folder of all versions of this set, that lead elsewhere now are removed.
    """
    for stale in jars.iterdir():
        if (
            stale.is_symlink()
            and stale.readlink().is_relative_to(ours)
            and not (source / stale.name).exists()
        ):
            stale.unlink(missing_ok=True)
    for jar in source.glob("*.jar"):
        link = jars / jar.name
        if link.is_symlink() and link.readlink() == jar:
            continue
        # Two commands may do this at once.
        scratch = jars / f".{jar.name}.{os.getpid()}.linking"
        scratch.unlink(missing_ok=True)
        scratch.symlink_to(jar)
        scratch.replace(link)


@dataclass(frozen=True)
class _Fetcher:
    cache: Path
    jdk: Jdk
    versions: dict[str, str]
    progress: DownloadProgress
    report: Report
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set when the command ends early: no download goes on after it."""

    def fetch(self, one: FileSet) -> None:
        download = self.cache / "downloads" / one.folder.name
        ivy_cache = self.cache / "ivy" / one.name
        if not _is_complete(download, one):
            shutil.rmtree(download, ignore_errors=True)
            ivy.retrieve(
                one.name, download, ivy_cache=ivy_cache, jdk=self.jdk, versions=self.versions,
                log_file=self.cache / "logs" / f"{one.name}.log",
                progress=self.progress.of(one.name), cancelled=self.cancelled,
            )  # fmt: skip
        try:
            checksums.verify(download, one.expected)
        except InstallError:
            shutil.rmtree(download, ignore_errors=True)
            shutil.rmtree(ivy_cache, ignore_errors=True)
            raise
        shutil.rmtree(ivy_cache, ignore_errors=True)
        publish(download, one)
        self.report(f"{one.name} is fetched and checked")


def _fetch_all(fetcher: _Fetcher, sets: list[FileSet]) -> None:
    lock_file = fetcher.cache / "install.lock"
    with (
        exclusive(lock_file, "the download", wait_seconds=DOWNLOAD_SECONDS, report=fetcher.report),
        ThreadPoolExecutor(max_workers=len(sets)) as pool,
    ):
        # Another process may have fetched some while we waited for the lock.
        missing = [one for one in sets if not one.folder.is_dir()]
        try:
            for done in [pool.submit(fetcher.fetch, one) for one in missing]:
                done.result()
        except BaseException:
            fetcher.cancelled.set()
            raise


def publish(download: Path, one: FileSet) -> None:
    """Turn checked files into the folder that is used, in one step."""
    if not one.plugins:
        one.folder.parent.mkdir(parents=True, exist_ok=True)
        download.rename(one.folder)
        return
    wanted = ("lib/", "bin/", *(f"plugin/{plugin}/" for plugin in one.plugins))
    unpack_tar(
        download / one.expected[0].file_name, one.folder, lambda name: name.startswith(wanted)
    )
    shutil.rmtree(download)


def _is_complete(download: Path, one: FileSet) -> bool:
    return all(
        (download / item.file_name).is_file()
        and (download / item.file_name).stat().st_size == item.size_bytes
        for item in one.expected
    )
