"""What settings say to a sync of Metabase."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

from adlake.devstack.secret_files import ensure_secret
from adlake.metabase.entry import Login
from adlake.metabase.sync import TrinoAccess
from adlake.settings import Settings

TRINO_USER: Final = "metabase"
"""Who Metabase is in Trino: infra/trino/access-rules.json says what that one may not see."""
PASSWORD_FILE: Final = "metabase_password"  # noqa: S105 - the name of a file
_DIGIT: Final = "-1"
"""Metabase wants a digit in a password; a random one has none now and then."""


def login(settings: Settings) -> Login:
    """Our user; the password is made where none is set and none was made before."""
    given = settings.metabase_password()
    if given is None:
        given = SecretStr(ensure_secret(settings.paths.secrets_dir / PASSWORD_FILE, _DIGIT))
    return Login(settings.metabase.metabase_user, given)


def trino_access(settings: Settings) -> TrinoAccess:
    """Where Metabase finds Trino, and under which name."""
    return TrinoAccess(settings.trino_address_for_metabase, TRINO_USER)
