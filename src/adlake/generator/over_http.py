"""What of a run the API can carry: sound events that have happened, stamped with its own time."""

from __future__ import annotations

from typing import Final

from adlake.generator.faults import DEFAULT_SHARES, PROFILES
from adlake.generator.options import GeneratorOptions, OptionsError

REFUSED_FAULTS: Final = (
    "missing_keys", "negative_values", "malformed", "future_clocks", "schema_drift",
)  # fmt: skip
"""Their events are refused at the door, wholly or in part, and then are on no topic."""
CARRIED_SHARES: Final = {
    name: share for name, share in DEFAULT_SHARES.items() if name not in REFUSED_FAULTS
}
"""The default faults, as far as they can be carried."""


def refuse_what_http_cannot_carry(options: GeneratorOptions, *, has_campaigns: bool) -> None:
    """Name the first order that cannot be kept over the API.

    Raises:
        OptionsError: there is one.
    """
    refused = [name for name in REFUSED_FAULTS if options.faults.get(name)]
    if refused:
        carried = ", ".join(name for name in PROFILES if name not in REFUSED_FAULTS)
        raise OptionsError(
            f"--via api cannot carry the faults {', '.join(refused)}: the API refuses such events, "
            f"and the truth would be wrong. It carries {carried}; leave --faults out for those of "
            "the default"
        )
    if not options.paced or options.drain:
        raise OptionsError(
            "--via api cannot carry --unpaced or --drain: the API refuses events that have not "
            "happened yet. A past (--history) is sent as fast as possible all the same"
        )
    if has_campaigns:
        raise OptionsError(
            "--via api cannot carry --campaigns: the API takes no updates of campaigns"
        )
