"""Makes .venv from the lock files. Run by any Python 3, before anything is installed.

    python3 tools/bootstrap.py runtime|notebook|dev

Steps: a venv, the pinned and hashed `uv` by pip, then everything else by uv (whose cache makes a
second checkout quick). Only the standard library is used, and in this file only syntax that old
versions know, so that a too old Python gets a clear message.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

REPO_ROOT = Path(__file__).resolve().parents[1]
VENV = REPO_ROOT / ".venv"
OLDEST = (3, 11)
CANDIDATES = ("python3.13", "python3.12", "python3.11", "python3.14")
UV_LOCK = REPO_ROOT / "infra" / "requirements-uv.lock"
BUILD_LOCK = REPO_ROOT / "infra" / "requirements-build.lock"
LOCKS = {
    "runtime": REPO_ROOT / "requirements.lock",
    "notebook": REPO_ROOT / "requirements-notebook.lock",
    "dev": REPO_ROOT / "requirements-dev.lock",
}
# What an environment holds besides: each lock has the packages of those before it.
HELD = {"runtime": (), "notebook": ("runtime",), "dev": ("runtime", "notebook")}
# Started by a shell: a path that is long or has a blank cannot stand in the first line.
LAUNCHER = """#!/bin/sh
exec {python} -I -X utf8 {entry} "$@"
"""


def main(kind: str) -> None:
    """Bring .venv to the lock of `kind`; quick when it is already there."""
    go_isolated(kind)
    from adlake.devstack.install import places

    stamp = VENV / (".installed-" + kind)
    wanted = fingerprint(kind)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    problem = places.checkout_problem(REPO_ROOT)
    if problem:
        sys.exit(problem)
    began = time.monotonic()
    with UV_LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two makes at once: the second finds it done
        if stamp.exists() and stamp.read_text() == wanted:
            return
        make_venv()
        install_locked(LOCKS[kind])
        link_package()
        stamp.write_text(wanted)
        for held in HELD[kind]:
            (VENV / (".installed-" + held)).write_text(fingerprint(held))
    say(f"environment is ready in .venv ({time.monotonic() - began:.0f} s)")


def go_isolated(kind: str) -> None:
    """Go on in a new enough Python that heeds no variable, package or folder of the user's."""
    python = find_python()
    if python != sys.executable or not (sys.flags.isolated and sys.flags.utf8_mode):
        isolated = [python, "-I", "-X", "utf8", str(Path(__file__).resolve()), kind]
        os.execv(python, isolated)  # noqa: S606 - this very program
    sys.path.insert(0, str(REPO_ROOT / "src"))
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _frame: sys.exit(128 + number))  # children end, too


def find_python() -> str:
    """A Python that is new enough: the running one, else one on the PATH."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for name in CANDIDATES:
        found = shutil.which(name)
        if found and is_new_enough(found):
            return found
    sys.exit(
        "adlake needs Python {}.{} or newer; `{}` is {}. Install one (Debian, Ubuntu: "
        "`apt-get install python3.11 python3.11-venv`; macOS: `brew install python@3.13`) or name "
        "one with `make PYTHON=/path/to/python3.12 ...`.".format(
            *OLDEST, sys.executable, sys.version.split()[0]
        )
    )


def is_new_enough(python: str) -> bool:
    """Whether this program runs and is new enough (a version manager's shim may not run)."""
    question = f"import sys; sys.exit(sys.version_info < {OLDEST!r})"
    return subprocess.call([python, "-I", "-c", question], stderr=subprocess.DEVNULL) == 0


def fingerprint(kind: str) -> str:
    """Changes when the locks, this file or the place of the checkout change."""
    digest = hashlib.sha256(str(REPO_ROOT).encode())
    for path in (UV_LOCK, BUILD_LOCK, LOCKS[kind], Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def make_venv() -> None:
    """Create .venv with pip, or keep a working one that was made here."""
    stale = VENV.exists() and not (venv_python().exists() and was_made_here())
    if stale:
        say("replacing a .venv that was made elsewhere")
        shutil.rmtree(str(VENV))
    if VENV.exists():
        return
    say("creating .venv with " + sys.executable)
    if subprocess.call(
        [sys.executable, "-I", "-m", "venv", str(VENV)], env={"PATH": os.environ.get("PATH", "")}
    ):
        shutil.rmtree(str(VENV), ignore_errors=True)
        sys.exit(
            "cannot create .venv: this Python lacks its venv module (Debian, Ubuntu: `apt-get "
            "install python3-venv`)"
        )


def was_made_here() -> bool:
    """Scripts in a venv carry its absolute path; after a move they point into nothing."""
    launcher = VENV / "bin" / "pip"
    return launcher.exists() and str(VENV) in "".join(launcher.read_text().splitlines()[:2])


def install_locked(lock: Path) -> None:
    """Install uv by pip, the rest by uv, every file checked against its hash."""
    from adlake.devstack.install.download_environment import for_packages

    environment = for_packages(venv_python(), REPO_ROOT, VENV / "tmp", os.environ)
    pip = [
        str(venv_python()),
        "-I",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    say("installing Python packages from " + lock.name + " (once per machine it takes minutes)")
    run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(UV_LOCK)], environment)
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--python", str(venv_python())]
    run(
        [
            *uv,
            "--no-deps",
            "--require-hashes",
            # Ten seconds once; where Python may not write bytecode itself, two of every command.
            "--compile-bytecode",
            "--build-constraints",
            str(BUILD_LOCK),
            "-r",
            str(lock),
        ],
        environment,
    )


def link_package() -> None:
    """Make `adlake` importable and runnable from .venv without building it."""
    site = next((VENV / "lib").glob("python3.*")) / "site-packages"
    (site / "adlake.pth").write_text(str(REPO_ROOT / "src") + "\n")
    launcher = VENV / "bin" / "adlake"
    entry = REPO_ROOT / "src" / "adlake" / "cli" / "__main__.py"
    launcher.write_text(launcher_of(venv_python(), entry))
    launcher.chmod(0o755)


def launcher_of(python: Path, entry: Path) -> str:
    """Text of the `adlake` command."""
    return LAUNCHER.format(python=shlex.quote(str(python)), entry=shlex.quote(str(entry)))


def venv_python() -> Path:
    """The venv's interpreter."""
    return VENV / "bin" / "python"


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run a step; its own output explains a failure."""
    code = subprocess.call(command, stdin=subprocess.DEVNULL, env=environment, cwd=str(REPO_ROOT))
    if code:
        sys.exit(
            f"installing Python packages failed (exit code {code}): see above. Check the network, "
            "then run the same command again; what has arrived is kept."
        )


def say(line: str) -> None:
    """One line of progress."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        sys.exit("usage: bootstrap.py runtime|notebook|dev")
    main(sys.argv[1])
