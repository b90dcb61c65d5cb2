"""Rejected deliveries: list them, look at one, correct it, and publish it again as a new delivery.

A correction never changes Bronze. It is stored in the catalog database, and `resubmit` publishes it
with a member that names the rejected delivery. The law counts an event once however often it is
delivered, so a fix that is sent twice after a crash changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adlake.attribution.law.admission import Admitted, Rejected, admit
from adlake.attribution.law.correction import ORIGIN_FIELD, origin_text, with_members
from adlake.contracts.errors import AdlakeError
from adlake.folders import ADLAKE
from adlake.io.bronze_records import payload_of
from adlake.io.kafka.access import Brokers
from adlake.io.kafka.producer import publish_all
from adlake.io.output import printable
from adlake.io.postgres.fixes import (
    Connect,
    Fix,
    Position,
    fixes,
    resubmit_pending,
    shown,
    store_fix,
)
from adlake.io.sql.files import sql_text
from adlake.io.sql.literals import SqlValue
from adlake.io.sql.trino import rendered
from adlake.io.trino.client import QueryResult, TrinoClient

RejectedDelivery = Mapping[str, Any]


class NotInQuarantineError(AdlakeError):
    """No rejected delivery is at this position."""


class FilterError(AdlakeError):
    """A filter that cannot be read."""


class StillRejectedError(AdlakeError):
    """The corrected payload would be rejected again."""


@dataclass(frozen=True)
class Filters:
    """Which rejected deliveries; None: any. Times are aware."""

    reason: str | None = None
    campaign: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50


def parsed_position(text: str, newest_label: Callable[[], str]) -> Position:
    """`topic/partition/offset`, or `partition/offset` in the newest source incarnation.

    Args:
        text: as a user wrote it.
        newest_label: asked for what Bronze calls the topic now, when the text does not say it.

    Raises:
        NotInQuarantineError: the text is no position.
    """
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(
        part.isascii() and part.isdigit() for part in parts[-2:]
    ):
        raise NotInQuarantineError(f"{text!r} is no position: write partition/offset, e.g. 0/1234")
    return (parts[0] if len(parts) == 3 else newest_label(), int(parts[-2]), int(parts[-1]))


def listed(trino: TrinoClient, connect: Connect, filters: Filters) -> QueryResult:
    """Rejected deliveries, newest first, each with what became of its correction."""
    wanted: dict[str, SqlValue] = {
        "reason": filters.reason, "campaign": filters.campaign,
        "since": filters.since, "until": filters.until,
        "row_limit": filters.limit, "stored_limit": 2 * filters.limit,
    }  # fmt: skip
    found = trino.query(*rendered(sql_text("audit/quarantine_list"), wanted))
    status = {fix.position: fix.status for fix in fixes(connect)}
    rows = ((*row, status.get((row[0], row[1], row[2]))) for row in found.rows)
    return QueryResult((*found.columns, "fix"), rows)


def rejected_delivery(trino: TrinoClient, position: Position) -> RejectedDelivery:
    """One rejected delivery.

    Raises:
        NotInQuarantineError: Bronze has none there, or it was admitted.
    """
    topic, partition, offset = position
    wanted: dict[str, SqlValue] = {
        "kafka_topic": topic, "kafka_partition": partition, "kafka_offset": offset,
    }  # fmt: skip
    found = trino.records(*rendered(sql_text("audit/quarantine_show"), wanted))
    if not found:
        raise NotInQuarantineError(
            f"{shown(position)} is no rejected delivery in Bronze: see `{ADLAKE} quarantine list`"
        )
    return found[0]


def corrected(position: Position, payload: bytes, now_ms: int) -> tuple[bytes, Admitted]:
    """The payload with its origin, and what admission says of it at `now_ms`.

    Raises:
        StillRejectedError: admission would refuse it; the message says why.
        CorrectionError: it is no JSON object.
    """
    # Both are judged: a key that comes twice in the given text must not be cured in passing. The
    # given one first: what is no JSON has a reason to be refused, not a field that cannot be set.
    _admitted(position, payload, now_ms)
    marked = with_members(payload, {ORIGIN_FIELD: origin_text(*position)})
    return marked, _admitted(position, marked, now_ms)


def _admitted(position: Position, payload: bytes, now_ms: int) -> Admitted:
    verdict = admit(payload, now_ms)
    if isinstance(verdict, Rejected):
        raise StillRejectedError(
            f"the correction of {shown(position)} would be rejected again: "
            f"{verdict.reason} ({verdict.detail})"
        )
    return verdict


def fix(connect: Connect, position: Position, payload: bytes, *, by: str, why: str) -> int:
    """Store a correction that admission lets through; returns its id.

    Raises:
        StillRejectedError, CorrectionError: see `corrected`.
        AlreadyResubmittedError: it was corrected and published before.
    """
    marked, verdict = corrected(position, payload, _now_ms())
    return store_fix(
        connect, position, marked, (verdict.impression_id, verdict.event_id), by=by, why=why
    )


def pending_fixes(connect: Connect) -> list[Fix]:
    """What `resubmit` would publish now, oldest first."""
    return [one for one in fixes(connect) if one.status == "pending"]


def resubmit(connect: Connect, brokers: Brokers, topic: str) -> list[Fix]:
    """Publish every pending fix with acks=all and mark it with its new position.

    Raises:
        StillRejectedError: a stored fix would be rejected now; nothing is sent.
        ProducerError: the broker did not take them; those it took are sent again next time.
    """

    def publish(pending: Sequence[Fix]) -> Sequence[tuple[int, int]]:
        now_ms = _now_ms()
        for one in pending:
            corrected(one.position, one.payload, now_ms)
        records = [(one.impression_id.encode(), one.payload, now_ms) for one in pending]
        return publish_all(brokers, topic, records)

    return resubmit_pending(connect, publish)


def parsed_time(text: str) -> datetime | None:
    """ISO 8601, UTC when no zone is given; None for an empty text."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FilterError(f"{text!r} is no time: write e.g. 2026-03-02T10:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def shown_delivery(delivery: RejectedDelivery) -> Iterator[tuple[str, str]]:
    """Name and text of each part; control characters and bytes that are no text are escaped."""
    payload, key = payload_of(delivery), delivery["kafka_key"]
    names = ("event_id", "event_type", "impression_id", "campaign_id")
    yield "position", shown((
        delivery["kafka_topic"], delivery["kafka_partition"], delivery["kafka_offset"],
    ))  # fmt: skip
    yield "arrived", str(delivery["ingest_ts"])
    yield "rejected", f"{delivery['reject_reason']} ({delivery['reject_detail']})"
    yield from ((name, printable(str(delivery[name]))) for name in names if delivery[name])
    yield "key", "NULL" if key is None else _safe(bytes(key))
    yield "payload", "NULL" if payload is None else f"{len(payload):,} bytes"
    if payload:
        yield "", _safe(payload[:_SHOWN_BYTES])
        if len(payload) > _SHOWN_BYTES:
            yield "", f"... {len(payload) - _SHOWN_BYTES:,} more bytes; --raw gives all"


def described(fix: Fix) -> dict[str, object]:
    """A fix for people and programs: origin, new position, who and why, and the payload."""
    return {
        "fix_id": fix.fix_id,
        "origin": shown(fix.position),
        "status": fix.status,
        "fixed_by": fix.fixed_by,
        "why": fix.why,
        "resubmitted_as": (
            None if fix.resubmitted_offset is None
            else f"{fix.resubmitted_partition}/{fix.resubmitted_offset}"
        ),
        "payload": fix.payload.decode(),
    }  # fmt: skip


def _safe(data: bytes) -> str:
    """Text as it is, the rest as escapes."""
    return printable(data.decode("utf-8", errors="backslashreplace"))


_SHOWN_BYTES = 4_000


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
