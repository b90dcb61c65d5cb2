"""The environment of our own making: what of the user's variables may pass, and to whom.

Everything else is dropped: variables and configuration files of the user's other tools (Python,
Java, Spark, Hadoop, Postgres, proxies, locale, time zone) do not steer commands and services.
Only the standard library is used: entry files come here before anything else is imported.
"""

from __future__ import annotations

import locale
import os
import pwd
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from adlake.folders import FILES_ROOT

SOURCES = Path(__file__).resolve().parents[1]
ENTRY = SOURCES / "adlake" / "cli" / "__main__.py"
ISOLATED = ("-I", "-X", "utf8")
"""Options of Python: no PYTHON variables, no user packages, no current folder; UTF-8 files."""

SETTINGS_PREFIX = "ADLAKE_"
MARKER = "LAKEHOUSE_SERVICE"
"""Variable of every process of a service: `<ADLAKE_HOME>:<service>`."""

ARENAS = "MALLOC_ARENA_MAX"
"""How many places a program takes memory from: containers with a limit set it."""
COMMANDS = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "JAVA_HOME", "XDG_CACHE_HOME", MARKER, ARENAS}
)
"""What a command may take over: where programs, downloads and the JDK lie, and who asks."""
TERMINAL = frozenset({"TERM", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE"})
"""What says how the terminal shows text."""
SERVICES = frozenset({"PATH", "USER", "LOGNAME", "JAVA_HOME", ARENAS})
SPARK_SUBMIT = frozenset({"PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET"})
"""How a driver that `spark-submit` started finds its JVM; no other command may see them."""
ENGINE = frozenset(
    {
        "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY",
        "XDG_RUNTIME_DIR", "COMPOSE_PROJECT_NAME",
    }
)  # fmt: skip
"""How a container engine is found (`devstack.containers.engine`); nobody else sees them."""
CONTAINER_PREFIX = "LAKEHOUSE_"
"""Passwords of servers, for the one-shot services of docker-compose.yml alone."""
PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"})
JAVA_OPTIONS = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
DOWNLOADS = frozenset({*PROXIES, *(name.lower() for name in PROXIES), *JAVA_OPTIONS})
"""What the download of jars may use (`devstack.install.ivy`). What that of Python packages may is
told in `devstack.install.download_environment`."""

NOWHERE = "/nonexistent"
"""HOME of commands: no tool finds a file of the user's there, and none can leave one."""
LOCALE = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
PYICEBERG_FOLDER = FILES_ROOT / "infra" / "pyiceberg"
"""Holds a configuration that says nothing; without one PyIceberg looks in the current folder."""
FIXED = {
    **LOCALE,
    "PYICEBERG_HOME": str(PYICEBERG_FOLDER),
    # The name of this machine need not resolve; Spark's page is open to the network without.
    "SPARK_LOCAL_IP": "127.0.0.1",
    "SPARK_LOCAL_HOSTNAME": "127.0.0.1",
}
RUN_MODULE = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)

_user: dict[str, str] = {}
"""What the user's environment said before it was replaced."""


def command_line(*arguments: str) -> list[str]:
    """Argument vector of an `adlake` command in an interpreter that heeds no variable."""
    return [sys.executable, *ISOLATED, "-u", str(ENTRY), *arguments]


def module_line(module: str, *arguments: str) -> list[str]:
    """Argument vector of `python -m module` in such an interpreter, on the sources of this tree."""
    return [sys.executable, *ISOLATED, "-u", "-c", RUN_MODULE, str(SOURCES), module, *arguments]


def enter(entry: str, *verb: str, also: Iterable[str] = ()) -> None:
    """Called first by an entry file: this process goes on in an environment of our own.

    An interpreter that listened to variables of Python (or was told to skip assertions) is
    replaced by one that does not. `verb` comes before the given arguments.
    """
    kept = _only(os.environ, COMMANDS | TERMINAL | DOWNLOADS | ENGINE | frozenset(also))
    kept |= {name: one for name, one in os.environ.items() if name.startswith(CONTAINER_PREFIX)}
    listens = not (sys.flags.isolated and sys.flags.utf8_mode) or sys.flags.optimize
    if listens:
        again = [sys.executable, *ISOLATED, entry, *sys.argv[1:]]
        os.execve(sys.executable, again, kept)  # noqa: S606 - this very program, isolated
    sys.argv[1:] = [*verb, *sys.argv[1:]]
    _user.update(kept)
    adopt(_only(kept, COMMANDS | frozenset(also) | {"TERM", "NO_COLOR"}) | {"HOME": NOWHERE})
    choose_encoding()


def adopt(environment: Mapping[str, str]) -> None:
    """Make `environment` and the fixed values the environment of this process."""
    os.environ.clear()
    os.environ.update({**environment, **FIXED})
    time.tzset()
    # Started by root, servers run as another user, who must be able to read what root unpacks.
    os.umask(0o022 if os.geteuid() == 0 else os.umask(0o022) | 0o022)


def of_service(settings: Mapping[str, str], marker: str, home: Path) -> dict[str, str]:
    """Environment of a service of the lake at `home`: the settings spelt out, and our marker."""
    own = {"HOME": str(home_of_tools(home)), "TMPDIR": str(scratch_of(home)), MARKER: marker}
    return _only(os.environ, SERVICES, prefix=None) | FIXED | dict(settings) | own


def scratch_of(home: Path) -> Path:
    """Where programs of the lake at `home` may leave temporary files."""
    return home / "tmp"


def home_of_tools(home: Path) -> Path:
    """HOME of services: tools keep what they think is the user's here."""
    return home / "tmp" / "home"


def for_downloads() -> dict[str, str]:
    """Variables of the user that the download of jars may use."""
    return _only(_user or os.environ, DOWNLOADS, prefix=None)


def for_engine() -> dict[str, str]:
    """What the client of a container engine gets: its own variables, the settings, the terminal."""
    given = _user or os.environ
    names = COMMANDS | TERMINAL | ENGINE | PROXIES | {name.lower() for name in PROXIES}
    return _only(given, names - {MARKER, "JAVA_HOME"})


def secrets_of_containers() -> dict[str, str]:
    """Passwords of servers, in a one-shot service of docker-compose.yml; elsewhere none."""
    given = _user or os.environ
    return {
        name: value
        for name, value in given.items()
        if name.startswith(CONTAINER_PREFIX) and name != MARKER
    }


def user_home() -> Path | None:
    """The user's own folder, for `~` in settings and the default cache; None when there is none."""
    named = _user.get("HOME") if _user else os.environ.get("HOME")
    if named:
        return Path(named)
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:  # a container's user id may have no entry
        return None


def cache_folder(checkout: Path) -> Path:
    """Default folder of downloads: the user's cache; `checkout`/.cache where that cannot be."""
    named = _user.get("XDG_CACHE_HOME") or os.environ.get("XDG_CACHE_HOME")
    home = user_home()
    wanted = Path(named) if named else home / ".cache" if home else None
    if wanted is not None and wanted.is_absolute() and can_be_made(wanted):
        return wanted / "adlake"
    return checkout / ".cache" / "adlake"


def can_be_made(folder: Path) -> bool:
    """Whether this user can create `folder`, or write into it where it exists."""
    try:
        existing = next(path for path in (folder, *folder.parents) if path.exists())
    except OSError:
        return False
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)


def choose_encoding() -> None:
    """Text that the terminal cannot show is escaped; pipes and files get UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        encoding = locale.getencoding() if stream.isatty() else "utf-8"
        # The C locale promises ASCII alone, and most terminals under it show UTF-8.
        plain = encoding.upper() in {"ANSI_X3.4-1968", "US-ASCII", "ASCII"}
        stream.reconfigure(encoding="utf-8" if plain else encoding, errors="backslashreplace")  # type: ignore[union-attr]


def _only(
    environment: Mapping[str, str], names: frozenset[str], prefix: str | None = SETTINGS_PREFIX
) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name in names or (prefix is not None and name.startswith(prefix))
    }
