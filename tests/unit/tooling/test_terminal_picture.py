"""A picture of a terminal shows what was printed: all of it, and nothing else."""

from __future__ import annotations

import html
import re

from adlake.devstack.containers.states import ContainerState, as_table
from tools import terminal_picture

SAID = as_table([
    ContainerState("trino", "ready", "127.0.0.1:8080", 1536, 1),
    ContainerState("init", "done", "", 160, 0),
    ContainerState("kafka", "not ready", "<&>", 704, 0),
])  # fmt: skip


def letters_of(picture: str) -> list[str]:
    """Lines of the text in a picture, top to bottom."""
    body = picture.partition('-matrix">')[2]
    pieces = re.findall(r'<text [^>]*?x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', body)
    rows: dict[float, list[tuple[float, str]]] = {}
    for left, top, text in pieces:
        rows.setdefault(float(top), []).append((float(left), html.unescape(text)))
    return ["".join(text for _, text in sorted(rows[top])) for top in sorted(rows)]


def squeezed(line: str) -> str:
    return "".join(line.split())


def test_a_picture_shows_every_line_and_none_that_was_not_printed() -> None:
    shown = letters_of(terminal_picture.drawn(SAID, "make status"))
    wanted = ["$ make status", *SAID.splitlines()]
    assert [squeezed(line) for line in shown] == [squeezed(line) for line in wanted]


def test_states_have_a_colour() -> None:
    plain = terminal_picture.drawn(SAID.replace("not ready", "other"), "make status")
    assert terminal_picture.drawn(SAID, "make status").count("fill: ") > plain.count("fill: ")


def test_a_picture_fetches_nothing_and_is_the_same_each_time() -> None:
    picture = terminal_picture.drawn(SAID, "make status")
    assert 'url("' not in picture
    assert not re.search(r"https?://(?!www\.w3\.org/|www\.textualize\.io)", picture)
    assert picture == terminal_picture.drawn(SAID, "make status")


def test_the_picture_of_the_docs_is_what_the_drill_saw() -> None:
    said = terminal_picture.SAID.read_text()
    assert terminal_picture.PICTURE.read_text() == terminal_picture.drawn(
        said, terminal_picture.COMMAND
    ), "run `python -m tools.terminal_picture`"
    assert "lakehouse-spark" in said
