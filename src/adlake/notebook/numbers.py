"""Exact values become floating numbers at the very end, where a chart or a model wants them."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd


def charted(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with each column of exact decimals as floating numbers; NULL is NaN."""
    exact = [
        str(name) for name in frame if frame[name].map(lambda one: isinstance(one, Decimal)).any()
    ]
    return frame.assign(**{name: frame[name].astype(float) for name in exact})
