"""Why is this impression what it is: every delivery, what happened to it, and the Gold row.

Reads the impression's deliveries from Bronze and applies the law in plain Python, the reference,
so the answer does not rest on the row that it explains; the stored row is shown beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from adlake.attribution.law.admission import Rejected, admit
from adlake.attribution.law.correction import ORIGIN_FIELD
from adlake.attribution.law.rules import (
    AdmittedDelivery,
    EventOutcome,
    GoldRow,
    State,
    delivery_findings,
    delivery_flags,
    delivery_of,
    event_outcomes,
    project,
    segments_of,
    state_of,
    units,
)
from adlake.contracts.errors import AdlakeError
from adlake.contracts.law import LAW_V1, LawConstants
from adlake.contracts.source import FIRST_INCARNATION, incarnation_of_label
from adlake.folders import ADLAKE
from adlake.io.bronze_records import payload_of
from adlake.io.sql.files import sql_text
from adlake.io.sql.trino import rendered
from adlake.io.trino.client import QueryResult, TrinoClient

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES = ("impression_time", "click_time", "conversion_time", "last_updated_ts")
_MONEY = ("cost", "revenue", "revenue_out_of_window")


MOST_DELIVERIES = 50_000
MOST_PAYLOAD_BYTES = 64 * 1_048_576
"""An explanation is made in the memory of the command: of no more than this."""


class UnknownImpressionError(AdlakeError):
    """Bronze holds no delivery of this impression."""


class TooManyDeliveriesError(AdlakeError):
    """The impression has more deliveries than one explanation takes."""


@dataclass(frozen=True)
class Explanation:
    """One line per delivery, one per event, and the Gold row: derived and stored.

    `deliveries` and `events` are records for a table; `differences` says how Gold is not what the
    deliveries give: columns that differ, or rows that lack or are too many (a batch may still be on
    its way).
    """

    impression_id: str
    deliveries: list[dict[str, Any]]
    events: list[dict[str, Any]]
    row: dict[str, Any]
    differences: list[str]
    law: str = LAW_V1.in_words

    def tables(self) -> Iterator[tuple[str, QueryResult]]:
        """The parts with their titles, for printing."""
        yield f"Deliveries of {self.impression_id}, in order of arrival", _table(self.deliveries)
        yield f"Events, in order of time; {self.law}", _table(self.events)
        columns = [{"column": name, "value": value} for name, value in self.row.items()]
        if self.differences:
            title = f"What Gold should hold; Gold differs: {', '.join(self.differences)}"
        elif not self.row:
            title = "No row: no delivery was admitted, and Gold holds none"
        else:
            title = "The row, as Gold holds it"
        yield title, _table(columns)


def explain(trino: TrinoClient, impression_id: str, law: LawConstants = LAW_V1) -> Explanation:
    """Everything Bronze knows about one impression, judged by the law in force.

    Raises:
        UnknownImpressionError: no delivery names it.
        TooManyDeliveriesError: it has too many, or too large ones.
        TrinoUnreachableError, TrinoQueryError: Trino does not answer or fails.
    """
    wanted = {"impression_id": impression_id}
    found = trino.query(*rendered(sql_text("audit/impression_deliveries"), wanted))
    records = bounded(impression_id, found.records())
    if not records:
        raise UnknownImpressionError(
            f"Bronze has no delivery of impression {impression_id!r}: "
            f"check the id, or `{ADLAKE} wait`"
        )
    stored = trino.records(*rendered(sql_text("audit/impression_row"), wanted))
    return explained(impression_id, records, stored, law)


def bounded(impression_id: str, records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of an impression, read no further than an explanation can take.

    Raises:
        TooManyDeliveriesError: there are more; no part of them says what the row should be.
    """
    kept: list[dict[str, Any]] = []
    held_bytes = 0
    for record in records:
        kept.append(record)
        held_bytes += len(payload_of(record) or b"")
        if len(kept) > MOST_DELIVERIES or held_bytes > MOST_PAYLOAD_BYTES:
            raise TooManyDeliveriesError(
                f"impression {impression_id!r} has more than {len(kept) - 1:,} deliveries: too "
                f"many ({MOST_DELIVERIES:,}) or too large ({MOST_PAYLOAD_BYTES >> 20} MiB) to "
                f"explain at once. It is no single ad that was shown: see `{ADLAKE} query "
                f"crowded_impressions`; `{ADLAKE} sql` on audit.event_outcomes has its events, "
                "with --format csv all of them"
            )
    return kept


