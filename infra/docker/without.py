"""Prints a lock file without some packages: `without.py requirements.lock NAME...`."""

import sys


def main(lock: str, *names: str) -> None:
    """A requirement is a line that begins at the margin, and the indented ones after it."""
    is_kept = True
    with open(lock, encoding="utf-8") as lines:  # noqa: PTH123 - it runs in a bare image
        for line in lines:
            if not line[:1].isspace() and not line.startswith("#"):
                is_kept = line.partition("==")[0].partition("[")[0].strip() not in names
            if is_kept:
                sys.stdout.write(line)


if __name__ == "__main__":
    main(*sys.argv[1:])
