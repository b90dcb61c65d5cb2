"""Publishes simulated ad traffic: `python src/producers/ad_traffic_generator.py --rate 1000`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake import environment

if __name__ == "__main__":
    environment.enter(__file__, "generate")
    from adlake.cli import main

    main()
