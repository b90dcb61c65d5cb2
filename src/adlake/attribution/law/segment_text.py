"""The stored form of a free-text segment such as a channel or a region."""

from __future__ import annotations

import re
from typing import Final

from adlake.contracts.events import MAX_SEGMENT_BYTES
from adlake.contracts.letters import LOWER_CASE, UPPER_CASE

_TO_LOWER: Final = str.maketrans(UPPER_CASE, LOWER_CASE)
_CONTROL: Final = re.compile("[\x00-\x1f]")


def segment_text(text: str | None) -> str | None:
    """Without spaces (U+0020) around it, in small letters; None when that is no usable text."""
    small = (text or "").strip(" ").translate(_TO_LOWER)
    is_long = len(small.encode()) > MAX_SEGMENT_BYTES
    return None if not small or is_long or _CONTROL.search(small) else small
