"""Settings: one reader of the environment, misspelt names refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from adlake.contracts.failpoints import OUTSIDE_BATCHES, PLACES
from adlake.settings import Settings, SettingsError


def test_a_mapping_is_read_alone_when_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADLAKE_TRINO_PORT", "1111")
    assert Settings().ports.trino_port == 1111
    assert Settings({}).ports.trino_port == 8080
    assert Settings({"ADLAKE_TRINO_PORT": "2222"}).ports.trino_port == 2222


def test_a_child_reads_the_same_settings_from_as_environment(tmp_path: Path) -> None:
    settings = Settings({"ADLAKE_HOME": str(tmp_path), "ADLAKE_TRIGGER_SECONDS": "2.5"})
    copy = Settings(settings.as_environment())
    assert copy.as_environment() == settings.as_environment()
    assert copy.stream.trigger_seconds == 2.5


def test_a_relative_home_is_absolute_for_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = Settings({"ADLAKE_HOME": "lake"}).as_environment()
    assert environment["ADLAKE_HOME"] == str(tmp_path / "lake")


def test_an_unknown_name_is_refused_with_a_suggestion() -> None:
    with pytest.raises(SettingsError, match="did you mean ADLAKE_TRINO_PORT"):
        Settings({"ADLAKE_TRINO_PROT": "8080"})


@pytest.mark.parametrize("value", ["0", "65536", "eighty", ""])
def test_a_wrong_port_is_refused_by_name(value: str) -> None:
    with pytest.raises(SettingsError, match="ADLAKE_KAFKA_PORT"):
        Settings({"ADLAKE_KAFKA_PORT": value})


@pytest.mark.parametrize(
    ("plant", "problem"),
    [
        ("typo", "the places are stream.before_start, batch.start"),
        ("gold.after_comit=kill9", "the places are"),
        ("gold.after_commit", "actions are kill9"),
        ("gold.after_commit=kill", "actions are kill9"),
        ("batch.start=raise, gold.after_commit=kill9@batchx", "number of a batch"),
        ("gold.after_commit=kill9@batch", "number of a batch"),
        ("gold.after_commit=kill9@batch-1", "number of a batch"),
        *((f"{place}=kill9@batch0", "would never fire") for place in sorted(OUTSIDE_BATCHES)),
    ],
)
def test_a_planted_fault_that_cannot_fire_is_refused_at_once(plant: str, problem: str) -> None:
    with pytest.raises(
        SettingsError, match=f"^ADLAKE_FAILPOINTS='{plant}' is refused: .*{problem}"
    ):
        Settings({"ADLAKE_FAILPOINTS": plant})


@pytest.mark.parametrize(
    "plant",
    [
        "", " , ", "producer.after_send=kill9@batch3", "stream.between_batches=kill9@batch2",
        "maintenance.after_expiry=term@batch5", "replay.after_swap=kill9@batch1",
        "recovery.start=kill9,batch.start=raise_always",
        *(f"{place}=kill9" for place in PLACES),
        *(f"{place}=kill9@batch1" for place in PLACES if place not in OUTSIDE_BATCHES),
    ],
)  # fmt: skip
def test_faults_that_can_fire_are_planted(plant: str) -> None:
    assert Settings({"ADLAKE_FAILPOINTS": plant}).stream.failpoints == plant


@pytest.mark.parametrize("days", ["1", "2"])
def test_f27_files_that_a_writer_may_still_commit_are_no_leftovers(days: str) -> None:
    with pytest.raises(SettingsError, match=f"ADLAKE_LEFTOVER_DAYS='{days}' is refused: a file "):
        Settings({"ADLAKE_LEFTOVER_DAYS": days})
    assert [Settings({"ADLAKE_LEFTOVER_DAYS": one}).stream.leftover_days for one in "03"] == [0, 3]


def test_every_place_outside_batches_is_known() -> None:
    assert PLACES.keys() >= OUTSIDE_BATCHES


def test_a_missing_password_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="run `make up` first"):
        Settings({"ADLAKE_HOME": str(tmp_path)}).catalog_password()
