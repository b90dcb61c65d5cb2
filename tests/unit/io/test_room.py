"""A second driver starts where the control group leaves room for it, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from adlake.io.spark.room import (
    MIB,
    MemoryLimit,
    NoRoomError,
    heap_mib,
    memory_limit,
    refuse_without_room,
)

V1_UNLIMITED = 9_223_372_036_854_771_712


def v1(folder: Path, most: int, used_mib: int) -> None:
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text(f"{most}\n")
    (folder / "memory.stat").write_text(f"cache {10**12}\nrss 1\ntotal_rss {used_mib * MIB}\n")


def v2(folder: Path, most: str, used_mib: int) -> None:
    folder.mkdir(parents=True)
    (folder / "memory.max").write_text(f"{most}\n")
    (folder / "memory.stat").write_text(f"anon {used_mib * MIB}\nfile {10**12}\n")


def read(tmp_path: Path, own: str) -> MemoryLimit | None:
    (tmp_path / "own").write_text(own)
    return memory_limit(tmp_path / "groups", tmp_path / "own")


def test_a_container_sees_its_own_group_as_the_root(tmp_path: Path) -> None:
    v1(tmp_path / "groups/memory", 2784 * MIB, 1_930)
    assert read(tmp_path, "9:cpu,cpuacct:/\n8:memory:/pods/one\n") == MemoryLimit(2_784, 1_930)


def test_elsewhere_the_group_is_found_by_its_path(tmp_path: Path) -> None:
    v1(tmp_path / "groups/memory", V1_UNLIMITED, 9_000)
    v1(tmp_path / "groups/memory/pods/one", 512 * MIB, 100)
    assert read(tmp_path, "8:memory:/pods/one\n") == MemoryLimit(512, 100)


def test_version_two_has_its_own_names(tmp_path: Path) -> None:
    v2(tmp_path / "groups/a.slice", str(1_024 * MIB), 24)
    assert read(tmp_path, "0::/a.slice\n") == MemoryLimit(1_024, 24)


def test_no_limit_is_none(tmp_path: Path) -> None:
    v2(tmp_path / "groups/a.slice", "max", 24)
    assert read(tmp_path, "0::/a.slice\n") is None
    v1(tmp_path / "groups/memory", V1_UNLIMITED, 24)
    assert read(tmp_path, "8:memory:/\n") is None
    assert read(tmp_path, "") is None
    assert memory_limit(tmp_path / "groups", tmp_path / "nothing") is None


@pytest.mark.parametrize(("text", "mib"), [("2g", 2_048), ("1280m", 1_280), ("1G", 1_024)])
def test_sizes_of_the_jvm(text: str, mib: int) -> None:
    assert heap_mib(text) == mib
    assert heap_mib(str(mib * MIB)) == mib


def test_a_driver_fits_to_the_last_mib() -> None:
    refuse_without_room("1280m", None)
    refuse_without_room("1280m", MemoryLimit(2_784, 864))
    with pytest.raises(NoRoomError) as refused:
        refuse_without_room("1280m", MemoryLimit(2_784, 865))
    for part in ("1,920 MiB", "2,784 MiB", "865 are in use", "docker-compose run --rm"):
        assert part in str(refused.value)
