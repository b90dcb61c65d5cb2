"""The environment that `make venv` leaves behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import bootstrap


@pytest.mark.parametrize("name", ["a b", "it's (ü) & co = 1", "l" * 200])
def test_the_launcher_works_in_any_path(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "python").symlink_to(sys.executable)
    (folder / "entry.py").write_text("import sys; print(sys.argv[1:], sys.flags.isolated)\n")
    launcher = folder / "adlake"
    launcher.write_text(bootstrap.launcher_of(folder / "python", folder / "entry.py"))
    launcher.chmod(0o755)
    shown = subprocess.run([launcher, "x y", "$z"], capture_output=True, text=True, check=True)
    assert shown.stdout == "['x y', '$z'] 1\n"
