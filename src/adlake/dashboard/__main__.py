"""Starts Streamlit with everything that the pages need already in memory.

What a first viewer would wait for is done before the server says that it is ready: reading some
megabytes of Python, and the first use of the SQL files.
"""

from __future__ import annotations

import sys
from pathlib import Path

from streamlit.web import cli

from adlake.dashboard import (
    alerts,
    bridge,
    campaigns,
    explain,
    funnel,
    operations,
    rows,
    trust,
)
from adlake.metrics.query import load_metric, metric_names
from adlake.wiring.explain import explanation_of

APP = Path(__file__).with_name("app.py")
PRELOADED = (
    alerts, bridge, campaigns, explain, funnel, operations, rows, trust, explanation_of,
)  # fmt: skip


def main() -> None:
    """`python -m adlake.dashboard OPTIONS OF STREAMLIT`."""
    for name in metric_names():
        load_metric(name)
    cli.main(["run", str(APP), *sys.argv[1:]])


if __name__ == "__main__":
    main()
