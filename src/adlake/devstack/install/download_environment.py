"""What the download of Python packages may use of the user's environment and configuration.

Addresses of mirrors, certificates and proxies pass; where and how to install does not. A mirror
named for pip serves uv as well. Only the standard library is used.
"""

from __future__ import annotations

import ast
import configparser
import json
import os
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

from adlake.environment import COMMANDS, LOCALE, PROXIES, cache_folder, user_home

CERTIFICATES = frozenset(
    {"SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
)
NETWORK = CERTIFICATES | PROXIES | {name.lower() for name in PROXIES} | {"NETRC"}
PIP_OPTIONS = frozenset(
    {
        "index-url", "extra-index-url", "find-links", "no-index", "cert", "client-cert",
        "trusted-host", "proxy", "timeout", "default-timeout", "retries", "keyring-provider",
        "cache-dir",
    }
)  # fmt: skip
UV_OPTIONS = frozenset(
    {
        "index", "index-url", "default-index", "extra-index-url", "find-links", "no-index",
        "index-strategy", "keyring-provider", "native-tls", "system-certs", "allow-insecure-host",
        "insecure-host", "http-proxy", "https-proxy", "no-proxy", "http-timeout", "cache-dir",
    }
)  # fmt: skip
UV_CREDENTIALS = "UV_INDEX_"
"""Beginning of the variables with user and password of an index."""
UV_FOR_PIP = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_TRUSTED_HOST": "UV_INSECURE_HOST", "PIP_CERT": "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE": "SSL_CERT_FILE", "PIP_PROXY": "ALL_PROXY",
}  # fmt: skip


def for_packages(
    python: Path, checkout: Path, scratch: Path, given: Mapping[str, str]
) -> dict[str, str]:
    """Environment for pip and uv; `python` has pip, `scratch` is for temporary files."""
    scratch.mkdir(parents=True, exist_ok=True)
    caches = cache_folder(checkout).parent
    kept = {name: given[name] for name in sorted(COMMANDS | NETWORK) if name in given}
    pip = _pip_configuration(python, given) | _named(given, "PIP_", PIP_OPTIONS)
    uv = _named(given, "UV_", UV_OPTIONS)
    uv |= {name: given[name] for name in given if name.startswith(UV_CREDENTIALS)}
    configured = uv_configuration(given)
    uv_file = scratch / "uv.toml"
    uv_file.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in configured.items()))
    if not any("INDEX" in name for name in uv) and not any("index" in key for key in configured):
        uv |= _uv_like_pip(pip | kept, taken=kept)
    own = {
        "HOME": str(user_home() or caches),
        "TMPDIR": str(scratch),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INPUT": "1",
        "UV_CONFIG_FILE": str(uv_file),
    }
    defaults = {"UV_CACHE_DIR": str(caches / "uv"), "PIP_CACHE_DIR": str(caches / "pip")}
    return defaults | kept | pip | uv | LOCALE | own


def uv_configuration(given: Mapping[str, str]) -> dict[str, object]:
    """What the user's and the system's uv.toml say about the network; the user's wins."""
    home = user_home()
    user = Path(given.get("XDG_CONFIG_HOME") or (home or Path("/nonexistent")) / ".config")
    named = [Path(given["UV_CONFIG_FILE"])] if given.get("UV_CONFIG_FILE") else []
    found: dict[str, object] = {}
    for path in [Path("/etc/uv/uv.toml"), user / "uv" / "uv.toml", *named]:
        try:
            content = tomllib.loads(path.read_text())
        except (OSError, ValueError):
            continue
        for table in (content.get("pip", {}), content):
            found |= {key: value for key, value in table.items() if key in UV_OPTIONS}
    return found


def _pip_configuration(python: Path, given: Mapping[str, str]) -> dict[str, str]:
    """What pip's configuration files say about the network, as variables."""
    # Where the files lie is told by these; nothing else of the user's steers this question.
    places = ("HOME", "PATH", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "PIP_CONFIG_FILE")
    asked = subprocess.run(
        [python, "-I", "-m", "pip", "config", "list"],
        env={name: given[name] for name in places if name in given},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = _named_pip_file(given.get("PIP_CONFIG_FILE", ""))
    for line in asked.stdout.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.partition(".")
        if section in {"global", "install"} and option in PIP_OPTIONS:
            found[_variable("PIP_", option)] = " ".join(str(ast.literal_eval(value)).split())
    return found


def _named_pip_file(path: str) -> dict[str, str]:
    """The file of PIP_CONFIG_FILE, which pip heeds but does not list."""
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return {}
    return {
        _variable("PIP_", option): " ".join(value.split())
        for section in ("global", "install")
        if parser.has_section(section)
        for option, value in parser.items(section)
        if option in PIP_OPTIONS
    }


def _uv_like_pip(pip: Mapping[str, str], taken: Mapping[str, str]) -> dict[str, str]:
    found = {
        UV_FOR_PIP[name]: value
        for name, value in pip.items()
        if name in UV_FOR_PIP and UV_FOR_PIP[name] not in taken
    }
    links = [link for link in pip.get("PIP_FIND_LINKS", "").split() if _is_there(link)]
    if links:
        found["UV_FIND_LINKS"] = ",".join(links)
    if pip.get("PIP_NO_INDEX"):
        found["UV_NO_INDEX"] = "1"
    if "UV_INDEX" in found:  # pip looks in all of them; every file is checked by its hash
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return found


def _is_there(link: str) -> bool:
    return "://" in link or Path(link).is_dir()


def _named(given: Mapping[str, str], prefix: str, options: frozenset[str]) -> dict[str, str]:
    names = (_variable(prefix, option) for option in options)
    return {name: given[name] for name in names if given.get(name)}


def _variable(prefix: str, option: str) -> str:
    return prefix + option.upper().replace("-", "_")


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
