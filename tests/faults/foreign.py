"""Producers that are not the lake's: they send any record, in any codec and transaction."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.producer import producer_batch
from kafka.serializer import Serializer

from adlake.io.kafka import partition_of
from adlake.provision.topics import topic_configuration
from tests.fixtures.corpus.records import Codec, FuzzedRecord, Headers, Transaction
from tests.integration.lake import Lake
from tests.integration.odd_producers import configure

TOPIC = "ad_events"
PARTITIONS = 4
SEND_SECONDS = 60.0
MOST_TOGETHER = 6
"""Records of one producer's turn: one transaction, or one flush."""
FAR_MS = 2**61
"""The client encodes times as differences: two of these may differ by more than a long holds."""
NO_LIMIT = str(2**63 - 1)
NULL = b"stands for null"
Written = dict[tuple[int, int], FuzzedRecord]
"""(partition, offset) -> the committed record there."""


class RawName(str):
    """A header's name that goes out as these bytes: Kafka's format does not check them."""

    def __new__(cls, raw: bytes) -> RawName:
        made = super().__new__(cls, raw.decode("latin-1"))
        made.raw = raw
        return made

    raw: bytes

    def encode(self, *_encoding: str) -> bytes:
        return self.raw


class NullHeader(tuple[str, bytes]):
    """A header with a null value: the client writes one, but its check does not let it pass."""

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 - a tuple's own signature
        return (self.name, b"")[index]

    name: str


def wire_headers(headers: Headers) -> list[tuple[str, bytes]]:
    """Headers as the client takes them."""
    return [_header(RawName(name), value) for name, value in headers]


def _header(name: str, value: bytes | None) -> tuple[str, bytes]:
    if value is not None:
        return name, value
    null = NullHeader((name, None))  # type: ignore[arg-type]
    null.name = name
    return null


def let_null_headers_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client counts the bytes of a header's value, null or not."""
    monkeypatch.setattr(
        producer_batch, "len", lambda one: 0 if one is None else len(one), raising=False
    )


class NullableKeys(Serializer):  # type: ignore[misc]
    """The client refuses a record without key and value; what stands for a null key passes."""

    def serialize(self, _topic: str, _headers: object, data: bytes) -> bytes | None:
        return None if data is NULL else data


def set_time_limits(lake: Lake, *, lifted: bool) -> None:
    """The topic as the lake makes it, or as a foreign broker has it."""
    ours = topic_configuration(lake.settings().kafka)
    names = ("message.timestamp.before.max.ms", "message.timestamp.after.max.ms")
    configure(lake, **{name: NO_LIMIT if lifted else ours[name] for name in names})


