"""What routes share that publish: verdicts are counted, the broker's acknowledgement is awaited."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from adlake.api.parts import Parts, unavailable
from adlake.collector.judging import Accepted, Refused, records_of
from adlake.contracts.errors import AdlakeError
from adlake.contracts.gauges import API_ACCEPTED, API_REFUSED


def count(verdicts: Sequence[Accepted | Refused], parts: Parts) -> None:
    """Count what was accepted and refused."""
    accepted = Counter(one.event_type for one in verdicts if isinstance(one, Accepted))
    refused = Counter(one.reason for one in verdicts if isinstance(one, Refused))
    for event_type, number in accepted.items():
        parts.meters.add(API_ACCEPTED, number, event_type=event_type)
    for reason, number in refused.items():
        parts.meters.add(API_REFUSED, number, reason=reason)


async def published(accepted: Sequence[Accepted], parts: Parts, now_ms: int) -> int:
    """Wait until the broker has all of them; 503 when it does not say so in time.

    Returns:
        The latest time of one of their records at the broker (epoch ms).
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[BaseException | None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if not ended.done():
            ended.set_result(error)

    times: list[int] = []
    records = records_of(accepted, parts.topics, now_ms)
    try:
        parts.publisher.publish(
            records, lambda error: _call_soon(loop, settle, error), times.append
        )
        error = await asyncio.wait_for(ended, parts.ack_seconds)
    except AdlakeError as refusal:
        raise unavailable(str(refusal)) from None
    except TimeoutError:
        raise unavailable(
            f"the broker did not acknowledge in {parts.ack_seconds:g} s: send all of them again, "
            "their ids make that safe"
        ) from None
    if error is not None:
        raise unavailable(f"the broker did not take all of them ({error}): send them again")
    return max(times, default=now_ms)


def _call_soon(
    loop: asyncio.AbstractEventLoop,
    settle: Callable[[BaseException | None], None],
    error: BaseException | None,
) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(settle, error)
