"""The way into a Metabase: it is healthy, new enough, set up, without H2, and knows us."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import SecretStr

from adlake.io.metabase.client import MetabaseError, MetabaseLoginError, MetabaseUnreachableError
from adlake.metabase.server import Json, Server, fields, objects

OLDEST_VERSION: Final = (0, 65, 3)
"""The first one without the SQL injections that go through H2."""
POLL_SECONDS: Final = 2.0
SITE_NAME: Final = "adlake"
_VERSION: Final = re.compile(r"^v?[01]\.(\d+)(?:\.(\d+))?")
Say = Callable[[str], None]


class MetabaseVersionError(MetabaseError):
    """This Metabase is older than the oldest one that is safe, or does not say how old it is."""


class MetabaseDatabaseError(MetabaseError):
    """This Metabase uses H2."""


@dataclass(frozen=True)
class Login:
    """Who we are there."""

    user: str
    password: SecretStr


def enter(server: Server, login: Login, patience_seconds: float, say: Say) -> None:
    """Wait, refuse what is unsafe, make the first user where there is none, log in.

    Raises:
        MetabaseUnreachableError: it is not healthy in time.
        MetabaseVersionError: it is too old.
        MetabaseDatabaseError: it keeps its own data, or any other, in H2.
        MetabaseLoginError: the password is not that user's.
    """
    wait_until_healthy(server, patience_seconds, say)
    properties = fields(server.get("/api/session/properties"), "properties")
    refuse_old_version(properties)
    server.log_in(_session(server, login, properties, say))
    refuse_h2(server)


def wait_until_healthy(server: Server, patience_seconds: float, say: Say) -> None:
    """Return when Metabase says that it is; say now and then how far its start is."""
    deadline = time.monotonic() + patience_seconds
    said = ""
    while True:
        state = _health(server)
        if state == "ok":
            return
        if time.monotonic() > deadline:
            raise MetabaseUnreachableError(
                f"Metabase at {server.url} was not healthy after {patience_seconds:g} s ({state}): "
                "look at its log, or wait longer with --wait"
            )
        if state != said:
            say(f"waiting for Metabase at {server.url}: {state}")
        said = state
        time.sleep(min(POLL_SECONDS, patience_seconds))


def _health(server: Server) -> str:
    """`ok`, or what keeps it."""
    try:
        answer = fields(server.get("/api/health"), "health")
    except MetabaseUnreachableError:
        return "it does not answer yet"
    except MetabaseError as error:
        found = re.search(r"initializing(.*)", str(error))
        return f"it is starting{found[1]}" if found else str(error)
    status = answer.get("status")
    return "ok" if status == "ok" else f"it says {status!r}"


def refuse_old_version(properties: Json) -> None:
    """Raise MetabaseVersionError unless the server is at least OLDEST_VERSION."""
    tag = str((properties.get("version") or {}).get("tag") or "")
    wanted = ".".join(map(str, OLDEST_VERSION))
    found = _VERSION.match(tag)
    if found is None:
        raise MetabaseVersionError(
            f"this Metabase calls its version {tag!r}: {wanted} or newer is wanted, by number"
        )
    if (0, int(found[1]), int(found[2] or 0)) < OLDEST_VERSION:
        raise MetabaseVersionError(
            f"this Metabase is {tag}, and versions before {wanted} have SQL injections that are "
            "being exploited (CVE-2026-103928, -59827, -59826): start a newer one"
        )


def _session(server: Server, login: Login, properties: Json, say: Say) -> str:
    token = properties.get("setup-token")
    if token and not properties.get("has-user-setup"):
        say(f"first run: {login.user} becomes the administrator")
        answer = server.post("/api/setup", _setup_body(str(token), login))
    else:
        answer = _logged_in(server, login)
    session = answer.get("id")
    if not isinstance(session, str) or not session:
        raise MetabaseError("Metabase answered no session")
    return session


def _logged_in(server: Server, login: Login) -> Json:
    body = {"username": login.user, "password": login.password.get_secret_value()}
    try:
        return server.post("/api/session", body)
    except MetabaseLoginError:
        raise MetabaseLoginError(
            f"Metabase at {server.url} does not know {login.user} with this password: give those "
            "of an administrator in ADLAKE_METABASE_USER and ADLAKE_METABASE_PASSWORD_FILE"
        ) from None


def _setup_body(token: str, login: Login) -> Json:
    return {
        "token": token,
        "user": {"email": login.user, "password": login.password.get_secret_value()},
        "prefs": {"site_name": SITE_NAME},
    }


def refuse_h2(server: Server) -> None:
    """Raise MetabaseDatabaseError where Metabase runs on H2, or offers an H2 database."""
    details = fields(server.get("/api/bug-reporting/details"), "details of itself")
    own: Any = (details.get("metabase-info") or {}).get("application-database")
    if str(own).lower() == "h2":
        raise MetabaseDatabaseError(
            "this Metabase keeps its own data in H2, which is how it gets broken into: start it "
            "with MB_DB_TYPE=postgres"
        )
    for one in objects(server.get("/api/database"), "databases"):
        if one.get("engine") == "h2":
            raise MetabaseDatabaseError(
                f"this Metabase has an H2 database, {one.get('name')!r}: remove it (Admin > "
                "Databases) and start Metabase with MB_LOAD_SAMPLE_CONTENT=false"
            )
