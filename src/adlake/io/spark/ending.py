"""Ends Spark's JVM, which otherwise goes on until the process that started it is gone."""

from __future__ import annotations

import subprocess
from typing import Any

from pyspark import SparkContext


def end_jvm(patience_seconds: float) -> int | None:
    """Let the JVM of this process end in its own order, and wait; the next session has a new one.

    Returns:
        Its exit code; None: it was not done in time, and was killed.
    """
    context: Any = SparkContext
    gateway = context._gateway
    if gateway is None:
        return 0
    context._gateway = context._jvm = None
    gateway.shutdown()
    process: subprocess.Popen[bytes] = gateway.proc
    if process.stdin is not None:
        process.stdin.close()  # what it waits for
    try:
        return process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None
