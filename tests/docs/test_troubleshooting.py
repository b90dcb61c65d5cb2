"""docs/troubleshooting.md quotes messages that the program has."""

from __future__ import annotations

import re
from functools import cache

import pytest

from adlake.settings import REPO_ROOT

pytestmark = pytest.mark.docs

TEXT = (REPO_ROOT / "docs" / "troubleshooting.md").read_text()
SYMPTOMS = (
    "command not found", "no JDK", "port is taken", "first batch is slow",
    "copied or moved lake", "dashboard is empty", "KPI alerts are off", "A view is missing",
    "There are no customers", "contract is refused", "Begin anew", "Freshness is hours",
    "last seven days move", "ad platform says something else", "stream that waits",
    "Not enough memory", "disk is full",
)  # fmt: skip


def messages() -> list[str]:
    """What stands after `It says`, and in the first column of a table of messages."""
    told = re.findall(r"[Ii]t says:? `([^`]+)`(?:, or `([^`]+)`)?", TEXT)
    table = TEXT.partition("| it says |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    return [one for pair in told for one in pair if one] + rows


@cache
def sources() -> str:
    """The program's texts; a text that goes on in the next line is one."""
    files = [*(REPO_ROOT / "src").rglob("*.py"), REPO_ROOT / "tools" / "bootstrap.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(files))
    return re.sub(r'"\s*\n\s*f?"', "", text)


def is_said(message: str) -> bool:
    """Each `...` stands for anything within one text."""
    pieces = [re.escape(piece.strip()) for piece in message.split("...") if piece.strip()]
    return re.search(r"[^\n]{0,200}?".join(pieces), sources()) is not None


@pytest.mark.parametrize("message", messages())
def test_a_quoted_message_is_in_the_program(message: str) -> None:
    assert is_said(message)


def test_enough_messages_are_quoted_and_a_made_up_one_is_found_out() -> None:
    assert len(messages()) > 25
    assert not is_said("port ..., wanted by nobody, is taken")


def test_every_heading_is_a_symptom() -> None:
    headings = re.findall(r"^### (.+)$", TEXT, re.MULTILINE)
    assert [one for one in SYMPTOMS if not any(one in heading for heading in headings)] == []
