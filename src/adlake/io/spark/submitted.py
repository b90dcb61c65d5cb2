"""A driver under `spark-submit`: its JVM is the parent, and gets the terminal's Ctrl-C too."""

from __future__ import annotations

import os
from typing import Any

from pyspark.java_gateway import launch_gateway

from adlake.environment import SPARK_SUBMIT


def leave_interrupts_to_us() -> None:
    """Let Ctrl-C end this process in its own order, and with its exit code; nothing without a JVM.

    A JVM that is interrupted ends at once with 130, in the middle of a batch, and takes us with it.
    """
    if not os.environ.keys() >= SPARK_SUBMIT:
        return
    gateway = launch_gateway()
    signals: Any = gateway.jvm.sun.misc
    signals.Signal.handle(signals.Signal("INT"), signals.SignalHandler.SIG_IGN)
    gateway.close()
