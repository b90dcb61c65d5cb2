"""What other rooms need of the driver's names, so that only `io` imports it."""

from __future__ import annotations

from typing import Final

import psycopg

Connection = psycopg.Connection
DatabaseError: Final = psycopg.Error
"""Any fault that the database or the way to it reports."""
DatabaseAwayError: Final = psycopg.OperationalError
"""It does not answer, or refuses the login."""
