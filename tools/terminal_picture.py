"""Draws what a command printed as a picture of a terminal; no letter of it is typed by hand.

`infra/drill/run.sh` keeps what `adlake status` said of the containers (STATUS=...), as text. The
same text always gives the same picture, so a test sees whether the two belong together.
"""

from __future__ import annotations

import io
import re
import sys
from typing import Final

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from adlake.settings import REPO_ROOT

SAID: Final = REPO_ROOT / "infra" / "drill" / "status.txt"
PICTURE: Final = REPO_ROOT / "docs" / "img" / "status.svg"
COMMAND: Final = "make status RUNTIME=docker"
COLOURS: Final = {"ready": "green", "done": "cyan", "not ready": "yellow", "died": "red"}
"""Of the word after the first one of a line."""
_STATE: Final = re.compile(rf"(?m)^\S+ +({'|'.join(sorted(COLOURS, key=len, reverse=True))})\b")
_WEB_FONTS: Final = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def drawn(said: str, command: str) -> str:
    """The picture, as SVG, of a command and what it printed."""
    width = max(len(line) for line in (f"$ {command}", *said.splitlines())) + 1
    console = Console(record=True, width=width, file=io.StringIO(), legacy_windows=False)
    text = Text(said)
    for found in _STATE.finditer(said):
        text.stylize(COLOURS[found[1]], *found.span(1))
    console.print(Text(f"$ {command}", style="bold"), text, sep="\n", end="")
    picture = console.export_svg(title="", theme=MONOKAI)
    # A picture fetches nothing: the reader's own font will do.
    return _WEB_FONTS.sub("", picture)


def main() -> None:
    """Draw the file that the drill left."""
    PICTURE.write_text(drawn(SAID.read_text(), COMMAND))
    sys.stdout.write(f"{PICTURE.relative_to(REPO_ROOT)} written\n")


if __name__ == "__main__":
    main()
