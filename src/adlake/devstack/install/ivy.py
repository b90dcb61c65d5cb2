"""Downloads jars with the Ivy that PySpark ships: no Maven, no address in our files."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from adlake.devstack.errors import InstallError
from adlake.devstack.install.java import Jdk
from adlake.devstack.install.java_downloads import network_options
from adlake.environment import LOCALE, for_downloads
from adlake.folders import FILES_ROOT

IVY_FOLDER = FILES_ROOT / "infra" / "ivy"
SETS_WITH_METADATA = ("kafka", "rest-catalog")
"""Sets whose dependencies are looked up; in the others every file is named."""
RETRIEVE_PATTERN = "[artifact]-[revision](-[classifier]).[ext]"
POLL_SECONDS = 0.5
MAX_SECONDS = 3_600
Progress = Callable[[int], None]
"""Called with the bytes that have arrived so far."""


def pyspark_home() -> Path:
    """Folder of the installed pyspark package."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise InstallError("the Python package pyspark is missing: run `make venv`")
    return Path(spec.origin).parent


def retrieve(
    set_name: str,
    target: Path,
    *,
    ivy_cache: Path,
    jdk: Jdk,
    versions: dict[str, str],
    log_file: Path,
    progress: Progress,
    cancelled: threading.Event | None = None,
) -> None:
    """Fetch all files of infra/ivy/<set_name>.xml into `target`; raises InstallError.

    Files already in `ivy_cache` are not fetched again, so an interrupted run goes on where it was.
    When `cancelled` is set, the download ends within a second.
    """
    command = [
        str(jdk.java),
        # Nothing of the user's own Ivy: only what infra/ivy names.
        f"-Duser.home={ivy_cache}", f"-Djava.io.tmpdir={ivy_cache}",
        *network_options(for_downloads()),
        *(f"-D{name}={value}" for name, value in versions.items()),
        *("-jar", str(_ivy_jar())),
        *_settings_arguments(set_name),
        *("-ivy", str(IVY_FOLDER / f"{set_name}.xml")),
        *("-cache", str(ivy_cache)),
        *("-retrieve", f"{target}/{RETRIEVE_PATTERN}"),
    ]  # fmt: skip
    for folder in (ivy_cache, target, log_file.parent):
        folder.mkdir(parents=True, exist_ok=True)
    cancelled = cancelled or threading.Event()
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, env=LOCALE, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _watch(process, ivy_cache, progress, cancelled)
        finally:
            process.kill()
            process.wait()
    if cancelled.is_set():
        raise InstallError(f"the download of {set_name} was interrupted")
    if process.returncode:
        raise InstallError(
            f"could not download {set_name}: {_reason(log_file)}. Check the network (HTTPS_PROXY "
            "for a proxy, JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=... for certificates) and "
            f"run `make up` again; log: {log_file}"
        )


def _settings_arguments(set_name: str) -> list[str]:
    if set_name in SETS_WITH_METADATA:
        return []
    return ["-settings", str(IVY_FOLDER / "direct-settings.xml")]


def _watch(
    process: subprocess.Popen[bytes],
    ivy_cache: Path,
    progress: Progress,
    cancelled: threading.Event,
) -> None:
    deadline = time.monotonic() + MAX_SECONDS
    while process.poll() is None and time.monotonic() < deadline and not cancelled.is_set():
        progress(downloaded_bytes(ivy_cache))
        cancelled.wait(POLL_SECONDS)


def downloaded_bytes(ivy_cache: Path) -> int:
    """Bytes of complete and partial artifacts in an Ivy cache."""
    total = 0
    for pattern in ("*.jar*", "*.tar.gz*"):
        for path in ivy_cache.rglob(pattern):
            try:
                total += path.stat().st_size
            except FileNotFoundError:  # Ivy renames partial files while we look
                continue
    return total


def _ivy_jar() -> Path:
    jars = sorted((pyspark_home() / "jars").glob("ivy-*.jar"))
    if not jars:
        raise InstallError("the installed pyspark has no Ivy jar: run `make venv`")
    return jars[-1]


def _reason(log_file: Path) -> str:
    lines = log_file.read_text(errors="replace").splitlines()
    telling = [
        line for line in lines if re.search(r"not found|failed|exception|unknown", line, re.I)
    ]
    last = (telling or lines or ["no output"])[-1]
    return re.sub(r"https?://\S+", "<address>", last).strip(" :\t")
