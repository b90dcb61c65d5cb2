"""From verdicts to the alert log and its incidents, in plain Python: the reference form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from adlake.alerts.contract import Evaluation, Rule
from adlake.alerts.rules import RECOVERY_WINDOWS, Verdict


class Status(StrEnum):
    """Of a row of the alert log."""

    FIRED = "fired"
    WITHDRAWN = "withdrawn"
    """The final evaluation did not confirm it."""


class State(StrEnum):
    """Of an incident."""

    OPEN = "open"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Key:
    """What has one open incident at a time."""

    campaign_id: str
    segment: str
    """`all`, or a value such as `channel=push`."""
    metric: str
    rule: Rule


@dataclass(frozen=True)
class LoggedAlert:
    """A row of the alert log: the evaluation that fired, whatever came later but for its status."""

    alert_id: str
    verdict: Verdict
    incident_id: str
    status: Status = Status.FIRED


@dataclass(frozen=True)
class Incident:
    """Firings that belong together."""

    incident_id: str
    state: State
    opened_ms: int
    closed_ms: int | None
    opening: Verdict
    """The firing that opened it."""
    last: Verdict
    """The newest of its firings that were not withdrawn; that of the opening when none is left."""
    closing: Verdict | None = None
    """What ended it: the last of the windows that look well, or the last withdrawal."""
    windows: tuple[int, ...] = ()
    """Of its firings that were not withdrawn."""
    worst_value: float | None = None
    """Of these: the smallest."""

    @property
    def first_window_ms(self) -> int:
        """Of the firing that opened it."""
        return self.opening.window_ms

    @property
    def last_window_ms(self) -> int:
        """Of its newest firing."""
        return self.last.window_ms


@dataclass(frozen=True)
class Transition:
    """What people and programs are told once."""

    incident_id: str
    state: State
    at_ms: int
    verdict: Verdict


@dataclass
class AlertLog:
    """What the verdicts of one key came to, in the order in which they are applied."""

    key: Key
    alerts: dict[int, LoggedAlert] = field(default_factory=dict)
    """By window."""
    incidents: list[Incident] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    _recovered: int = 0
    """Windows in a row that look well, since the incident opened."""
    _fired: dict[int, Verdict] = field(default_factory=dict)
    """By window: the firings of the newest incident that were not withdrawn."""

    def apply(self, verdict: Verdict) -> None:
        """Take the next verdict."""
        if verdict.fires:
            self._fire(verdict)
        elif verdict.evaluation is Evaluation.FINAL:
            self._withdraw(verdict)
        # Final verdicts come an hour late: only the rule that has no others ends by them.
        ends_by = Evaluation.FINAL if self.key.rule is Rule.RELATIVE_RATE else Evaluation.EARLY
        if verdict.evaluation is ends_by:
            self._recover(verdict)

    @property
    def _open(self) -> Incident | None:
        newest = self.incidents[-1] if self.incidents else None
        return newest if newest is not None and newest.state is State.OPEN else None

    def _fire(self, verdict: Verdict) -> None:
        window = verdict.window_ms
        if window in self.alerts:
            return  # the early evaluation is confirmed
        incident = self._open
        if incident is None:
            name = identity(self.key, window)
            incident = Incident(name, State.OPEN, verdict.cutoff_ms, None, verdict, verdict)
            self.incidents.append(incident)
            self._tell(incident, verdict)
            self._recovered = 0
            self._fired = {}
        self.alerts[window] = LoggedAlert(
            identity(self.key, window, is_alert=True), verdict, incident.incident_id
        )
        self._fired[window] = verdict

    def _withdraw(self, verdict: Verdict) -> None:
        alert = self.alerts.get(verdict.window_ms)
        if alert is None or alert.status is Status.WITHDRAWN:
            return
        self.alerts[verdict.window_ms] = replace(alert, status=Status.WITHDRAWN)
        incident = self._open
        if incident is None or incident.incident_id != alert.incident_id:
            return
        del self._fired[verdict.window_ms]
        if not self._fired:
            self._close(State.WITHDRAWN, verdict)

    def _recover(self, verdict: Verdict) -> None:
        if self._open is None:
            return
        is_well = verdict.recovers and not verdict.fires
        self._recovered = self._recovered + 1 if is_well else 0
        if self._recovered >= RECOVERY_WINDOWS[self.key.rule]:
            self._close(State.RESOLVED, verdict)

    def settle(self) -> None:
        """Bring the newest incident up to its firings; a closed one stays as it was."""
        if self._open is None:
            return
        fired = {window: self._fired[window] for window in sorted(self._fired)}
        newest = self._open
        self.incidents[-1] = replace(
            newest, windows=tuple(fired), last=fired[max(fired)] if fired else newest.opening,
            worst_value=min((one.value for one in fired.values()), default=None),
        )  # fmt: skip

    def _close(self, state: State, verdict: Verdict) -> None:
        self.settle()
        at_ms = verdict.cutoff_ms
        closed = replace(self.incidents[-1], state=state, closed_ms=at_ms, closing=verdict)
        self.incidents[-1] = closed
        self._tell(closed, verdict)

    def _tell(self, incident: Incident, verdict: Verdict) -> None:
        at_ms = verdict.cutoff_ms
        self.transitions.append(Transition(incident.incident_id, incident.state, at_ms, verdict))


def log_of(key: Key, verdicts: Iterable[Verdict]) -> AlertLog:
    """Apply verdicts of one key in the order of cutoff and window, whatever order they come in."""
    log = AlertLog(key)
    for one in sorted(verdicts, key=lambda one: (one.cutoff_ms, one.window_ms)):
        log.apply(one)
    log.settle()
    return log


def identity(key: Key, window_ms: int, *, is_alert: bool = False) -> str:
    """SHA-256 of a canonical array: of an alert in the order of its log, else of an incident."""
    window = _iso(window_ms)
    parts = (
        [key.campaign_id, key.segment, key.metric, window, key.rule]
        if is_alert
        else [key.campaign_id, key.segment, key.metric, key.rule, window]
    )
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _iso(moment_ms: int) -> str:
    moment = datetime.fromtimestamp(moment_ms // 1_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment_ms % 1_000:03d}Z"
