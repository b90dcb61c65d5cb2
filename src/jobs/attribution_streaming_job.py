"""Entry file for spark-submit: the attribution stream of the package adlake.

Where a stream runs already, it says so and follows its batches.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake import environment

environment.enter(__file__, "stream", "--held", "follow", also=environment.SPARK_SUBMIT)

from adlake.cli import main  # noqa: E402 - not before the user's environment is left

main()
