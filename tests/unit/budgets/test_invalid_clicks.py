"""Credits of the invalid-traffic job: admitted, in full, the same bytes whenever they are made."""

from __future__ import annotations

from typing import Any, cast

import pytest
from typer.testing import CliRunner

from adlake.budgets.invalid_clicks import REPEAT_MS, credit_of, flagged_clicks
from adlake.budgets.spend import spend_ledger
from adlake.cli import app
from adlake.collector.judging import Accepted, judged
from adlake.generator import invalid_traffic
from adlake.io.trino.client import TrinoClient
from tests.fixtures.budgets.told import at, click, told

CLICK = {"advertiser_id": "a1", "click_id": 'c"1', "amount": "0.100001", "event_ms": at("10:00")}


class Trino:
    """One flagged click."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __enter__(self) -> Trino:
        return self

    def __exit__(self, *error: object) -> None:
        return

    def records(self, sql: str) -> list[dict[str, Any]]:
        self.asked.append(sql)
        return [CLICK]


def test_a_credit_takes_all_of_its_click_and_counts_once() -> None:
    text = credit_of(CLICK)
    assert text == (
        '{"advertiser_id":"a1","amount":0.100001,"click_id":"c\\"1","credit_id":"givt:c\\"1",'
        f'"event_id":"givt:c\\"1","event_timestamp":{at("10:00")},"event_type":"SPEND_CREDIT",'
        '"reason":"GIVT"}'
    )
    assert credit_of(dict(CLICK)) == text
    verdict = judged(text, at("12:00"))
    assert isinstance(verdict, Accepted)
    assert (verdict.topic, verdict.key, verdict.value) == ("business_events", b"a1", text.encode())
    sent = click('c"1', at("10:00"), 0.100001)
    given = [(verdict.value, verdict.key, at("12:00"))] * 2
    [row] = spend_ledger(told([sent, *given]))
    assert (row.amount, row.credit_amount, row.net_amount) == (100_001, 100_001, 0)


def test_the_question_names_the_second_and_the_limit() -> None:
    trino = Trino()
    assert flagged_clicks(cast("TrinoClient", trino), 7) == [CLICK]
    assert "pause_ms <= 1000" in trino.asked[0]
    assert "LIMIT 7" in trino.asked[0]


def test_the_simulated_job_flags_by_the_same_second() -> None:
    assert invalid_traffic.REPEAT_MS == REPEAT_MS


def test_a_dry_run_shows_the_credits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adlake.io.trino.client.connect", lambda *place: Trino())
    done = CliRunner().invoke(app, ["budgets", "credit", "--dry-run"])
    assert done.output == f"{credit_of(CLICK)}\n"
