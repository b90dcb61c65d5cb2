"""What ends the wait for the broker, and what that means for the file."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from adlake.collector.files import FileRefusedError, StoppedError
from adlake.collector.placing import Placed
from adlake.contracts.topics import AD_TOPIC
from adlake.io.kafka.collecting import Done
from adlake.io.kafka.producer import ProducerError, Record
from adlake.wiring import collector
from adlake.wiring.collector import Publishing

EVENTS = [Placed(AD_TOPIC, None, b"1")]


class PublisherDouble:
    """Ends each group at once with the given outcome; `...` never does."""

    def __init__(self, outcome: object) -> None:
        self.outcome = outcome
        self.sent: list[tuple[str, Record]] = []

    def publish(self, records: Sequence[tuple[str, Record]], done: Done) -> None:
        self.sent += records
        if self.outcome is not ...:
            done(self.outcome)  # type: ignore[arg-type]

    def close(self) -> None: ...


def publishing(outcome: object) -> Publishing:
    return Publishing(PublisherDouble(outcome), {AD_TOPIC: "ads-of-mine"})  # type: ignore[arg-type]


def test_records_go_to_the_topic_of_the_broker_with_the_given_time() -> None:
    one = publishing(None)
    one.send(EVENTS, 7)
    assert one.publisher.sent == [("ads-of-mine", (None, b"1", 7))]  # type: ignore[attr-defined]


def test_a_record_that_is_too_large_is_a_fault_of_its_file_and_all_else_of_the_broker() -> None:
    with pytest.raises(FileRefusedError, match="no record as large"):
        publishing(MessageSizeTooLargeError("2 MB")).send(EVENTS, 7)
    with pytest.raises(ProducerError, match="send them again"):
        publishing(KafkaTimeoutError("gone")).send(EVENTS, 7)


def test_a_silent_broker_is_told_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "SEND_SECONDS", 0.05)
    monkeypatch.setattr(collector, "WAIT_SLICE_SECONDS", 0.01)
    with pytest.raises(ProducerError, match="did not acknowledge"):
        publishing(...).send(EVENTS, 7)


def test_who_is_told_to_stop_waits_no_longer() -> None:
    began = time.monotonic()
    with pytest.raises(StoppedError):
        publishing(...).send(EVENTS, 7, lambda: True)
    assert time.monotonic() - began < 5
