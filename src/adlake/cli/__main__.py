"""`python -m adlake.cli`, and the file that the launcher and services run."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from adlake import environment


def run() -> None:
    """Leave the user's environment, then parse the command line."""
    environment.enter(__file__)
    from adlake.cli.application import main

    main()


if __name__ == "__main__":  # a worker of the generator imports this file
    run()
