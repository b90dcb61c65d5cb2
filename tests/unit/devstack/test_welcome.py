"""The last words of `make up` name what is there, and what can be done with it."""

from __future__ import annotations

from adlake.devstack.welcome import text_for


def test_only_what_runs_is_named() -> None:
    assert "Look at" not in text_for({"postgres": "127.0.0.1:5442"})
    text = text_for({"postgres": "127.0.0.1:5442", "kafka": "127.0.0.1:9092"})
    assert "127.0.0.1:9092" in text
    assert "Trino" not in text


def test_what_asks_trino_is_offered_when_trino_runs() -> None:
    without, with_trino = (
        text_for({"kafka": "127.0.0.1:9092"}),
        text_for({"kafka": "127.0.0.1:9092", "trino": "127.0.0.1:8080"}),
    )
    for verb in ("make verify", "make query"):
        assert verb not in without
        assert verb in with_trino
    assert "make down" in without
