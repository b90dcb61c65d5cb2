"""docs/operate.md, what starts adlake with the machine: the unit that the page types."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from adlake.settings import REPO_ROOT
from tests.fixtures.page_blocks import blocks_of

pytestmark = pytest.mark.docs

KNOWN = {
    "Unit": {"Description"},
    "Service": {
        "Type", "RemainAfterExit", "WorkingDirectory", "ExecStart", "ExecStop", "Restart",
        "RestartSec", "TimeoutStopSec",
    },
    "Install": {"WantedBy"},
}  # fmt: skip
"""Sections and keys of systemd that the unit may have, by their spelling: others are ignored."""
SAYS = '#!/bin/sh\necho "$(basename "$0") $*" >> "$SAID"\n'


@pytest.fixture
def typed(tmp_path: Path) -> Path:
    """A home where the block was typed, in a clone; `said` there has what else it started."""
    [block] = [one for one in blocks_of("docs/operate.md") if "adlake.service" in one.text]
    (tmp_path / "bin").mkdir()
    for name in ("systemctl", "loginctl"):
        program = tmp_path / "bin" / name
        program.write_text(SAYS)
        program.chmod(0o755)
    (tmp_path / "a clone").mkdir()
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text], cwd=tmp_path / "a clone", check=True,
        env={
            "HOME": str(tmp_path), "SAID": str(tmp_path / "said"),
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        },
    )  # fmt: skip
    return tmp_path


def unit_of(home: Path) -> Path:
    return home / ".config" / "systemd" / "user" / "adlake.service"


def test_the_unit_has_the_keys_of_systemd_and_verbs_of_make(typed: Path) -> None:
    unit = ConfigParser(strict=True, interpolation=None, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(unit_of(typed).read_text())
    assert {section: set(unit[section]) for section in unit.sections()} == KNOWN
    service = unit["Service"]
    assert service["WorkingDirectory"] == str(typed / "a clone")
    # What `make up` leaves behind is the service: it must outlive the command.
    assert (service["Type"], service["RemainAfterExit"]) == ("oneshot", "yes")
    assert (service["ExecStart"], service["ExecStop"]) == ("/usr/bin/make up", "/usr/bin/make down")
    assert unit["Install"]["WantedBy"] == "default.target"


def test_it_is_switched_on_for_a_machine_where_nobody_logs_in(typed: Path) -> None:
    assert (typed / "said").read_text().splitlines() == [
        "systemctl --user daemon-reload", "systemctl --user enable adlake",
        "loginctl enable-linger",
    ]  # fmt: skip


@pytest.mark.skipif(
    not (shutil.which("systemd-analyze") and Path("/usr/bin/make").exists()),
    reason="no systemd, or make is elsewhere",
)
def test_systemd_takes_the_unit(typed: Path) -> None:
    said = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(unit_of(typed))], text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(typed)}, capture_output=True, check=False,
    )  # fmt: skip
    if "Failed to initialize manager" in said.stderr:
        pytest.skip("systemd reads no units in this container")
    # A key that it does not know is a warning, and ignored.
    assert (said.returncode, said.stderr) == (0, "")


def test_the_line_for_cron_starts_it_in_the_clone() -> None:
    text = (REPO_ROOT / "docs" / "operate.md").read_text()
    assert re.findall(r"`(@reboot .+?)`", text) == ["@reboot cd /path/to/adlake && make up"]
