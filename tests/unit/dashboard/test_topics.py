"""The operations page reads a topic when it is asked to, and says plainly what it cannot read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from streamlit.testing.v1 import AppTest

from adlake.contracts.errors import AdlakeError
from adlake.dashboard.topics import LONGEST_SHOWN, row_of
from adlake.io.kafka.newest_records import SeenRecord
from adlake.io.kafka.topic import TopicError, UnreadableRecordsError

RECORDS = [
    SeenRecord(1_000, 0, 7, b"i1", b'{"event_id": "c1"}'),
    SeenRecord(2_500, 1, 3, b"\xff", None),
]


@dataclass
class BrokerDouble:
    """Gives records or an error, and remembers what it was asked."""

    records: Sequence[SeenRecord] = ()
    error: AdlakeError | None = None
    asked: list[tuple[str, int]] = field(default_factory=list)

    def read(self, topic: str, count: int) -> Sequence[SeenRecord]:
        self.asked.append((topic, count))
        if self.error is not None:
            raise self.error
        return self.records


def page() -> None:
    import streamlit as st

    from adlake.dashboard.topics import Topics, offer_topics

    offer_topics(Topics(("ads", "shop"), st.session_state["broker"].read))


def opened(broker: BrokerDouble) -> AppTest:
    found = AppTest.from_function(page)
    found.session_state["broker"] = broker
    found.run(timeout=60)
    assert not found.exception
    return found


def test_nothing_is_read_before_the_button_is_pressed() -> None:
    broker = BrokerDouble(RECORDS)
    shown = opened(broker)
    assert shown.segmented_control[0].options == ["ads", "shop"]
    assert not broker.asked
    assert not shown.dataframe


def test_the_chosen_topic_is_shown_newest_first() -> None:
    broker = BrokerDouble(RECORDS)
    shown = opened(broker)
    shown.segmented_control[0].set_value("shop")
    shown.segmented_control[1].set_value(50)
    shown.button[0].click().run(timeout=60)
    assert not shown.exception
    assert broker.asked == [("shop", 50)]
    rows = shown.dataframe[0].value
    assert list(rows["Offset"]) == [3, 7]
    assert list(rows["Key"]) == ["\\xff", "i1"]
    assert list(rows["Payload"].isna()) == [True, False]
    assert list(rows["Time (UTC)"]) == ["1970-01-01 00:00:02.500", "1970-01-01 00:00:01.000"]
    assert "adlake peek shop" in shown.caption[0].value


def test_what_is_long_is_cut_and_what_is_absent_is_none() -> None:
    row = row_of(SeenRecord(-1, 0, 0, None, b"x" * (LONGEST_SHOWN + 1)))
    assert (row["Time (UTC)"], row["Key"]) == (None, None)
    assert row["Payload"] == "x" * LONGEST_SHOWN + " ..."


def test_an_empty_topic_is_said_to_be_empty() -> None:
    shown = opened(BrokerDouble())
    shown.button[0].click().run(timeout=60)
    assert shown.info[0].value.startswith("Topic ads is empty")
    assert not shown.dataframe


@pytest.mark.parametrize(
    "error", [TopicError("Kafka does not answer at k:1"), UnreadableRecordsError("a codec")]
)
def test_a_topic_that_cannot_be_read_is_said_with_the_reason(error: AdlakeError) -> None:
    shown = opened(BrokerDouble(error=error))
    shown.button[0].click().run(timeout=60)
    assert not shown.exception
    assert shown.error[0].value == "Topic ads: nothing was read."
    assert shown.code[0].value == str(error)
