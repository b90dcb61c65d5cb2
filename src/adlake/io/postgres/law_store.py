"""The dated constants of the law: table `adlake.law_versions` of the catalog database.

Rows are only added. Which version is in force is not said here but by Gold itself: the newest
stamp of its main branch names the version, so a publication brings its law into force by the very
commit that makes its rows visible.
"""

from __future__ import annotations

from dataclasses import replace

import psycopg

from adlake.contracts import stamps
from adlake.contracts.errors import AdlakeError
from adlake.contracts.law import LAW_V1, LawConstants
from adlake.io.iceberg.stamp import Stamp
from adlake.io.postgres.lease import Connect
from adlake.io.sql.control import control_sql


class UnknownLawError(AdlakeError):
    """No such version is recorded, or its rows do not make one law."""

    is_lasting = True


def law_version_of(stamp: Stamp | None) -> int:
    """The version a Gold commit was made with; the first one before versions were stamped."""
    if stamp is None:
        return LAW_V1.law_version
    return int(stamp.properties.get(stamps.LAW_VERSION) or LAW_V1.law_version)


def read_law(connect: Connect, law_version: int) -> LawConstants:
    """One version with all its dated rows.

    Raises:
        UnknownLawError: it is not recorded, has no row from the beginning of time, or changes
            another constant than the lookback in the course of time.
    """
    try:
        with connect() as connection:
            rows = connection.execute(
                control_sql("law_versions/read"), {"law_version": law_version}
            ).fetchall()
    except psycopg.errors.UndefinedTable as error:
        raise UnknownLawError(
            "the catalog database is behind this code: run `make provision`"
        ) from error
    if not rows:
        raise UnknownLawError(
            f"law version {law_version} is not recorded in adlake.law_versions: "
            "choose a recorded one, or give --lookback"
        )
    return law_of_rows(law_version, [(int(a), int(b), int(c), int(d)) for a, b, c, d in rows])


def law_of_rows(law_version: int, rows: list[tuple[int, int, int, int]]) -> LawConstants:
    """The law of its rows (valid from, W, L, F), ascending by date.

    Raises:
        UnknownLawError: see `read_law`.
    """
    first, *later = rows
    if first[0] != 0:
        raise UnknownLawError(f"law version {law_version} says nothing before {first[0]} ms")
    if any(row[2:] != first[2:] for row in later):
        raise UnknownLawError(f"law version {law_version}: only the lookback may change by date")
    return LawConstants(
        law_version=law_version,
        attribution_window_ms=first[1],
        late_tolerance_ms=first[2],
        future_tolerance_ms=first[3],
        window_changes=tuple((row[0], row[1]) for row in later),
    )


def recorded_law(connect: Connect, law: LawConstants, note: str) -> LawConstants:
    """The law under the version it is recorded as: an equal recorded one, else the next number.

    Args:
        connect: opens the catalog database.
        law: constants; the version it carries is not looked at.
        note: why, for the one who reads the table later.
    """
    with connect() as connection:
        connection.execute(control_sql("law_versions/lock"))
        versions = [
            int(row[0]) for row in connection.execute(control_sql("law_versions/list")).fetchall()
        ]
        for version in versions:
            if _is_recorded_as(connect, version, law):
                return replace(law, law_version=version)
        new = replace(law, law_version=max(versions, default=0) + 1)
        for valid_from_ms, window_ms in ((0, new.attribution_window_ms), *new.window_changes):
            dated = {
                "law_version": new.law_version, "valid_from_ms": valid_from_ms,
                "attribution_window_ms": window_ms, "late_tolerance_ms": new.late_tolerance_ms,
                "future_tolerance_ms": new.future_tolerance_ms, "note": note,
            }  # fmt: skip
            connection.execute(control_sql("law_versions/insert"), dated)
    return new


def _is_recorded_as(connect: Connect, version: int, law: LawConstants) -> bool:
    """A version that makes no law equals none: recorded for good, it must not block the others."""
    try:
        return read_law(connect, version) == replace(law, law_version=version)
    except UnknownLawError:
        return False
