"""Downloads: checked byte for byte, complete or absent."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from adlake.devstack.errors import InstallError
from adlake.devstack.install import checksums, ivy
from adlake.devstack.install.fetch import (
    DELTA_SET,
    NESSIE_SET,
    REST_SET,
    S3_SET,
    SETS,
    FileSet,
    file_sets,
    link_spark_jars,
    publish,
)
from adlake.devstack.install.unpack import complete_or_absent, unpack_tar
from adlake.devstack.install.versions import read_versions
from adlake.settings import REPO_ROOT


@pytest.fixture
def download(tmp_path: Path) -> Path:
    folder = tmp_path / "download"
    folder.mkdir()
    (folder / "a.jar").write_bytes(b"content of a")
    (folder / "b.jar").write_bytes(b"content of b")
    return folder


def expected_of(folder: Path, tmp_path: Path) -> tuple[checksums.Expected, ...]:
    list_file = tmp_path / "checksums.txt"
    list_file.write_text(checksums.record({"kafka": folder}))
    return checksums.read_checksums(list_file)


def test_a_flipped_bit_is_refused(download: Path, tmp_path: Path) -> None:
    expected = expected_of(download, tmp_path)
    checksums.verify(download, expected)
    content = bytearray((download / "b.jar").read_bytes())
    content[3] ^= 1
    (download / "b.jar").write_bytes(content)
    with pytest.raises(InstallError, match=r"b\.jar has sha256 .* damaged or was changed"):
        checksums.verify(download, expected)


def test_a_missing_and_an_unknown_file_are_refused(download: Path, tmp_path: Path) -> None:
    expected = expected_of(download, tmp_path)
    (download / "c.jar").write_bytes(b"nobody asked for this")
    with pytest.raises(InstallError, match=r"c\.jar is not in infra/checksums\.txt"):
        checksums.verify(download, expected)
    (download / "c.jar").unlink()
    (download / "a.jar").unlink()
    with pytest.raises(InstallError, match=r"not downloaded: a\.jar"):
        checksums.verify(download, expected)


def test_the_committed_list_matches_the_versions() -> None:
    versions = read_versions()
    names = {item.file_name for item in checksums.read_checksums()}
    scala = versions["SCALA_BINARY"]
    assert f"kafka_{scala}-{versions['KAFKA_VERSION']}.jar" in names
    assert f"trino-server-{versions['TRINO_VERSION']}.tar.gz" in names
    assert f"spark-sql-kafka-0-10_{scala}-{versions['SPARK_VERSION']}.jar" in names
    iceberg = f"iceberg-spark-runtime-{versions['ICEBERG_SPARK']}_{scala}"
    assert f"{iceberg}-{versions['ICEBERG_VERSION']}.jar" in names
    assert f"nessie-quarkus-{versions['NESSIE_VERSION']}-runner.jar" in names
    named = {*SETS, S3_SET, DELTA_SET, NESSIE_SET, REST_SET}
    assert {item.set_name for item in checksums.read_checksums()} == named


def test_the_folder_name_follows_the_content(tmp_path: Path) -> None:
    versions = read_versions()
    before = {one.name: one.folder for one in file_sets(tmp_path, versions)}
    after = {
        one.name: one.folder for one in file_sets(tmp_path, versions | {"TRINO_PLUGINS": "iceberg"})
    }
    assert before["trino"] != after["trino"]
    assert before["kafka"] == after["kafka"]


def make_archive(path: Path, cut_at: int | None = None) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name in ("lib/core.jar", "plugin/unwanted/shared.jar", "plugin/wanted/own.jar"):
            content = os.urandom(40_000)
            member = tarfile.TarInfo(f"server-1/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for target in ("lib/core.jar", "plugin/unwanted/shared.jar"):
            link = tarfile.TarInfo(f"server-1/plugin/wanted/linked-{Path(target).name}")
            link.type = tarfile.LNKTYPE
            link.linkname = f"server-1/{target}"
            tar.addfile(link)
    if cut_at is not None:
        path.write_bytes(path.read_bytes()[:cut_at])
    return path


def wanted(name: str) -> bool:
    return name.startswith(("lib/", "plugin/wanted/"))


def test_unpacking_takes_the_wanted_and_resolves_links(tmp_path: Path) -> None:
    unpack_tar(make_archive(tmp_path / "a.tar.gz"), tmp_path / "out", wanted)
    files = sorted(
        str(path.relative_to(tmp_path / "out")) for path in tmp_path.glob("out/**/*.jar")
    )
    assert files == [
        "lib/core.jar",
        "plugin/wanted/linked-core.jar",
        "plugin/wanted/linked-shared.jar",
        "plugin/wanted/own.jar",
    ]
    assert (tmp_path / "out/plugin/wanted/linked-shared.jar").stat().st_size == 40_000


def test_a_cut_archive_leaves_nothing(tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "a.tar.gz", cut_at=60_000)
    with pytest.raises(InstallError, match=r"cannot unpack a\.tar\.gz"):
        unpack_tar(archive, tmp_path / "out", wanted)
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar.gz"]


def test_a_member_outside_the_folder_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "evil.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("server-1/../../evil.jar"), io.BytesIO())
    with pytest.raises(InstallError, match="outside its folder"):
        unpack_tar(archive, tmp_path / "out" / "server", lambda _name: True)


def test_an_interrupted_publication_never_counts_as_done(tmp_path: Path) -> None:
    target = tmp_path / "done"

    def interrupted() -> None:
        with complete_or_absent(target) as scratch:
            (scratch / "half").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not target.exists()
    assert list(tmp_path.iterdir()) == []


def test_two_publishers_of_the_same_content_both_succeed(tmp_path: Path) -> None:
    target = tmp_path / "done"
    with complete_or_absent(target) as late:
        (late / "file").write_text("late")
        with complete_or_absent(target) as early:
            (early / "file").write_text("early")
    assert (target / "file").read_text() == "early"


def test_plain_sets_are_published_whole(download: Path, tmp_path: Path) -> None:
    one = FileSet("kafka", expected_of(download, tmp_path), tmp_path / "cache" / "kafka" / "x")
    publish(download, one)
    assert sorted(path.name for path in one.folder.iterdir()) == ["a.jar", "b.jar"]
    assert not download.exists()


def test_spark_links_follow_the_set(tmp_path: Path) -> None:
    cache, jars = tmp_path / "cache", tmp_path / "jars"
    jars.mkdir()
    (jars / "spark-core.jar").write_text("PySpark's own")
    for version, name in (("old", "iceberg-1.jar"), ("new", "iceberg-2.jar")):
        folder = cache / "spark" / version
        folder.mkdir(parents=True)
        (folder / name).write_text(version)
        link_spark_jars(folder, jars, cache / "spark")
        link_spark_jars(folder, jars, cache / "spark")
    assert sorted(path.name for path in jars.iterdir()) == ["iceberg-2.jar", "spark-core.jar"]
    assert (jars / "iceberg-2.jar").read_text() == "new"


def test_no_address_is_written_into_what_we_commit() -> None:
    files = [*REPO_ROOT.glob("*.lock"), *(REPO_ROOT / "infra").rglob("*")]
    for path in files:
        if path.is_file():
            assert "https://" not in path.read_text(), path


def test_arrived_bytes_count_partial_files(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.jar.part").write_bytes(b"12345")
    (tmp_path / "x" / "a.jar").write_bytes(b"123")
    (tmp_path / "x" / "ivy.xml").write_bytes(b"1")
    assert ivy.downloaded_bytes(tmp_path) == 8
