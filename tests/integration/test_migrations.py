"""Catalog databases of earlier versions come to the newest one with everything that they knew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from adlake.contracts.source import IncarnationKind
from adlake.devstack.services.postgres import ADMIN
from adlake.io.postgres.migrations import MIGRATIONS_FOLDER, CatalogDatabase, apply_migrations
from adlake.io.postgres.source_incarnations import source_incarnations
from tests.fixtures.lake import Lake

pytestmark = pytest.mark.integration

BEFORE_KINDS = 9
"""The last migration of the versions whose incarnations had a sentence alone."""
FINDINGS = {
    IncarnationKind.RECREATED: "... filled from id x: it was deleted and made again, and its ...",
    IncarnationKind.LOST_TAIL: "the broker ends before ...; the broker lost its tail. Restore it",
    IncarnationKind.RETENTION_GAP: "retention deleted records that were never read (...",
    IncarnationKind.DECLARED: "something else",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CatalogDatabase]:
    with Lake(tmp_path_factory.mktemp("migrations") / "home").running(only=["postgres"]) as lake:
        settings = lake.settings()
        password = (settings.paths.secrets_dir / "postgres_admin_password").read_text()
        yield CatalogDatabase(
            "127.0.0.1", settings.ports.postgres_port, ADMIN, ADMIN, SecretStr(password.strip())
        )


def database_of(server: CatalogDatabase, name: str, newest: int, folder: Path) -> CatalogDatabase:
    """A database as the version made it whose newest migration had this number."""
    with server.connect(autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    one = replace(server, database=name)
    folder.mkdir()
    for file in MIGRATIONS_FOLDER.glob("[0-9]*.sql"):
        if int(file.name[:4]) <= newest:
            shutil.copy(file, folder)
    assert len(apply_migrations(one, folder)) == newest
    return one


def test_old_incarnations_keep_their_numbers_and_get_their_kind(
    server: CatalogDatabase, tmp_path: Path
) -> None:
    old = database_of(server, "incarnations", BEFORE_KINDS, tmp_path / "old")
    with old.connect() as connection:
        for number, finding in enumerate(FINDINGS.values(), start=2):
            connection.execute(
                "INSERT INTO adlake.source_epochs (source_epoch, topic, topic_id, start_offsets, "
                """contained_offsets, finding, reason, declared_by) VALUES (%s, 'ads', 'id', """
                """'{"0": 7}', '{}', %s, 'a disk', 'me')""",
                (number, finding),
            )
    assert apply_migrations(old)
    assert apply_migrations(old) == ()
    found = source_incarnations(old.connect, "ads")[1:]
    assert [(one.number, one.kind, one.finding) for one in found] == [
        (number, kind, finding) for number, (kind, finding) in enumerate(FINDINGS.items(), start=2)
    ]
    assert {(one.reason, tuple(one.start_offsets.items())) for one in found} == {
        ("a disk", ((0, 7),))
    }
