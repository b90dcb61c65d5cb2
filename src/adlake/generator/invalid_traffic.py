"""The invalid-traffic job of the simulated ad system: which billed clicks it credits back.

It flags what is told from the clicks alone: general invalid traffic (GIVT). Those are clicks of
known bots, and a click within a second of the one before on the same impression. Slower bursts and
conversions faster than a person are traffic that needs a judgement (SIVT): nobody credits them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from adlake.generator.journey import Event
from adlake.generator.model import USERS

REPEAT_MS: Final = 1_000
"""So soon after the click before a click is no second wish; as in the metric double_clicks."""


def flagged_clicks(clicks: Sequence[Event]) -> set[str]:
    """Names of the clicks of one impression that are general invalid traffic."""
    in_order = sorted(clicks, key=lambda click: (click.stamped_ms, click.name))
    repeats = {
        after.name
        for before, after in pairwise(in_order)
        if after.stamped_ms - before.stamped_ms <= REPEAT_MS
    }
    return repeats | {click.name for click in clicks if click.user >= USERS}
