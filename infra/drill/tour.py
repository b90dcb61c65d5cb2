"""Types the README's tour in the container form, as the README says it is typed there.

`docker exec -i lakehouse-spark adlake` stands for `.venv/bin/adlake`, and for `make` before wait,
query and verify; the replay gets a container of its own (beside.sh). What is printed is compared
with the page, numbers aside. The lines that kill the driver and start it again are left out: their
process ids are those of a native stack, and run.sh kills the driver from outside before it.
"""

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fixtures.page_blocks import Block, blocks_of, difference

INSIDE = "podman exec -i lakehouse-spark adlake"
BESIDE = str(Path(__file__).with_name("beside.sh"))
_OF_MAKE = re.compile(r"\bmake (wait|query|verify)\b(?: NAME=(\w+))?")
_NATIVE = re.compile(r"^(kill -9 .*|make up)\n", re.MULTILINE)
TIMEOUT_SECONDS = 900


def main() -> int:
    """Exit code 1 when a block fails or prints something else."""
    _, *tour = [one for one in blocks_of("README.md") if not one.not_run]
    troubles = [trouble for block in tour if (trouble := trouble_of(block))]
    for trouble in troubles:
        sys.stdout.write(f"{trouble}\n")
    sys.stdout.write(f"{len(tour) - len(troubles)} of {len(tour)} blocks do what the page says\n")
    return 1 if troubles or not tour else 0


def as_typed(text: str) -> str:
    """A block's commands, as they are typed beside containers."""
    beside = text.replace(".venv/bin/adlake replay", f"{BESIDE} replay")
    inside = beside.replace(".venv/bin/adlake", INSIDE)
    return _OF_MAKE.sub(lambda found: " ".join((INSIDE, *filter(None, found.groups()))), inside)


def trouble_of(block: Block) -> str:
    """Why a block does not do what the page says; empty: it does."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", as_typed(_NATIVE.sub("", block.text))],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=TIMEOUT_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        return f"{block} ended with {done.returncode}: {done.stdout[-400:]}"
    found = difference(block.printed, done.stdout) if block.printed is not None else ""
    return f"{block}: {found}" if found else ""


if __name__ == "__main__":
    sys.exit(main())
