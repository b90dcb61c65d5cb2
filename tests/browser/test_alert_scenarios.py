"""Trouble that the generator plays, from its events to the page and to who is told, and its end.

Nothing is put in by hand: generator, broker, stream, rules, notifier, API and page are the real
ones. Hours pass at once: the generator stamps its records with the time it plays.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from adlake.generator.model import Market, campaign_id
from adlake.generator.scenario import ScenarioName, busiest_campaign
from adlake.io.trino.client import direct_session
from tests.fixtures.lake import SERVERS, Lake
from tests.fixtures.patience import wait_until
from tests.fixtures.reader import PATIENCE_MS, Reader
from tests.fixtures.receivers import HttpReceiver, http_receiver

pytestmark = [pytest.mark.browser, pytest.mark.chaos, pytest.mark.timeout(900)]

SEED = 3
CAMPAIGN = campaign_id(busiest_campaign(Market(SEED)))
WINDOW = timedelta(minutes=5)
TOLD_SECONDS = 60.0
LATEST_SECONDS = 90.0
"""After the beginning of a window: it is judged six minutes after it."""


@dataclass(frozen=True)
class Play:
    """A scenario: what is usual `before` it, how long it lasts, what goes on after it."""

    scenario: ScenarioName
    rate: int
    before: timedelta
    lasts: timedelta
    metric: str
    rule: str
    after: timedelta = timedelta(minutes=25)

    @property
    def whole(self) -> timedelta:
        return self.before + self.lasts + self.after


PLAYS = (
    # Under a rule of the campaign's own: a quarter of five clicks of a hundred is below three.
    Play(ScenarioName.CTR_DROP, 40, 6 * WINDOW, 4 * WINDOW, "ctr", "A"),
    # What was usual is known after an hour, and is judged against a whole day.
    Play(ScenarioName.SILENCE, 10, 48 * WINDOW, 6 * WINDOW, "impressions", "D"),
)
RULES = "rule_id,rule,metric,campaign_id,threshold,valid_from\nown,A,ctr,{campaign},0.03,{since}\n"


@contextmanager
def told(home: Path) -> Iterator[tuple[Lake, HttpReceiver]]:
    """A lake whose incidents are told to a web hook."""
    with http_receiver() as receiver:
        one = Lake(home, {
            "ALERTS": "true", "WEBHOOK_URL": receiver.url, "NOTIFY_EVERY_SECONDS": "1",
            "TRIGGER_SECONDS": "1",
        })  # fmt: skip
        with one.running(SERVERS):
            yield one, receiver


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: str(play.scenario))
def test_a_campaign_goes_red_and_green_again(play: Play, tmp_path: Path, browser: Browser) -> None:
    begin = window_just_begun() - play.whole
    rules = tmp_path / "rules.csv"
    rules.write_text(RULES.format(campaign=CAMPAIGN, since=begin.isoformat()))
    with told(tmp_path / "home") as (lake, receiver):
        lake.adlake("alerts", "load", str(rules))
        generate(lake, play, begin, play.before + play.lasts)
        lake.stack().up(only=["stream", "dashboard", "api"])
        judge(lake)
        [one] = mine(asked(lake, "alerts/active"), play)
        assert begin + play.before <= datetime.fromisoformat(one["first_window_start"])
        told_in_time(receiver, ("opened", one["incident_id"]))
        page = browser.new_context(viewport={"width": 1400, "height": 1900}).new_page()
        reader = Reader(page, f"http://127.0.0.1:{lake.port_of('dashboard')}")
        strip = reader.page.get_by_role("alert").filter(has_text="open: ")
        reader.open(title="Campaigns")
        # What is not played yet is silence of all the others, too.
        shown = CAMPAIGN if play.scenario is ScenarioName.CTR_DROP else "alerts are open"
        expect(strip).to_contain_text(shown, timeout=PATIENCE_MS)

        # The same events again count once, and the campaign is well again after them.
        generate(lake, play, begin, play.whole)
        judge(lake)
        assert mine(asked(lake, "alerts/active"), play) == []
        [over] = mine(asked(lake, f"alerts/incidents?campaign_id={CAMPAIGN}"), play)
        assert (over["incident_id"], over["state"]) == (one["incident_id"], "resolved")
        told_in_time(receiver, ("resolved", one["incident_id"]))
        assert len(transitions(receiver)) == len(set(transitions(receiver)))
        reader.open(title="Campaigns")
        expect(reader.page.get_by_role("alert").filter(has_text=CAMPAIGN)).to_have_count(
            0, timeout=PATIENCE_MS
        )
        reader.expect_no_complaint()
        assert "PROVEN" in lake.adlake("verify").stdout


def window_just_begun() -> datetime:
    """When the window began in which we are: it must not end, unplayed, before the test does."""
    begun = time.time() // WINDOW.total_seconds() * WINDOW.total_seconds()
    if time.time() - begun > LATEST_SECONDS:
        begun += WINDOW.total_seconds()
        time.sleep(begun - time.time())
    return datetime.fromtimestamp(begun, UTC)


def generate(lake: Lake, play: Play, begin: datetime, length: timedelta) -> None:
    """Publish the first part of what is played, as fast as it goes."""
    seconds = {name: f"{int(span.total_seconds())}s" for name, span in (
        ("--duration", length), ("--scenario-after", play.before), ("--scenario-for", play.lasts),
    )}  # fmt: skip
    given = {
        "--seed": str(SEED), "--rate": str(play.rate), "--start-at": begin.isoformat(),
        "--faults": "none", "--scenario": str(play.scenario), "--scenario-campaign": CAMPAIGN,
    } | seconds  # fmt: skip
    texts = (text for pair in given.items() for text in pair)
    lake.adlake("generate", "--unpaced", "--business", *texts)


def judge(lake: Lake) -> None:
    """Judge now what the stream would judge at the end of the next window."""
    lake.adlake("wait", "--timeout", "240")
    said = lake.adlake("alerts", "build").stdout
    assert "alerts in" in said, said


def asked(lake: Lake, path: str) -> list[dict[str, Any]]:
    answer = direct_session().get(f"http://127.0.0.1:{lake.port_of('api')}/{path}", timeout=60)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    return rows


def mine(incidents: list[dict[str, Any]], play: Play) -> list[dict[str, Any]]:
    """Those of the campaign under the rule that the play is for."""
    wanted = (CAMPAIGN, "all", play.metric, play.rule)
    names = ("campaign_id", "segment", "metric", "rule")
    return [one for one in incidents if tuple(one[name] for name in names) == wanted]


def transitions(receiver: HttpReceiver) -> list[tuple[str, str]]:
    return [(one["transition"], one["incident_id"]) for one in receiver.records]


def told_in_time(receiver: HttpReceiver, transition: tuple[str, str]) -> None:
    wait_until(
        lambda: transition in transitions(receiver), TOLD_SECONDS, every=0.2,
        otherwise="nobody was told",
    )  # fmt: skip
