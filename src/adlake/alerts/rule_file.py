"""A file of rules to new versions: every row is judged before the first one is written.

A row whose rule_id is known ends the version before and says only what changes: an empty cell
leaves what that one said.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from adlake.alerts.contract import RECOVERED, STATIC_THRESHOLDS, Multiplicity, Rule, Segment, Z
from adlake.alerts.rule_rows import FOREVER_MS, METRICS, WITH_THRESHOLD, RuleRow
from adlake.contracts.errors import AdlakeError, listed
from adlake.contracts.notices import ChannelName

FROM: Final = "valid_from"
TARGET: Final = ("rule", "metric", "campaign_id", "segment")
"""What a rule is about: no version of it may say another one."""
COLUMNS: Final = (
    "rule_id", *TARGET, "threshold", "z", "resolve_factor", "multiplicity", "channels", "enabled",
    FROM,
)  # fmt: skip
"""Of a file; all but rule_id may be missing or empty."""
EVERYBODY: Final = "all"
"""In the column channels: whoever is configured."""
Cells = Mapping[str, str]
T = TypeVar("T")


class RuleFileError(AdlakeError):
    """A file that cannot be loaded; nothing of it was written."""


class RuleError(ValueError):
    """What is wrong with one row."""


@dataclass
class NewVersions:
    """What a file changes: rows to write, those of versions that end first."""

    rows: list[RuleRow] = field(default_factory=list)
    added: int = 0


def versions_of(
    name: str, cells: Sequence[Cells], known: Iterable[RuleRow], now_ms: int
) -> NewVersions:
    """The versions that the rows of a file stand for, and the ends of those before.

    Args:
        name: of the file, for messages.
        cells: see `cells_of`.
        known: every version that is recorded.
        now_ms: beginning of rows that name none; epoch ms.

    Raises:
        RuleFileError: names the rows that are no lawful rules.
    """
    newest: dict[str, RuleRow] = {}
    for one in sorted(known, key=lambda one: one.rule_version):
        newest[one.rule_id] = one
    made, bad = NewVersions(), []
    for number, row in enumerate(cells, start=1):
        try:
            new = _version(row, newest, now_ms)
        except RuleError as error:
            bad.append(f"row {number}: {error}")
            continue
        if before := newest.get(new.rule_id):
            made.rows = [one for one in made.rows if one != before]
            made.rows.append(replace(before, valid_to_ms=new.valid_from_ms))
        made.rows.append(new)
        made.added += 1
        newest[new.rule_id] = new
    if bad:
        raise RuleFileError(
            f"{len(bad):,} of {len(cells):,} rows of {name} are no lawful rules, so nothing was "
            f"written:\n{listed(bad)}"
        )
    return made


def cells_of(path: Path) -> list[Cells]:
    """The cells of a CSV file with a header, trimmed; raises RuleFileError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = [name.strip() for name in reader.fieldnames or ()]
            rows = list(reader)
    except FileNotFoundError:
        raise RuleFileError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RuleFileError(f"{path.name} cannot be read: {error}") from error
    unknown = [name for name in columns if name not in COLUMNS]
    if unknown or "rule_id" not in columns:
        what = f"unknown columns {', '.join(unknown)}" if unknown else "no column rule_id"
        raise RuleFileError(f"{path.name} has {what}; there are: {', '.join(COLUMNS)}")
    wrong = [number for number, row in enumerate(rows, start=1) if None in row]
    if wrong:
        raise RuleFileError(f"{path.name}: row {wrong[0]} has more cells than there are columns")
    return [{name.strip(): (value or "").strip() for name, value in row.items()} for row in rows]


def _version(cells: Cells, newest: Mapping[str, RuleRow], now_ms: int) -> RuleRow:
    rule_id = cells["rule_id"]
    if not rule_id or not rule_id.isprintable() or len(rule_id) > 100:
        raise RuleError(f"rule_id {rule_id!r}: 1 to 100 printable characters are wanted")
    before = newest.get(rule_id)
    begin_ms = _moment(cells.get(FROM, ""), now_ms)
    told = _followed(cells, before, begin_ms) if before else _first(cells, rule_id)
    new = replace(told, **_numbers(cells, told), valid_from_ms=begin_ms, valid_to_ms=FOREVER_MS)
    same = [one.rule_id for one in newest.values() if one.target == new.target]
    if same not in ([], [rule_id]):
        raise RuleError(f"rule {same[0]} is about the same: give that one a new version")
    _refuse_useless(new)
    return new


