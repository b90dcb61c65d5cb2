"""Digests of images, asked of a program named docker that this test plays."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tools import digests

DIGEST = f"sha256:{'0a' * 32}"


def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


def test_every_image_of_a_registry_is_pinned_and_none_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker(tmp_path, monkeypatch, f"""echo '{{"digest": "{DIGEST}"}}'""")
    target = tmp_path / "digests.yml"
    digests.write(target, digests.digest_of)
    tagged = yaml.safe_load(digests.COMPOSE.read_text())["services"]
    found = yaml.safe_load(target.read_text())["services"]
    assert {name for name, one in tagged.items() if "build" not in one} >= set(found)
    assert found["kafka"]["image"] == f"{tagged['kafka']['image']}@{DIGEST}"
    assert "lakehouse-spark" not in found


@pytest.mark.parametrize(
    "script", ["echo 'no such manifest' >&2; exit 1", "echo '{}'", "echo nonsense"]
)
def test_an_image_without_a_digest_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    docker(tmp_path, monkeypatch, script)
    target = tmp_path / "digests.yml"
    target.write_text("before")
    with pytest.raises(digests.NoDigestError, match="no digest of"):
        digests.write(target, digests.digest_of)
    assert target.read_text() == "before"
