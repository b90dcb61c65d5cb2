"""Entry file for spark-submit: the attribution stream of the package adlake."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.cli import main

sys.argv[1:] = ["stream", *sys.argv[1:]]
main()
