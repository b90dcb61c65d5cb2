"""SQL files for Postgres, as psycopg reads them: `%(name)s`."""

from __future__ import annotations

from adlake.io.sql.template import substituted


def rendered(text: str) -> str:
    """The statement; a percent sign of its own is doubled, also inside literals."""
    return substituted(text.replace("%", "%%"), lambda name: f"%({name})s")
