"""The operations page says aloud when the batch counts of the stream do not agree."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page_with_a_gap() -> None:
    from adlake.dashboard.operations import show_batch_counts

    show_batch_counts([{"gap": "offsets between two batches", "kafka_partition": 2, "missing": 3}])


def page_without() -> None:
    from adlake.dashboard.operations import show_batch_counts

    show_batch_counts([])


def test_a_gap_raises_an_alert_and_shows_its_row() -> None:
    shown = AppTest.from_function(page_with_a_gap).run(timeout=30)
    [alert] = shown.error
    assert "the batch counts do not agree in 1 places" in alert.value
    [rows] = shown.dataframe
    assert rows.value.to_dict("records") == [
        {"gap": "offsets between two batches", "kafka_partition": 2, "missing": 3}
    ]


def test_agreement_is_said_quietly() -> None:
    shown = AppTest.from_function(page_without).run(timeout=30)
    assert not shown.error
    assert "the batch counts agree" in shown.caption[0].value
