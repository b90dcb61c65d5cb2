"""Commands that people type all the time load nothing heavy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.quick_start import CPU_SECONDS, cost_of


@pytest.mark.parametrize("command", ["status", "logs", "settings", "flow", "--help"])
def test_a_command_starts_in_half_a_second_of_cpu_and_loads_no_client(
    tmp_path: Path, command: str
) -> None:
    """In a home that never started."""
    loaded, seconds, _ = cost_of(command, {"ADLAKE_HOME": str(tmp_path / "home")})
    assert loaded == set()
    assert seconds < CPU_SECONDS