@dataclass
class ForeignProducers:
    """One producer per codec and fate of its transactions."""

    servers: str
    written: Written = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    """committed, refused, aborted, left open."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Name of the broker's error -> records."""
    _producers: dict[str, KafkaProducer] = field(default_factory=dict)
    _open: dict[str, KafkaProducer] = field(default_factory=dict)

    def send(self, records: Sequence[FuzzedRecord], seed: int) -> None:
        """All records, in turns of a few; transactions of fate `open` stay open."""
        for turn in turns(records, random.Random(seed)):
            {
                "none": self._plain, "committed": self._commit, "aborted": self._abort,
                "open": self._leave_open,
            }[turn[0].transaction](turn)  # fmt: skip

    def abort_open(self) -> None:
        """End what was left open."""
        for producer in self._open.values():
            producer.abort_transaction()
        self._open.clear()

    def close(self) -> None:
        for producer in self._producers.values():
            producer.close(timeout=5)

    def _producer(self, codec: Codec, fate: Transaction) -> KafkaProducer:
        name = f"{fate}-{codec}"
        if name not in self._producers:
            is_plain = fate == "none"
            one = KafkaProducer(
                bootstrap_servers=self.servers, acks="all", enable_idempotence=True, linger_ms=5,
                compression_type=None if codec == "none" else codec, max_request_size=64 * 2**20,
                key_serializer=NullableKeys(),
                transactional_id=None if is_plain else name, transaction_timeout_ms=600_000,
            )  # fmt: skip
            if not is_plain:
                one.init_transactions()
            self._producers[name] = one
        return self._producers[name]

    def _plain(self, turn: Sequence[FuzzedRecord]) -> None:
        for part in parts(turn):
            self._keep(self._sent(part))

    def _commit(self, turn: Sequence[FuzzedRecord]) -> None:
        producer = self._producer(turn[0].codec, "committed")
        producer.begin_transaction()
        taken = self._sent_in_parts(turn)
        if len(taken) == len(turn):
            producer.commit_transaction()
            self._keep(taken)
        else:
            self.counts["aborted"] += len(taken)

    def _abort(self, turn: Sequence[FuzzedRecord]) -> None:
        producer = self._producer(turn[0].codec, "aborted")
        producer.begin_transaction()
        taken = self._sent_in_parts(turn)
        self.counts["aborted"] += len(taken)
        if len(taken) == len(turn):
            producer.abort_transaction()

    def _leave_open(self, turn: Sequence[FuzzedRecord]) -> None:
        codec = turn[0].codec
        if codec not in self._open:
            producer = self._producer(codec, "open")
            producer.begin_transaction()
            self._open[codec] = producer
        taken = self._sent_in_parts(turn)
        self.counts["left open"] += len(taken)
        if len(taken) < len(turn):
            del self._open[codec]

    def _sent_in_parts(self, turn: Sequence[FuzzedRecord]) -> Written:
        """What the broker took within a transaction: nothing more after a refusal."""
        taken: Written = {}
        for part in parts(turn):
            found = self._sent(part)
            taken |= found
            if len(found) < len(part):
                break
        return taken

    def _sent(self, part: Sequence[FuzzedRecord]) -> Written:
        """What the broker took of records that travel together."""
        codec, fate = part[0].codec, part[0].transaction
        producer = self._producer(codec, fate)
        futures = [
            producer.send(
                TOPIC, one.value, NULL if one.key is None else one.key, wire_headers(one.headers),
                partition_of(one.key, one.value, PARTITIONS), one.timestamp_ms,
            )
            for one in part
        ]  # fmt: skip
        producer.flush(SEND_SECONDS)
        taken: Written = {}
        for record, future in zip(part, futures, strict=True):
            try:
                place = future.get(timeout=SEND_SECONDS)
            except KafkaError as error:
                self._refused(error)
            else:
                taken[place.partition, place.offset] = record
        if len(taken) < len(part):
            self._replace(codec, fate)
        return taken

    def _replace(self, codec: Codec, fate: Transaction) -> None:
        """The client's state machine does not survive a refusal; a new one ends its transaction."""
        self._producers.pop(f"{fate}-{codec}").close(timeout=1)
        self._producer(codec, fate)

    def _refused(self, error: KafkaError) -> None:
        self.counts["refused"] += 1
        self.refusals[type(error).__name__] += 1

    def _keep(self, taken: Written) -> None:
        assert not self.written.keys() & taken.keys()
        self.written |= taken
        self.counts["committed"] += len(taken)


def parts(turn: Sequence[FuzzedRecord]) -> Iterator[Sequence[FuzzedRecord]]:
    """Records that may travel in one batch: one that may be refused, or is far, goes alone.

    The broker refuses a batch as a whole, and the client says of batches beside it that they failed
    when they did not.
    """
    for is_alone, group in groupby(turn, key=_goes_alone):
        if is_alone:
            yield from ([one] for one in group)
        else:
            yield list(group)


def _goes_alone(record: FuzzedRecord) -> bool:
    return record.may_be_refused or abs(record.timestamp_ms) >= FAR_MS


def turns(records: Sequence[FuzzedRecord], dice: random.Random) -> Iterator[Sequence[FuzzedRecord]]:
    """Records of one codec and fate, a few at a time, the turns in random order."""
    ordered = sorted(records, key=lambda one: (one.codec, one.transaction))
    made = []
    for _, group in groupby(ordered, key=lambda one: (one.codec, one.transaction)):
        rest = list(group)
        while rest:
            size = dice.randint(1, MOST_TOGETHER)
            made.append(rest[:size])
            rest = rest[size:]
    dice.shuffle(made)
    return iter(made)