def explained(
    impression_id: str,
    records: Sequence[Mapping[str, Any]],
    stored: Sequence[Mapping[str, Any]],
    law: LawConstants = LAW_V1,
) -> Explanation:
    """The explanation of these Bronze records and stored Gold rows (one in a lawful Gold)."""
    admitted = list(_admitted(impression_id, records))
    state = state_of(admitted)
    projected = project(impression_id, state, law)
    row = {} if projected is None else _shown_row(projected) | asdict(segments_of(state))
    return Explanation(
        impression_id=impression_id,
        deliveries=_delivery_lines(impression_id, records, admitted),
        events=[_event_line(*pair) for pair in _by_time(state, law)],
        row=row,
        differences=_differences(row, stored),
        law=law.in_words,
    )


def _differences(row: Mapping[str, Any], stored: Sequence[Mapping[str, Any]]) -> list[str]:
    """What Gold's rows are not; of several rows each is compared."""
    if not row:
        return ["Gold holds a row that no delivery gives"] * bool(stored) + _surplus(stored)
    if not stored:
        return ["no row in Gold"]
    columns = [name for name in row if any(row[name] != one.get(name) for one in stored)]
    return columns + _surplus(stored)


def _surplus(stored: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"Gold holds {len(stored)} rows"] if len(stored) > 1 else []


def _table(records: Sequence[Mapping[str, Any]]) -> QueryResult:
    columns = tuple(dict.fromkeys(name for record in records for name in record))
    return QueryResult(columns, iter([tuple(map(record.get, columns)) for record in records]))


def _admitted(
    impression_id: str, records: Sequence[Mapping[str, Any]]
) -> Iterator[AdmittedDelivery]:
    for record in records:
        verdict = admit(payload_of(record), _incarnation_ms(record["ingest_ts"]))
        if not isinstance(verdict, Rejected) and verdict.impression_id == impression_id:
            position = (
                record["kafka_topic"], record["kafka_partition"], record["kafka_offset"],
            )  # fmt: skip
            yield delivery_of(verdict, _incarnation_ms(record["ingest_ts"]), *position)


def _delivery_lines(
    impression_id: str,
    records: Sequence[Mapping[str, Any]],
    admitted: Sequence[AdmittedDelivery],
) -> list[dict[str, Any]]:
    findings = delivery_findings(admitted)
    labels = [record["kafka_topic"] for record in records]
    # Offsets are only unique within one source incarnation.
    is_continued = any(incarnation_of_label(label) != FIRST_INCARNATION for label in labels)
    lines = []
    for record in records:
        position = (record["kafka_topic"], record["kafka_partition"], record["kafka_offset"])
        flags: Iterable[str] = ()
        if record["reject_reason"] is not None:
            happened = f"rejected: {record['reject_reason']} ({record['reject_detail']})"
            if record["impression_id"] is None:
                happened += ", known by its Kafka key alone"
        else:
            happened = str(findings.get(position, "counted"))
            flags = delivery_flags(record["kafka_key"], impression_id)
        lines.append(
            ({"topic": record["kafka_topic"]} if is_continued else {})
            | {
                "partition": record["kafka_partition"],
                "offset": record["kafka_offset"],
                "ingested_at": record["ingest_ts"],
                "event_id": record["event_id"],
                "event_type": record["event_type"],
                "what_happened": happened,
                "flags": ", ".join(sorted(flags)) or None,
            }
            | _origin(record)
        )
    return lines


def _origin(record: Mapping[str, Any]) -> dict[str, Any]:
    """Of which rejected delivery this one is the correction; nothing for all others."""
    payload = payload_of(record) or b""
    if ORIGIN_FIELD.encode() not in payload or record["reject_reason"] is not None:
        return {}
    return {"corrects": json.loads(payload).get(ORIGIN_FIELD)}


def _by_time(state: State, law: LawConstants) -> Iterator[tuple[Any, EventOutcome]]:
    pairs = zip(state, event_outcomes(state, law), strict=True)
    return iter(sorted(pairs, key=lambda pair: (pair[0].ts_ms, pair[0].event_id)))


def _event_line(event: Any, outcome: EventOutcome) -> dict[str, Any]:  # noqa: ANN401 - Event
    credited = "CREDITED_CLICK" if outcome.is_credited_click else None
    return {
        "happened_at": _time(event.ts_ms),
        "event_id": event.event_id,
        "event_type": ("IMPRESSION", "CLICK", "CONVERSION")[event.type_rank],
        "money": None if event.type_rank == 1 else units(event.micros),
        "disposition": outcome.disposition or credited,
        "flags": ", ".join(sorted(outcome.flags)) or None,
    }


def _shown_row(row: GoldRow) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        if value is not None and field.name in _TIMES:
            value = _time(value)
        elif value is not None and field.name in _MONEY:
            value = units(value)
        shown[field.name] = value
    return shown


def _time(epoch_ms: int) -> datetime:
    return _UNIX_EPOCH + timedelta(milliseconds=epoch_ms)


def _incarnation_ms(moment: datetime) -> int:
    return (moment - _UNIX_EPOCH) // timedelta(milliseconds=1)
