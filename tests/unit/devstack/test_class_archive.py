"""Spark's class archive: by what it is known, when it is trusted, and that it is never needed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from adlake.devstack import doctor
from adlake.devstack.errors import DevstackError, InstallError
from adlake.devstack.install import class_archive as module
from adlake.devstack.install.class_archive import (
    ArchivePlace,
    archive_place,
    options_of_maker,
    options_of_user,
)
from adlake.devstack.install.java import Jdk
from adlake.settings import Settings
from adlake.wiring.class_archive import make_class_archive, statements
from adlake.wiring.spark import class_archive_options, java_options


@pytest.fixture
def jdk(tmp_path: Path) -> Jdk:
    home = tmp_path / "jdk"
    (home / "lib" / "server").mkdir(parents=True)
    (home / "lib" / "server" / "libjvm.so").write_bytes(b"a virtual machine")
    (home / "release").write_text('JAVA_VERSION="17.0.15"\n')
    return Jdk(home, 17, has_spark_module=True)


@pytest.fixture
def spark_home(tmp_path: Path) -> Path:
    jars = tmp_path / "spark" / "jars"
    jars.mkdir(parents=True)
    for name in ("core.jar", "sql.jar"):
        (jars / name).write_bytes(b"classes of " + name.encode())
    return jars.parent


@pytest.fixture
def place(jdk: Jdk, spark_home: Path) -> ArchivePlace:
    return archive_place(jdk, spark_home, "")


def put(place: ArchivePlace, content: bytes) -> Path:
    with place.making(lambda _: None) as scratch:
        made = scratch / "made.jsa"
        made.write_bytes(content)
        return place.publish(made)


def later(path: Path) -> None:
    """As a package manager leaves it that unpacked the same bytes again."""
    seen = path.stat()
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns + 1_000_000_000))


def test_the_key_stays_while_java_and_jars_do(jdk: Jdk, spark_home: Path) -> None:
    assert archive_place(jdk, spark_home, "") == archive_place(jdk, spark_home, "-Xmx1g -Da=b")


@pytest.mark.parametrize("what", ["java", "release", "jar", "another jar", "no jar", "touched"])
def test_the_key_follows_java_and_jars(jdk: Jdk, spark_home: Path, what: str) -> None:
    before = archive_place(jdk, spark_home, "").key
    match what:
        case "java":
            later(jdk.home / "lib" / "server" / "libjvm.so")
        case "release":
            (jdk.home / "release").write_text('JAVA_VERSION="17.0.16"\nMORE=""\n')
        case "jar":
            (spark_home / "jars" / "core.jar").write_bytes(b"other classes, more of them")
        case "another jar":
            (spark_home / "jars" / "more.jar").write_bytes(b"more classes")
        case "no jar":
            (spark_home / "jars" / "sql.jar").unlink()
        case "touched":
            later(spark_home / "jars" / "sql.jar")
    assert archive_place(jdk, spark_home, "").key != before


def test_the_key_follows_the_order_in_which_java_finds_the_jars(
    jdk: Jdk, spark_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [path.name for path in (spark_home / "jars").iterdir()]
    found = []
    for order in (names, names[::-1]):
        monkeypatch.setattr(module.os, "listdir", lambda _, order=order: order)
        found.append(archive_place(jdk, spark_home, "").key)
    assert found[0] != found[1]


def test_a_link_counts_as_the_jar_it_leads_to(jdk: Jdk, spark_home: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "iceberg.jar"
    elsewhere.write_bytes(b"classes of iceberg")
    link = spark_home / "jars" / "iceberg.jar"
    link.symlink_to(elsewhere)
    before = archive_place(jdk, spark_home, "").key
    later(elsewhere)
    assert archive_place(jdk, spark_home, "").key != before
    elsewhere.unlink()
    assert archive_place(jdk, spark_home, "").key, "a link into nothing is no reason to fail"


@pytest.mark.parametrize(
    "option", ["-XX:+UseZGC", "-XX:-UseCompressedOops", "-XX:ObjectAlignmentInBytes=16"]
)
def test_options_that_change_objects_have_an_archive_of_their_own(
    jdk: Jdk, spark_home: Path, option: str
) -> None:
    own = archive_place(jdk, spark_home, f"-Da='b c' {option}")
    assert own.key != archive_place(jdk, spark_home, "").key
    assert own.layout == (option,)
    assert option in options_of_maker(Path("/a.jsa"), own.layout)


@pytest.mark.parametrize("option", ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx3g"])
def test_other_options_share_one(jdk: Jdk, spark_home: Path, option: str) -> None:
    assert archive_place(jdk, spark_home, option) == archive_place(jdk, spark_home, "")


def test_a_published_archive_is_found_and_given_to_java(place: ArchivePlace) -> None:
    assert place.find() is None
    assert options_of_user(None) == ()
    archive = put(place, b"classes")
    assert place.find() == archive
    first, *quiet = options_of_user(archive)
    assert first == f"-XX:SharedArchiveFile={archive}"
    assert quiet == ["-Xshare:auto", "-Xlog:cds*=off", "-Xlog:class+path*=off"]


@pytest.mark.parametrize("content", [b"", b"class", b"classEs", b"classes and more"])
def test_a_damaged_archive_is_given_to_nobody_and_made_again(
    place: ArchivePlace, content: bytes
) -> None:
    archive = put(place, b"classes")
    archive.write_bytes(content)
    assert place.find() is None
    assert put(place, b"classes") == archive
    assert place.find() == archive


def test_of_two_archives_of_one_key_the_whole_one_is_found(place: ArchivePlace) -> None:
    archive = put(place, b"classes")
    for number in ("00000000", "ffffffff"):
        (place.folder / f"{place.key}-{number}.jsa").write_bytes(b"half of the cl")
    assert place.find() == archive


def test_those_of_other_jars_go_when_a_new_one_is_published(
    place: ArchivePlace, jdk: Jdk, spark_home: Path
) -> None:
    put(place, b"classes")
    later(spark_home / "jars" / "core.jar")
    newer = archive_place(jdk, spark_home, "")
    assert newer.find() is None, "it would be of no use"
    archive = put(newer, b"classes of the new jar")
    assert sorted(place.folder.glob("*.jsa")) == [archive]


def test_an_unfinished_one_is_never_seen_and_leaves_nothing(place: ArchivePlace) -> None:
    def unfinished() -> Iterator[None]:
        with place.making(lambda _: None) as scratch:
            (scratch / "made.jsa").write_bytes(b"half")
            yield
            raise KeyboardInterrupt

    maker = unfinished()
    next(maker)
    assert place.find() is None
    with pytest.raises(KeyboardInterrupt):
        next(maker)
    assert [path.name for path in place.folder.iterdir()] == ["making.lock"]


def test_what_a_killed_maker_left_goes_with_the_next_one(place: ArchivePlace) -> None:
    left = place.folder / "making-killed"
    left.mkdir(parents=True)
    (left / "made.jsa").write_bytes(b"half")
    archive = put(place, b"classes")
    assert {path.name for path in place.folder.iterdir()} == {"making.lock", archive.name}


def test_a_second_maker_waits_and_finds_it_made(place: ArchivePlace) -> None:
    said: list[str] = []
    found: list[Path | None] = []

    def second() -> None:
        with place.making(said.append):
            found.append(place.find())

    with place.making(lambda _: None) as scratch:
        other = threading.Thread(target=second)
        other.start()
        other.join(0.5)
        assert other.is_alive()
        (scratch / "made.jsa").write_bytes(b"classes")
        archive = place.publish(scratch / "made.jsa")
    other.join(10)
    assert found == [archive]
    assert [line.partition(" in ")[0] for line in said] == ["waiting: the class archive is busy"]


def test_a_folder_that_cannot_be_made_is_named(place: ArchivePlace) -> None:
    place.folder.write_text("a file")
    assert place.find() is None
    with pytest.raises(InstallError, match=r"cannot make .*class-archive"), place.making(print):
        pass


def settings_of(tmp_path: Path, **given: str) -> Settings:
    return Settings({"ADLAKE_HOME": str(tmp_path / "home"), **given})


@pytest.fixture
def own_place(place: ArchivePlace, monkeypatch: pytest.MonkeyPatch) -> ArchivePlace:
    """What sessions of this environment would look into."""
    for user in ("wiring.spark", "wiring.class_archive", "devstack.doctor"):
        monkeypatch.setattr(f"adlake.{user}.own_place", lambda _: place)
    return place


def test_sessions_get_it_where_it_is_made_and_the_users_options_win(
    own_place: ArchivePlace, tmp_path: Path
) -> None:
    own = "-XX:SharedArchiveFile=/mine.jsa"
    settings = settings_of(tmp_path, ADLAKE_JAVA_OPTIONS=own)
    assert not [one for one in java_options(settings)[:-1] if "Shared" in one]
    archive = put(own_place, b"classes")
    options = java_options(settings)
    assert options[0] == f"-XX:SharedArchiveFile={archive}"
    assert options[-1] == own


def test_the_setting_leaves_it_aside_and_makes_none(
    own_place: ArchivePlace, tmp_path: Path
) -> None:
    settings = settings_of(tmp_path, ADLAKE_CLASS_ARCHIVE="false")
    said: list[str] = []
    assert make_class_archive(settings, said.append) is None
    assert said == ["class archive: none is wanted (ADLAKE_CLASS_ARCHIVE)"]
    assert not own_place.folder.exists()
    put(own_place, b"classes")
    assert not [one for one in java_options(settings) if "Shared" in one]


def test_one_that_is_there_is_not_made_again(own_place: ArchivePlace, tmp_path: Path) -> None:
    archive = put(own_place, b"classes")
    assert make_class_archive(settings_of(tmp_path), print) == archive


def test_a_session_that_fails_leaves_the_old_state(
    own_place: ArchivePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[float] = []
    monkeypatch.setattr("adlake.wiring.class_archive.end_jvm", ended.append)
    monkeypatch.setattr("adlake.wiring.class_archive.choose_jdk", lambda *_: None)

    def no_session(*_: object) -> None:
        raise RuntimeError("no session")

    monkeypatch.setattr("adlake.wiring.class_archive.build_session", no_session)
    with pytest.raises(InstallError, match=r"cannot be trained .*: no session"):
        make_class_archive(settings_of(tmp_path), print)
    assert ended == [0.0], "nothing is worth waiting for"
    assert own_place.find() is None
    assert [path.name for path in own_place.folder.iterdir()] == ["making.lock"]


def test_a_java_that_leaves_none_is_named_with_its_log(
    own_place: ArchivePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leaves_none(_: object, scratch: Path, *__: object) -> None:
        (scratch / "spark.log").write_text("ArchiveClassesAtExit is unsupported\n")

    monkeypatch.setattr("adlake.wiring.class_archive.train", leaves_none)
    with pytest.raises(InstallError, match="left no class archive") as raised:
        make_class_archive(settings_of(tmp_path), print)
    kept = own_place.folder / "making.log"
    assert str(kept) in str(raised.value)
    assert "unsupported" in kept.read_text()


def test_a_machine_without_java_has_no_archive_and_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_java(_: str) -> ArchivePlace:
        raise DevstackError("Spark and Kafka need a full JDK")

    monkeypatch.setattr("adlake.wiring.spark.own_place", no_java)
    assert class_archive_options("") == ()


def test_doctor_says_whether_it_is_made(own_place: ArchivePlace, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    (finding,) = doctor.class_archive_findings(settings)
    assert finding.verdict is doctor.Verdict.OK
    assert "not made yet" in finding.detail
    archive = put(own_place, b"classes")
    (finding,) = doctor.class_archive_findings(settings)
    assert finding.detail == str(archive)
    off = settings_of(tmp_path, ADLAKE_CLASS_ARCHIVE="false")
    assert list(doctor.class_archive_findings(off)) == []


def test_the_training_has_the_statements_of_a_batch() -> None:
    verbs = [one.split()[0] for one in statements()]
    assert {"CREATE", "INSERT", "MERGE", "SELECT", "CALL"} <= set(verbs)
    assert not [one for one in statements() if "--" in one]


@pytest.mark.parametrize(
    ("own", "chosen"),
    [
        ("", ["-XX:+UseParallelGC"]),
        ("-XX:+UseZGC -Xss2m", ["-XX:+UseZGC"]),
        ("-XX:+UseGCOverheadLimit", ["-XX:+UseParallelGC"]),
    ],
)
def test_one_collector_is_chosen_and_the_users_wins(
    own_place: ArchivePlace, tmp_path: Path, own: str, chosen: list[str]
) -> None:
    options = java_options(settings_of(tmp_path, ADLAKE_JAVA_OPTIONS=own))
    assert [one for one in options if one.startswith("-XX:+Use") and one.endswith("GC")] == chosen
    assert not own_place.folder.exists()
