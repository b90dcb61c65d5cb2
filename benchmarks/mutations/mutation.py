"""One named bug and the test that must catch it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutation:
    """One bug: within `place`, `old` is replaced by `new`; `test` (a file, or one test) must fail.

    `place` is a symbol, `package.module:Class.function` (`package.module:` for its top level), so
    that a moved or reformatted function takes its bug along; or the path of a file that is no
    Python. How `old` is broken into lines does not count.
    """

    name: str
    place: str
    old: str
    new: str
    test: str

    @property
    def file(self) -> str:
        """Path of the source within the checkout."""
        if ":" not in self.place:
            return self.place
        module = self.place.partition(":")[0]
        folder = "" if module.startswith("tools.") else "src/"
        return f"{folder}{module.replace('.', '/')}.py"

    def planted(self, root: Path) -> str:
        """The text of its file with the bug in it.

        Raises:
            ValueError: the symbol is not there, or its text is not there exactly once.
        """
        text = (root / self.file).read_text()
        first, last = self._span(text) if ":" in self.place else (0, len(text))
        found = list(_loosely(self.old).finditer(text, first, last))
        if len(found) != 1:
            raise ValueError(f"{self.name}: its text is {len(found)} times in {self.place}")
        return text[: found[0].start()] + self._replacement() + text[found[0].end() :]

    def _replacement(self) -> str:
        """`new` without the blanks around it that it has in common with `old`."""
        lead = self.old[: len(self.old) - len(self.old.lstrip())]
        tail = self.old[len(self.old.rstrip()) :]
        return self.new.removeprefix(lead).removesuffix(tail)

    def _span(self, text: str) -> tuple[int, int]:
        node: ast.AST = ast.parse(text)
        for name in filter(None, self.place.partition(":")[2].split(".")):
            children = {_name_of(child): child for child in ast.iter_child_nodes(node)}
            if name not in children:
                raise ValueError(f"{self.name}: there is no {self.place}")
            node = children[name]
        if isinstance(node, ast.Module):
            return 0, len(text)
        lines = text.splitlines(keepends=True)
        decorators = getattr(node, "decorator_list", [])
        begin = min([node.lineno, *(one.lineno for one in decorators)])  # type: ignore[attr-defined]
        return (
            sum(map(len, lines[: begin - 1])),
            sum(map(len, lines[: node.end_lineno])),  # type: ignore[attr-defined]
        )


def _name_of(node: ast.AST) -> str:
    """What a definition or an assignment binds; empty for anything else."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return next((one.id for one in targets if isinstance(one, ast.Name)), "")


def _loosely(text: str) -> re.Pattern[str]:
    """The text however its blanks and line ends are set."""
    return re.compile(r"\s+".join(re.escape(word) for word in text.split()))
