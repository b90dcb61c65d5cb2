"""The operations page lists notifications that were given up, and says when nobody knows."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from adlake.contracts.errors import AdlakeError
from adlake.dashboard.given_up import MOST, PATH
from adlake.io.events_api.asking import ApiAwayError, ApiUnreadyError
from tests.unit.dashboard.remotes import RemoteDouble, opened

ROW = {
    "incident_id": "a/b", "transition": "opened", "channel": "slack", "response_code": 404,
    "reason": "answered 404", "changed_at": "2026-03-02T10:00:00Z",
}  # fmt: skip


def page() -> None:
    import streamlit as st

    from adlake.dashboard.given_up import ask_given_up, show_given_up

    show_given_up(ask_given_up(st.session_state["remote"]))


def drawn(remote: RemoteDouble) -> AppTest:
    return opened(page, remote)


def test_none_is_said_quietly() -> None:
    remote = RemoteDouble({PATH: []})
    shown = drawn(remote)
    assert shown.caption[0].value == "Notifications: none failed."
    assert not shown.dataframe
    assert remote.asked == [(PATH, {"limit": str(MOST)})]


def test_failures_are_a_table() -> None:
    silent = ROW | {"channel": "email", "response_code": None, "reason": "no answer in 5 s"}
    shown = drawn(RemoteDouble({PATH: [ROW, silent]}))
    table = shown.dataframe[0].value
    assert list(table.columns) == [
        "Time (UTC)", "Channel", "Incident", "Transition", "Code", "Reason",
    ]  # fmt: skip
    assert list(table.iloc[0]) == [
        "2026-03-02 10:00:00 UTC", "Slack", "alerts?incident=a%2Fb", "opened", "404",
        "answered 404",
    ]  # fmt: skip
    assert table.iloc[1]["Channel"] == "E-mail"
    assert table["Code"].isna().tolist() == [False, True]
    assert shown.caption[0].value.startswith("2 in all, newest first.")


def test_as_many_as_are_asked_for_may_not_be_all() -> None:
    shown = drawn(RemoteDouble({PATH: [ROW] * MOST}))
    assert shown.caption[0].value.startswith(f"The newest {MOST}, newest first.")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ApiAwayError("no"), "Notifications: the API does not answer."),
        (ApiUnreadyError("no database"), "Notifications: the API cannot say: no database"),
        (None, "Notifications: the API is older than this page."),
    ],
)
def test_what_is_not_known_is_no_success(error: AdlakeError | None, said: str) -> None:
    shown = drawn(RemoteDouble(error=error))
    assert [one.value for one in shown.caption] == [said]
    assert not shown.dataframe
