"""docs/simulator.md: every fault, scenario and share is told, and what the prose says holds."""

from __future__ import annotations

import pytest

from adlake.contracts.law import LAW_V1
from adlake.generator import model
from adlake.generator.business_truth import FILE_NAME as BUSINESS_FILE
from adlake.generator.faults import DEFAULT_SHARES, PROFILES
from adlake.generator.scenario import ScenarioName
from adlake.generator.truth import DETAIL_NAME, FILE_NAME
from adlake.settings import REPO_ROOT
from tools.pages import simulator

pytestmark = pytest.mark.docs

TEXT = (REPO_ROOT / "docs" / "simulator.md").read_text()


def test_every_fault_and_scenario_has_its_line() -> None:
    assert [name for name in (*PROFILES, *ScenarioName) if f"| `{name}` | " not in TEXT] == []


def test_a_changed_share_changes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    before = simulator.faults()
    monkeypatch.setitem(DEFAULT_SHARES, "late", 0.25)
    assert "| events | 25 % | 2 % |" in simulator.faults()
    assert simulator.faults() != before


def test_conversions_come_later_than_the_lookback() -> None:
    assert "up to nine days after their click" in TEXT
    assert model.CONVERSION_DELAY_MS[-1][1] == 9 * 86_400_000 > LAW_V1.attribution_window_ms


def test_the_files_of_truth_have_their_names() -> None:
    assert f"/{FILE_NAME}`" in TEXT
    assert f"`{BUSINESS_FILE}`" in TEXT
    assert f"`{DETAIL_NAME}`" in TEXT
