"""The archived lake is the one that version 0.1.0 made, and holds what its test relies on."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator

from adlake.contracts.events import RejectReason
from adlake.devstack.archive import compressed, read_head
from tests.fixtures.archived_lake.archive import ARCHIVE, MAX_ARCHIVE_BYTES, THROWAWAY, Record
from tests.fixtures.archived_lake.stories import PARTS

MADE_ONCE = "12b9c977e615e75123d45e43b3dc9e872ba86e09fc13f9b81342b2d49343e367"
"""SHA-256 of the archive. An archive that a later version made would guard nothing: add another."""
LEAST_FORMS = 20


def test_the_archive_is_the_one_that_was_made_once() -> None:
    assert hashlib.sha256(ARCHIVE.read_bytes()).hexdigest() == MADE_ONCE
    assert Record.read().archive_sha256 == MADE_ONCE


def test_the_archive_fits_into_a_repository() -> None:
    assert ARCHIVE.stat().st_size < MAX_ARCHIVE_BYTES


def test_every_form_of_id_has_every_story_with_its_row() -> None:
    record = Record.read()
    assert len(record.ids) >= LEAST_FORMS
    for form, stories in record.ids.items():
        assert set(stories) == set(PARTS), form
        assert set(stories.values()) <= set(record.rows), form


def test_the_archive_holds_every_reason_and_two_incarnations() -> None:
    counts = Record.read().counts
    assert set(counts["refused"]) == {str(reason) for reason in RejectReason}
    assert set(counts["bronze"]) == {"ad_events", "ad_events@2"}


def test_the_archive_holds_no_secret_and_no_foreign_path() -> None:
    secrets = {}
    for name, content in members():
        assert b"site-packages" not in content, name
        if name.startswith("home/secrets/"):
            secrets[name] = content.decode()
    assert secrets == {"home/secrets/postgres_admin_password": THROWAWAY}
    assert read_head(ARCHIVE)["home"].startswith("/tmp/adlake-archive/")  # noqa: S108


def members() -> Iterator[tuple[str, bytes]]:
    """Name and content of each file, read in memory: 72 MB are not written for this."""
    with compressed(ARCHIVE, "rb") as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is not None:
                yield member.name, file.read()