def _first(cells: Cells, rule_id: str) -> RuleRow:
    """The first version: what is empty has its default."""
    rule = _one_of("rule", cells.get("rule", ""), Rule)
    metric = cells.get("metric", "")
    if metric not in METRICS[rule]:
        raise RuleError(f"metric {metric!r}: rule {rule} looks at {', '.join(METRICS[rule])}")
    campaign = cells.get("campaign_id") or None
    if campaign == "unknown":
        raise RuleError("campaign_id 'unknown': events that name no campaign are not judged")
    is_static = rule is Rule.STATIC_RATE
    return RuleRow(
        rule_id, rule, metric, campaign,
        _one_of("segment", cells.get("segment") or Segment.ALL, Segment),
        threshold=STATIC_THRESHOLDS[metric] if is_static else None,
        z=Z if is_static else None,
        resolve_factor=RECOVERED if rule in WITH_THRESHOLD else None,
    )  # fmt: skip


def _followed(cells: Cells, before: RuleRow, begin_ms: int) -> RuleRow:
    """The next version of a rule: what is empty stays."""
    for name in TARGET:
        said, held = cells.get(name, ""), getattr(before, name)
        if said and said != (held or ""):
            raise RuleError(
                f"{name} {said!r}: rule {before.rule_id} is about {held or 'every campaign'}, and "
                "no version changes that; take another rule_id"
            )
    if begin_ms <= before.valid_from_ms:
        raise RuleError(
            f"{FROM}: version {before.rule_version} of rule {before.rule_id} begins at "
            f"{_shown(before.valid_from_ms)}, the next one must begin later"
        )
    return replace(before, rule_version=before.rule_version + 1)


def _numbers(cells: Cells, told: RuleRow) -> dict[str, Any]:
    """What a version says beside what it is about, where its cells say it."""
    read: dict[str, Callable[[str], Any]] = {
        "threshold": lambda text: _threshold(text, told.rule),
        "z": lambda text: _number("z", text, told.rule is Rule.STATIC_RATE, 0, 10),
        "resolve_factor": lambda text: _number(
            "resolve_factor", text, told.rule in WITH_THRESHOLD, 1, 100
        ),
        "multiplicity": lambda text: _one_of("multiplicity", text, Multiplicity),
        "channels": _channels,
        "enabled": _truth,
    }
    return {name: reads(cells[name]) for name, reads in read.items() if cells.get(name)}


def _refuse_useless(new: RuleRow) -> None:
    """Raise for a row that says two things at once, or that could never fire."""
    is_shared = new.multiplicity is Multiplicity.BONFERRONI
    if is_shared and new.rule is not Rule.STATIC_RATE:
        raise RuleError(f"multiplicity {new.multiplicity}: of rule A alone")
    if is_shared and new.z == 0:
        raise RuleError("z 0 is the plain comparison, and bonferroni finds a z of its own: which?")
    if new.enabled and new.rule in WITH_THRESHOLD and new.threshold is None:
        raise RuleError(f"rule {new.rule} needs a threshold, or enabled false")


def _threshold(text: str, rule: Rule) -> float:
    if rule is Rule.STATIC_RATE:
        return _number("threshold", text, True, 0, 1, is_open=True)
    return _number(
        "threshold", text, rule in WITH_THRESHOLD, 0, 1e15, is_open=True,
        why=f"rule {rule} finds its threshold itself",
    )  # fmt: skip


def _number(
    name: str, text: str, is_known: bool, least: float, most: float,
    *, is_open: bool = False, why: str = "",
) -> float:  # fmt: skip
    if not is_known:
        raise RuleError(f"{name} {text!r}: {why or 'this rule has none'}")
    try:
        value = float(text)
    except ValueError:
        raise RuleError(f"{name} {text!r} is no number") from None
    if not math.isfinite(value) or not least <= value <= most or (is_open and value == least):
        above = "above" if is_open else "from"
        raise RuleError(f"{name} {text!r}: a number {above} {least:g} to {most:g} is wanted")
    return value


def _channels(text: str) -> str:
    """By commas, in the order of the list; empty: everybody."""
    if text == EVERYBODY:
        return ""
    named = [one.strip() for one in text.split(",")]
    if unknown := [one for one in named if one not in list(ChannelName)]:
        raise RuleError(
            f"channels {unknown[0]!r}: some of {', '.join(ChannelName)} by commas, or {EVERYBODY}"
        )
    return ",".join(one for one in ChannelName if one in named)


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise RuleError(f"enabled {text!r}: true or false")
    return text.lower() == "true"


def _one_of(name: str, text: str, known: type[T]) -> T:
    members = list(known)  # type: ignore[call-overload]
    if text not in members:
        raise RuleError(f"{name} {text!r} is none of {', '.join(members)}")
    return known(text)  # type: ignore[call-arg]


def _moment(text: str, now_ms: int) -> int:
    """Epoch ms of a cell: ISO 8601, UTC unless it says otherwise; empty: now."""
    if not text:
        return now_ms
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RuleError(
            f"{FROM} {text!r}: an instant like 2026-01-31T12:00:00Z is wanted"
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    found = int(moment.timestamp()) * 1_000 + moment.microsecond // 1_000
    if not 0 <= found < FOREVER_MS:
        raise RuleError(f"{FROM} {text!r}: from 1970 to 9999-12-31")
    return found


def _shown(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1_000, UTC).isoformat()
