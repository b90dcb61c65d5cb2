"""Facts of the machine a figure was measured on."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path
from typing import Any

import psutil


def machine_facts() -> dict[str, Any]:
    """Cores, memory (GiB), processor, kernel, Python and the measured commit.

    `dirty` is there, and true, when the checkout was not that commit.
    """
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "processor": model,
        "kernel": platform.release(),
        "python": platform.python_version(),
        **code_facts(),
    }


def code_facts() -> dict[str, Any]:
    """The commit, and `dirty` when tracked files differ from it.

    Reports do not count: each measurement changes its own.
    """
    facts: dict[str, Any] = {"commit": _git("rev-parse", "--short", "HEAD")}
    changed = _git(
        "status", "--porcelain", "--untracked-files=no",
        "--", ":(top)", ":(top,exclude)benchmarks/reports",
    )  # fmt: skip
    return facts | ({"dirty": True} if changed else {})


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip()
