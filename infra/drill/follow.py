"""Runs the documented job in a terminal of its own, presses Ctrl-C once it showed a batch, and says how it ended."""

import os
import pty
import re
import select
import sys
import time

COMMAND = (
    "podman exec -it lakehouse-spark spark-submit src/jobs/attribution_streaming_job.py".split()
)
BATCH = re.compile(r"batch [0-9]*: [0-9,]* records")
WATCHED_SECONDS = 150
PATIENCE_SECONDS = 200


def main() -> None:
    """Prints what it said, and its exit code."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(COMMAND[0], COMMAND)
    began, pressed, shown = time.monotonic(), False, ""
    while time.monotonic() - began < PATIENCE_SECONDS:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                said = os.read(terminal, 65_536).decode(errors="replace").replace("\r", "")
            except OSError:
                break
            shown += said
            sys.stdout.write(said)
        has_seen_enough = BATCH.search(shown) or time.monotonic() - began > WATCHED_SECONDS
        if has_seen_enough and not pressed:
            os.write(terminal, b"\x03")
            pressed = True
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.stdout.write(f"\nexit {code}\n")


if __name__ == "__main__":
    main()
