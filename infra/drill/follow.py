"""Runs the documented job in a terminal of its own, presses Ctrl-C after a while, and says how it ended."""

import os
import pty
import select
import sys
import time

COMMAND = "podman exec -it lakehouse-spark spark-submit src/jobs/attribution_streaming_job.py".split()
WATCHED_SECONDS = 40
PATIENCE_SECONDS = 90


def main() -> None:
    """Prints what it said, and its exit code."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(COMMAND[0], COMMAND)
    began, pressed = time.monotonic(), False
    while time.monotonic() - began < PATIENCE_SECONDS:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                said = os.read(terminal, 65_536)
            except OSError:
                break
            sys.stdout.write(said.decode(errors="replace").replace("\r", ""))
        if not pressed and time.monotonic() - began > WATCHED_SECONDS:
            os.write(terminal, b"\x03")
            pressed = True
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.stdout.write(f"\nexit {code}\n")


if __name__ == "__main__":
    main()
