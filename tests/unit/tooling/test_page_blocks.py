"""The reader of the docs' blocks finds what is typed and what is shown, and sees a difference."""

from __future__ import annotations

import pytest

from tests.fixtures.page_blocks import blocks_of, difference, masked

PAGE = """# Title
```bash
make up
```

```text
all ready in 12 s
```
Words.
<!-- not run: needs a network -->
```bash
git clone somewhere
```
```python
print(1)
```
Words between.
```text
not its output
```
```json
{}
```
"""


def test_blocks_are_found_with_what_they_print() -> None:
    up, clone, python = blocks_of("page.md", PAGE)
    assert (up.text, up.printed, up.not_run) == ("make up\n", "all ready in 12 s\n", "")
    assert (clone.text, clone.printed, clone.not_run) == (
        "git clone somewhere\n", None, "needs a network"
    )  # fmt: skip
    assert (python.language, python.printed, python.not_run) == ("python", None, "")
    assert [str(one) for one in (up, clone, python)] == ["page.md:3", "page.md:12", "page.md:15"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ready in 12.5 s", "ready in 3 s"),
        ("at 2026-11-28 08:00:01.123", "at 2025-01-02 10:11:12"),
        ("1,234 rows   0 differ", "7 rows 0 differ"),
        ("hash 5f3a9c0d11", "hash 00ab34ef99aa"),
        ("-0.5 %", "12 %"),
        ("────────", "───"),
    ],
)
def test_what_differs_from_run_to_run_is_masked(one: str, other: str) -> None:
    assert masked(one) == masked(other)


@pytest.mark.parametrize(
    ("shown", "said", "has_difference"),
    [
        ("a\nb", "a\nb\n", False),
        ("a\n...\nd", "a\nb\nc\nd", False),
        ("...\nd", "d", False),
        ("a\n...", "a\nb", False),
        ("a", "a\nb", True),
        ("a\nb", "a", True),
        ("a\n...\nd", "a\nb", True),
        ("0 differ", "3 differs", True),
        ("PROVEN 12 s", "BROKEN 12 s", True),
        ("", "a", True),
    ],
)
def test_a_difference_is_seen(shown: str, said: str, has_difference: bool) -> None:
    assert bool(difference(shown, said)) == has_difference
